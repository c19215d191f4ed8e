#include "models/cim/engine_modules.hpp"

#include <algorithm>

#include "models/cim/cim_energy.hpp"

namespace cimbalom::cim {

namespace {

using registers::error_code;

// The error of a transfer, from what its path says.
error_code code_of(const path_outcome& result) {
  return result.failed ? error_code::memory_response : error_code::none;
}

}  // namespace

const char* to_string(unit_state state) {
  return state == unit_state::idle ? "idle" : "active";
}

engine_module::outcome load_engine_module::execute(const registers::command& value) {
  tile_work work;
  const error_code planned = context_.core.plan(value, work);
  if (planned != error_code::none) return {planned, value.buffer};
  const path_outcome result = path_.load(transfer::of(value));
  return {code_of(result), result.error_address};
}

engine_module::outcome vector_engine_module::execute(const registers::command& value) {
  if (value.from_buffer) return copy(value);
  tile_work work;
  const error_code planned = context_.core.plan(value, work);
  if (planned != error_code::none) return {planned, value.buffer};
  const path_outcome result = path_.load(transfer::of(value));
  return {code_of(result), result.error_address};
}

engine_module::outcome vector_engine_module::copy(const registers::command& value) {
  tile_work work;
  error_code error = context_.core.plan(value, work);
  if (error != error_code::none) return {error, value.buffer};
  const std::uint64_t end = engine_context::now_ps() + copy_time(context_.accelerator, work, value.rows).total_ps;
  arithmetic::activity counted;
  error = context_.core.execute(value, counted);  // copies in timing-only runs too: descriptors may come this way
  if (error != error_code::none) return {error, value.source_buffer};
  count_energy_events(context_.accelerator, context_.macro, work, counted, value.layer, context_.energy);
  context_.wait_until(end);
  return {};
}

engine_module::outcome program_engine_module::execute(const registers::command& value) {
  tile_work work;
  error_code error = context_.core.plan(value, work);
  if (error != error_code::none) return {error, value.buffer};
  arithmetic::activity counted;
  if (!context_.options.timing_only) {
    error = context_.core.execute(value, counted);
    if (error != error_code::none) return {error, value.buffer};
  }
  const command_time time = program_time(context_.accelerator, context_.macro, work);
  const std::uint64_t started = engine_context::now_ps();
  layer_statistics& layer = context_.layer(value.layer);
  ++layer.program_commands;
  layer.program_rows += work.row_writes;
  layer.program_bits += work.program_bits;
  count_energy_events(context_.accelerator, context_.macro, work, counted, value.layer, context_.energy);
  context_.wait_until(started + time.fill_ps);
  if (context_.resetting) return {};
  const std::size_t banks = work.program_banks;
  array_.start_program(value.first_bank, banks, value.first_position, time.total_ps - time.fill_ps, time.bank_ps);
  context_.wait_until(started + time.total_ps);
  array_.end_program(value.first_bank, banks);
  return {};
}

engine_module::outcome compute_engine_module::execute(const registers::command& value) {
  tile_work work;
  error_code error = context_.core.plan(value, work);
  arithmetic::activity counted;
  if (error == error_code::none && !context_.options.timing_only) error = context_.core.execute(value, counted);
  if (error != error_code::none) return {error, value.descriptor};
  const bool matrix = value.op == registers::opcode::compute;
  const command_time time =
      matrix ? compute_time(context_.accelerator, context_.macro, work) : vector_op_time(context_.accelerator, work);
  context_.stalls.begin(engine_context::now_ps(), value.layer);
  book(value, work, time, counted);
  if (matrix) {
    compute(value, work, time);
  } else {
    vector_op(value, time);
  }
  context_.layer(value.layer).last_end_ps = engine_context::now_ps();
  return {};
}

void compute_engine_module::compute(const registers::command& value, const tile_work& work, const command_time& time) {
  const std::uint64_t started = engine_context::now_ps();
  context_.wait_until(started + time.fill_ps);
  accumulator_.start();
  if (time.post_ps > 0) post_processing_.start(value.layer);
  const std::uint64_t banks_from = engine_context::now_ps();
  array_.compute(work, value.output_row, value.layer);
  // Writes into the banks have made them later: results then cross to the clock at a later edge.
  const std::uint64_t elapsed = engine_context::now_ps() - banks_from;
  const std::uint64_t late = elapsed > time.bank_ps ? elapsed - time.bank_ps : 0;
  const std::uint64_t macros = time.bank_ps + time.input_stall_ps;
  const std::uint64_t edge = context_.clock.at_or_after(sc_core::sc_time::from_value(macros + late));
  const std::uint64_t debt = context_.clock.at(edge).value() - macros - time.align_ps;
  context_.wait_until(started + time.total_ps + debt);
  accumulator_.stop(value.keep);
  post_processing_.stop();
  stall_times inside;
  if (!context_.resetting) {
    inside[stall_cause::array_busy] = debt;
    inside[stall_cause::port_conflict] = time.input_stall_ps;
    inside[stall_cause::post_processing] = time.post_stall_ps;
  }
  context_.stalls.end(engine_context::now_ps(), inside);
}

void compute_engine_module::vector_op(const registers::command& value, const command_time& time) {
  post_processing_.start(value.layer);
  context_.wait_until(engine_context::now_ps() + time.total_ps);
  post_processing_.stop();
  context_.stalls.end(engine_context::now_ps(), {});
}

void compute_engine_module::book(const registers::command& value, const tile_work& work, const command_time& time,
                                 const arithmetic::activity& counted) {
  layer_statistics& layer = context_.layer(value.layer);
  if (layer.compute_commands++ == 0) layer.first_start_ps = engine_context::now_ps();
  layer.outputs += work.outputs;
  layer.bank_operations += work.operations;
  if (work.operations > 0) {
    layer.bank_busy_ps += work.operations * operation_ps(context_.macro, static_cast<int>(work.input_bits));
  }
  layer.dense_macs += work.dense_macs;
  layer.used_cell_bits += work.used_cell_bits;
  layer.driven_cell_bits += work.driven_cell_bits;
  if (context_.macro.kind == arithmetic::macro_kind::analog) layer.conversions += work.conversions;
  layer.post_operations += work.post_operations;
  layer.compute_bound_ps += std::max(time.bank_ps, time.post_ps);
  layer.busiest_bank_ps += time.bank_ps;
  layer.pipeline_ps += time.fill_ps + time.align_ps + time.drain_ps;
  if (value.op == registers::opcode::vector_op) layer.vector_ps += time.post_ps;
  layer.activity += counted;
  context_.statistics.post_processing_ps += time.post_ps;
  const arithmetic::activity energetic =
      context_.options.timing_only ? expected_activity(context_.macro, work, context_.options.activity) : counted;
  count_energy_events(context_.accelerator, context_.macro, work, energetic, value.layer, context_.energy);
}

engine_module::outcome store_engine_module::execute(const registers::command& value) {
  tile_work work;
  const error_code planned = context_.core.plan(value, work);
  if (planned != error_code::none) return {planned, value.buffer};
  const path_outcome result = path_.store(transfer::of(value));
  return {code_of(result), result.error_address};
}

}  // namespace cimbalom::cim
