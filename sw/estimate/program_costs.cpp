#include "sw/estimate/program_costs.hpp"

#include <algorithm>
#include <cstring>

#include "models/cim/buffer_events.hpp"
#include "models/cim/functional_core.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::estimate {

namespace {

using energy::event;
using registers::command;
using registers::opcode;

path path_of(registers::engine engine) {
  if (engine == registers::engine::parameter) return path::parameter;
  return engine == registers::engine::store ? path::result : path::vector;
}

class planner {
 public:
  planner(const compiler::program& program, const platform::platform_config& platform, const memory_model& memory,
          std::size_t layers, const std::vector<cim::activity_profile>& profile, const cim::activity_profile& usual)
      : program_(program),
        platform_(platform),
        memory_(memory),
        profile_(profile),
        usual_(usual),
        core_(platform.accelerator, platform.macro, {}) {
    made_.layers.resize(layers);
  }

  program_costs run() {
    for (const command& one : program_.setup) made_.setup.push_back(plan(one, false));
    for (const compiler::segment& segment : program_.segments) {
      made_.segments.emplace_back();
      made_.segments.back().reserve(segment.commands.size());
      for (const command& one : segment.commands) made_.segments.back().push_back(plan(one, true));
    }
    return std::move(made_);
  }

 private:
  command_cost plan(const command& one, bool counted) {
    command_cost cost;
    cost.engine = registers::engine_of(one.op);
    cost.op = one.op;
    cost.layer = one.layer;
    cost.lag = one.lag;
    const registers::error_code error = core_.plan(one, work_);
    if (error != registers::error_code::none) {
      throw run_error("estimate: " + registers::describe(one) + ": " + registers::to_string(error));
    }
    if (counted) count_command(one.layer);
    switch (one.op) {
      case opcode::load_weights:
      case opcode::load_parameters:
      case opcode::store:
        move(one, cost, counted);
        break;
      case opcode::load_vector:
        one.from_buffer ? copy(one, cost, counted) : move(one, cost, counted);
        break;
      case opcode::program:
        program_banks(one, cost, counted);
        break;
      case opcode::compute:
      case opcode::vector_op:
        compute(one, cost, counted);
        break;
      case opcode::nop:
      case opcode::fence:
        break;
    }
    return cost;
  }

  layer_counts* layer(std::int16_t number) {
    return number < 0 ? nullptr : &made_.layers.at(static_cast<std::size_t>(number));
  }

  // The command itself: from memory, and decoded.
  void count_command(std::int32_t of_layer) {
    made_.happened.count(event::sequencer_command, of_layer, 1);
    const std::uint64_t word = static_cast<std::uint64_t>(platform_.accelerator.memory_side_bits) / 8;
    const std::uint64_t words = std::max<std::uint64_t>(1, (registers::command_bytes + word / 2) / word);
    made_.happened.count(event::access_manager_memory_word, energy::no_layer, words);
    book(memory_.plain(path::command, program_.ring_address, registers::command_bytes, false), energy::no_layer);
  }

  void book(const transfer_cost& moved, std::int32_t of_layer) {
    count_transfer(moved, of_layer, platform_.dram.burst_bytes(), made_.happened);
    (moved.write ? made_.write_bytes : made_.read_bytes) += moved.bytes;
    (moved.write ? made_.write_bursts : made_.read_bursts) += moved.device_bursts;
  }

  void move(const command& one, command_cost& cost, bool counted) {
    const bool write = one.op == opcode::store;
    cost.moves = true;
    cost.transfer = memory_.cost(path_of(cost.engine), cim::transfer::of(one), write);
    if (one.op == opcode::load_parameters) fetch_descriptors(one);
    if (!counted || cost.transfer.pieces == 0) return;
    book(cost.transfer, one.layer);
    made_.happened.count(event::access_manager_memory_word, one.layer, cost.transfer.memory_words);
    made_.happened.count(event::access_manager_compute_word, one.layer, cost.transfer.lane_words);
    const event bytes = write ? cim::read_event(one.buffer) : cim::write_event(one.buffer);
    made_.happened.count(bytes, one.layer, cost.transfer.bytes);
  }

  // Later commands are planned with the descriptors that have been loaded.
  void fetch_descriptors(const command& one) {
    const compiler::region& image = program_.image_region;
    for (std::uint64_t row = 0; row < one.rows; ++row) {
      const std::uint64_t address = one.memory_address + row * one.memory_stride;
      const auto offset = static_cast<std::uint32_t>(one.buffer + row * one.buffer_stride_bytes);
      std::uint8_t* to = core_.bytes(offset, one.row_bytes);
      const bool inside = address >= image.address && one.row_bytes <= image.bytes &&
                          address - image.address <= image.bytes - one.row_bytes;
      if (to == nullptr || !inside) throw run_error("estimate: " + registers::describe(one) + ": outside the image");
      std::memcpy(to, program_.memory_image.data() + (address - image.address), one.row_bytes);
    }
  }

  void copy(const command& one, command_cost& cost, bool counted) {
    arithmetic::activity nothing;
    (void)core_.execute(one, nothing);  // descriptors may move this way
    cost.time = cim::copy_time(platform_.accelerator, work_, one.rows);
    if (counted) count_work(one, {});
  }

  void program_banks(const command& one, command_cost& cost, bool counted) {
    cost.time = cim::program_time(platform_.accelerator, platform_.macro, work_);
    cost.first_bank = one.first_bank;
    cost.banks = static_cast<std::uint32_t>(work_.program_banks);
    if (!counted) return;
    count_work(one, {});
    if (layer_counts* to = layer(one.layer)) to->written_bits += work_.program_bits;
  }

  void compute(const command& one, command_cost& cost, bool counted) {
    const bool matrix = one.op == opcode::compute;
    cost.time = matrix ? cim::compute_time(platform_.accelerator, platform_.macro, work_)
                       : cim::vector_op_time(platform_.accelerator, work_);
    std::uint64_t operation = 0;
    if (matrix && work_.operations > 0) {
      operation = cim::operation_ps(platform_.macro, static_cast<int>(work_.input_bits));
      cost.bank_ps = work_.bank_operations;
      for (std::uint64_t& bank : cost.bank_ps) bank *= operation;
    }
    if (!counted) return;
    const auto number = static_cast<std::size_t>(std::max<int>(one.layer, 0));
    const cim::activity_profile& busy = one.layer >= 0 && number < profile_.size() ? profile_[number] : usual_;
    const arithmetic::activity expected = cim::expected_activity(platform_.macro, work_, busy);
    count_work(one, expected);
    layer_counts* to = layer(one.layer);
    if (to == nullptr) return;
    to->bank_busy_ps += work_.operations * operation;
    to->used_cell_bits += work_.used_cell_bits;
    to->driven_cell_bits += work_.driven_cell_bits;
    to->executed_macs += work_.dense_macs;
    to->activity += expected;
  }

  void count_work(const command& one, const arithmetic::activity& counted) {
    cim::count_energy_events(platform_.accelerator, platform_.macro, work_, counted, one.layer, made_.happened);
  }

  const compiler::program& program_;
  const platform::platform_config& platform_;
  const memory_model& memory_;
  const std::vector<cim::activity_profile>& profile_;
  const cim::activity_profile& usual_;
  cim::functional_core core_;
  cim::tile_work work_;
  program_costs made_;
};

}  // namespace

void count_transfer(const transfer_cost& cost, std::int32_t layer, std::uint64_t device_burst_bytes,
                    energy::event_sink& sink) {
  if (cost.pieces == 0) return;
  sink.count(event::interconnect_transaction, layer, cost.transactions);
  sink.count(event::interconnect_byte, layer, cost.bytes);
  sink.count(cost.write ? event::dram_write_burst : event::dram_read_burst, layer, cost.device_bursts);
  sink.count(event::dram_io_bit, layer, cost.device_bursts * device_burst_bytes * 8);
}

program_costs cost_of(const compiler::program& program, const platform::platform_config& platform,
                      const memory_model& memory, std::size_t layers, const std::vector<cim::activity_profile>& profile,
                      const cim::activity_profile& usual) {
  return planner(program, platform, memory, layers, profile, usual).run();
}

}  // namespace cimbalom::estimate
