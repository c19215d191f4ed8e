#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/cim_cost.hpp"
#include "models/cim/cim_energy.hpp"
#include "models/energy/ledger.hpp"
#include "models/registers/command.hpp"
#include "sw/compiler/program.hpp"
#include "sw/estimate/memory_model.hpp"

namespace cimbalom::estimate {

/// What one command takes, alone.
struct command_cost {
  registers::engine engine = registers::engine::none;
  registers::opcode op = registers::opcode::nop;
  std::int16_t layer = -1;
  std::array<std::uint8_t, registers::engine_count> lag{};
  bool moves = false;  ///< between memory and a buffer: `transfer`; else `time`
  transfer_cost transfer;
  cim::command_time time;
  std::vector<std::uint64_t> bank_ps;       ///< compute: of every bank
  std::uint32_t first_bank = 0, banks = 0;  ///< program
};

/// Counts of one layer and one image.
struct layer_counts {
  std::uint64_t bank_busy_ps = 0, used_cell_bits = 0, driven_cell_bits = 0, executed_macs = 0, written_bits = 0;
  arithmetic::activity activity;
};

/// Everything that does not depend on when it happens.
struct program_costs {
  std::vector<command_cost> setup;
  std::vector<std::vector<command_cost>> segments;
  std::vector<layer_counts> layers;
  energy::ledger happened;  ///< of one image: commands and their transfers, without what time decides
  std::uint64_t read_bytes = 0, write_bytes = 0;  ///< of memory, one image
  std::uint64_t read_bursts = 0, write_bursts = 0;
};

/// Plans every command of the program with the accelerator's own checks. `profile`: how busy the bits of each layer
/// are; layers beyond it take `usual`. Throws run_error where the hardware would refuse a command.
program_costs cost_of(const compiler::program& program, const platform::platform_config& platform,
                      const memory_model& memory, std::size_t layers, const std::vector<cim::activity_profile>& profile,
                      const cim::activity_profile& usual);

/// Books what a transfer between memory and the outside of the accelerator counts: fabric and memory.
void count_transfer(const transfer_cost& cost, std::int32_t layer, std::uint64_t device_burst_bytes,
                    energy::event_sink& sink);

}  // namespace cimbalom::estimate
