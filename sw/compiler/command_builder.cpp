#include "sw/compiler/command_builder.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "models/cim/cim_cost.hpp"
#include "models/cim/tile_shape.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::compiler {

namespace {

using registers::command;
using registers::opcode;

constexpr std::uint64_t alignment = 64;
// A chunk takes at most this part of the weight buffer, so that fetching and programming overlap.
constexpr std::uint64_t chunks_in_buffer = 4;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t samples_of(const registers::vector_descriptor& value) {
  const bool pools =
      value.kind == registers::vector_kind::max_pool || value.kind == registers::vector_kind::average_pool;
  return pools ? static_cast<std::uint64_t>(value.pool_window.kernel_h) *
                     static_cast<std::uint64_t>(value.pool_window.kernel_w)
               : 1;
}

}  // namespace

std::uint64_t command_builder::transfer_ps(std::uint64_t bytes, std::uint64_t rows) const {
  // Every row of a scattered transfer takes at least one burst.
  const auto burst = static_cast<std::uint64_t>(in_.hardware.accelerator.burst_bytes);
  const std::uint64_t moved = rows > 1 ? rows * divide_up(bytes, burst) * burst : bytes;
  return static_cast<std::uint64_t>(std::llround(
      1000.0 * (in_.hardware.memory_latency_ns + static_cast<double>(moved) / in_.hardware.memory_bytes_per_ns)));
}

void command_builder::add(const command& value, const operand_view& operand, std::uint64_t duration_ps,
                          std::uint64_t bank_write_ps) {
  timed_command one;
  one.planned.command = value;
  one.segment = segment_;
  one.duration_ps = duration_ps;
  one.bank_write_ps = bank_write_ps;
  append_accesses(value, operand, in_.hardware.positions(), one.planned.accesses);
  to_.push_back(std::move(one));
}

void command_builder::transfer(opcode op, int layer, std::uint64_t address, std::uint32_t buffer,
                               std::uint64_t row_bytes, std::uint64_t rows, std::uint64_t stride) {
  command c;
  c.op = op;
  c.layer = static_cast<std::int16_t>(layer);
  c.memory_address = address;
  c.buffer = buffer;
  c.row_bytes = static_cast<std::uint32_t>(row_bytes);
  c.rows = static_cast<std::uint32_t>(rows);
  c.memory_stride = static_cast<std::uint32_t>(rows > 1 ? stride : row_bytes);
  c.buffer_stride_bytes = c.row_bytes;
  add(c, {}, transfer_ps(row_bytes, rows));
}

void command_builder::load_vector(int layer, std::uint64_t address, std::uint32_t buffer, std::uint64_t row_bytes,
                                  std::uint64_t rows, std::uint64_t stride) {
  transfer(opcode::load_vector, layer, address, buffer, row_bytes, rows, stride);
}

void command_builder::store(int layer, std::uint32_t buffer, std::uint64_t address, std::uint64_t row_bytes,
                            std::uint64_t rows, std::uint64_t stride) {
  transfer(opcode::store, layer, address, buffer, row_bytes, rows, stride);
}

void command_builder::load_parameters(const work_unit& unit) {
  command c;
  c.op = opcode::load_parameters;
  c.layer = static_cast<std::int16_t>(unit.layer);
  c.memory_address = in_.memory.image + unit.descriptor_offset;
  c.buffer = registers::parameter_buffer_offset + unit.parameter_offset;
  c.row_bytes = c.memory_stride = c.buffer_stride_bytes = static_cast<std::uint32_t>(unit.descriptor_bytes);
  add(c, {}, transfer_ps(unit.descriptor_bytes, 1));
}

void command_builder::load_all_parameters() {
  std::uint64_t first = ~std::uint64_t{0}, last = 0;
  for (const layer_units& layer : in_.units) {
    for (const work_unit& unit : layer.units) {
      first = std::min(first, unit.descriptor_offset);
      last = std::max(last, unit.descriptor_offset + unit.descriptor_bytes);
    }
  }
  if (last == 0) return;
  work_unit all;
  all.descriptor_offset = first;
  all.descriptor_bytes = last - first;
  load_parameters(all);
}

void command_builder::load_and_program(const work_unit& unit) {
  if (unit.entries == 0) return;
  const std::uint64_t position = in_.hardware.position_bytes();
  const auto buffer = static_cast<std::uint64_t>(in_.hardware.accelerator.weight_buffer_bytes);
  if (position > buffer) {
    throw bad_input({}, "platform.accelerator.weight_buffer_bytes", std::to_string(buffer),
                    "one position takes " + std::to_string(position) + " bytes");
  }
  const std::uint64_t shard = unit.shard_positions;
  const std::uint64_t target = std::max<std::uint64_t>(buffer / chunks_in_buffer / position, 1);
  if (shard <= target) {
    const std::uint64_t step = target / shard * shard;
    for (std::uint64_t entry = 0; entry < unit.entries; entry += step) {
      chunk(unit, entry, std::min(step, unit.entries - entry), shard);
    }
    return;
  }
  for (std::uint64_t first = 0; first < unit.entries; first += shard) {  // a shard in several pieces
    const std::uint64_t end = std::min(first + shard, unit.entries);
    for (std::uint64_t entry = first; entry < end; entry += target) {
      const std::uint64_t count = std::min(target, end - entry);
      chunk(unit, entry, count, count);
    }
  }
}

// Entries [entry, entry + count), which begin a shard unless they are a piece within one.
void command_builder::chunk(const work_unit& unit, std::uint64_t entry, std::uint64_t count,
                            std::uint64_t shard_positions) {
  const std::uint64_t position = in_.hardware.position_bytes();
  const auto buffer = static_cast<std::uint64_t>(in_.hardware.accelerator.weight_buffer_bytes);
  const std::uint64_t bytes = count * position;
  if (weight_cursor_ + bytes > buffer) weight_cursor_ = 0;
  command load;
  load.op = opcode::load_weights;
  load.layer = static_cast<std::int16_t>(unit.layer);
  load.memory_address = in_.memory.image + unit.words_offset + entry * position;
  load.buffer = registers::weight_buffer_offset + static_cast<std::uint32_t>(weight_cursor_);
  load.row_bytes = load.memory_stride = load.buffer_stride_bytes = static_cast<std::uint32_t>(bytes);
  add(load, {}, transfer_ps(bytes, 1));
  weight_cursor_ += divide_up(bytes, alignment) * alignment;

  command program;
  program.op = opcode::program;
  program.layer = load.layer;
  program.buffer = load.buffer;
  program.positions = static_cast<std::uint32_t>(count);
  program.first_position = static_cast<std::uint16_t>(unit.first_position + entry % unit.shard_positions);
  program.shard_positions = static_cast<std::uint16_t>(shard_positions);
  program.first_bank = static_cast<std::uint16_t>(entry / unit.shard_positions * unit.copies);
  program.copies = static_cast<std::uint16_t>(unit.copies);
  cim::tile_work work;
  work.program_rows = std::min(count, shard_positions) * static_cast<std::uint64_t>(in_.hardware.macro.rows_active);
  work.program_banks = divide_up(count, shard_positions) * unit.copies;
  work.stream_bytes = bytes;
  const cim::command_time time = cim::program_time(in_.hardware.accelerator, in_.hardware.macro, work);
  operand_view operand;
  operand.bytes = bytes;
  add(program, operand, time.total_ps, time.bank_ps);
}

void command_builder::compute(const command& value, const work_unit& unit) {
  cim::tile_work work;
  operand_view operand;
  operand.bytes = unit.descriptor_bytes;
  if (!unit.on_macros) {
    operand.vector = &unit.vector;
    const registers::tensor_format& out = unit.vector.output;
    const cim::tile_shape tile(value, unit.vector.input.width, out.width);
    work.post_operations = std::uint64_t{value.output_rows} * static_cast<std::uint64_t>(tile.output_columns) *
                           static_cast<std::uint64_t>(unit.channels) * samples_of(unit.vector);
    add(value, operand, cim::vector_op_time(in_.hardware.accelerator, work).total_ps);
    return;
  }
  operand.mvm = &unit.mvm;
  const cim::tile_shape tile(value, unit.mvm.input.width, unit.mvm.output.width);
  work.pixels = std::uint64_t{value.output_rows} * static_cast<std::uint64_t>(tile.output_columns);
  work.outputs = work.pixels * filter_count(unit.mvm);
  work.post_operations = unit.keep ? 0 : work.outputs;
  work.input_bits = unit.mvm.input_bits;
  work.input_slices = divide_up(work.input_bits, static_cast<std::uint64_t>(in_.hardware.macro.dac_bits));
  work.input_vector_bytes = static_cast<std::uint64_t>(in_.hardware.macro.rows_active);
  work.operations = work.input_vectors = unit.entries * work.pixels;
  work.final_outputs = filter_count(unit.mvm);
  if (unit.entries > 0) {
    work.bank_operations.assign(1, std::min(unit.shard_positions, unit.entries) * divide_up(work.pixels, unit.copies));
  }
  add(value, operand, cim::compute_time(in_.hardware.accelerator, in_.hardware.macro, work).total_ps);
}

}  // namespace cimbalom::compiler
