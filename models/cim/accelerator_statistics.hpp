#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// Why the compute engine does not compute.
enum class stall_cause : std::uint8_t {
  memory,           ///< a load or store waits for the memory system
  fifo_full,        ///< a load has data or credits blocked behind its converter
  fifo_empty,       ///< a store waits for its converter to fill words
  array_busy,       ///< positions are being written, or a tile pays for writes into its banks
  port_conflict,    ///< the read port of the input buffer feeds the banks too slowly
  dependency,       ///< another engine is itself blocked by the order of commands
  post_processing,  ///< the post-processing unit is slower than the banks
  command_fetch,    ///< no command here yet
};
inline constexpr std::size_t stall_cause_count = 8;

constexpr const char* to_string(stall_cause cause) {
  constexpr const char* names[stall_cause_count] = {"memory",        "fifo_full",  "fifo_empty",      "array_busy",
                                                    "port_conflict", "dependency", "post_processing", "command_fetch"};
  return names[static_cast<std::size_t>(cause)];
}

/// Time by cause, ps.
struct stall_times {
  std::array<std::uint64_t, stall_cause_count> ps{};

  std::uint64_t& operator[](stall_cause cause) { return ps[static_cast<std::size_t>(cause)]; }
  std::uint64_t operator[](stall_cause cause) const { return ps[static_cast<std::size_t>(cause)]; }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t part : ps) sum += part;
    return sum;
  }
  stall_times& operator+=(const stall_times& other) {
    for (std::size_t i = 0; i < ps.size(); ++i) ps[i] += other.ps[i];
    return *this;
  }
};

/// One layer of the network, over every command that named it.
/// The account of the compute engine has no gap: over all layers, busy_ps + stalls = accelerator_statistics::job_ps.
struct layer_statistics {
  std::uint64_t commands = 0;
  std::uint64_t compute_commands = 0;  ///< compute and vector_op
  std::uint64_t first_command_ps = 0;  ///< start of the first command that has ended
  std::uint64_t last_command_ps = 0;   ///< end of the last
  std::uint64_t first_start_ps = 0;    ///< of the first compute or vector_op
  std::uint64_t last_end_ps = 0;       ///< of the last
  std::uint64_t busy_ps = 0;           ///< busiest_bank_ps + pipeline_ps + vector_ps
  std::uint64_t busiest_bank_ps = 0;   ///< compute: the bank that works longest, tile by tile
  std::uint64_t pipeline_ps = 0;       ///< fill, drain, and the way of the last result to the next clock edge
  std::uint64_t vector_ps = 0;         ///< vector_op: the post-processing unit works alone
  stall_times stalls;

  // Sums of tile_work over the commands (models/cim/functional_core.hpp).
  std::uint64_t outputs = 0;
  std::uint64_t bank_operations = 0;  ///< all banks
  std::uint64_t bank_busy_ps = 0;     ///< all banks, converting
  std::uint64_t dense_macs = 0;
  std::uint64_t used_cell_bits = 0;
  std::uint64_t driven_cell_bits = 0;
  std::uint64_t conversions = 0;
  std::uint64_t post_operations = 0;
  std::uint64_t program_commands = 0;
  std::uint64_t program_rows = 0;  ///< rows x banks written
  std::uint64_t program_bits = 0;
  std::uint64_t loaded_bytes = 0;
  std::uint64_t stored_bytes = 0;
  /// Longest of the banks and of the post-processing unit, tile by tile: the bound that nothing can beat.
  std::uint64_t compute_bound_ps = 0;
  arithmetic::activity activity;  ///< zero where only time is simulated
};

struct engine_statistics {
  std::uint64_t commands = 0;
  std::uint64_t busy_ps = 0;     ///< a command is executing
  std::uint64_t waiting_ps = 0;  ///< a command is here and its lags do not hold
};

/// A path between memory and buffers: parameter, vector, result, command.
struct path_statistics {
  std::uint64_t jobs = 0;
  std::uint64_t bytes = 0;
  std::uint64_t words = 0;         ///< memory_side_bits words
  std::uint64_t busy_ps = 0;       ///< a job is open
  std::uint64_t streaming_ps = 0;  ///< the converter moves data
  std::uint64_t highest_fill = 0;  ///< words in the FIFO
};

inline constexpr std::size_t path_count = 4;
enum class path_kind : std::uint8_t { parameter, vector, result, command };
constexpr const char* to_string(path_kind kind) {
  constexpr const char* names[path_count] = {"parameter", "vector", "result", "command"};
  return names[static_cast<std::size_t>(kind)];
}

/// Writes and reads of the aperture by others (DMA, processor).
struct aperture_statistics {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t busy_ps = 0;
  std::uint64_t errors = 0;
};

/// Everything that an accelerator counted since the last reset of its statistics. Times in ps.
struct accelerator_statistics {
  std::map<std::int32_t, layer_statistics> layers;
  std::array<engine_statistics, registers::engine_count> engines{};
  std::array<path_statistics, path_count> paths{};
  aperture_statistics aperture;
  std::vector<std::uint64_t> bank_busy_ps;     ///< converting, by global bank number
  std::vector<std::uint64_t> bank_program_ps;  ///< being written
  std::uint64_t post_processing_ps = 0;
  std::uint64_t job_ps = 0;  ///< from the doorbell to the end of the last command, idle time between jobs left out
  std::uint64_t commands = 0;
  std::uint64_t fences = 0;
  std::uint64_t errors = 0;
  std::uint64_t resets = 0;

  stall_times stalls() const {
    stall_times sum;
    for (const auto& [layer, part] : layers) sum += part.stalls;
    return sum;
  }
  std::uint64_t busy_ps() const {
    std::uint64_t sum = 0;
    for (const auto& [layer, part] : layers) sum += part.busy_ps;
    return sum;
  }
};

}  // namespace cimbalom::cim
