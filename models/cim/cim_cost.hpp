#pragma once

#include <cstdint>

#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/cim/tile_work.hpp"

namespace cimbalom::cim {

// The time of a command, once: the sequencer waits it, the compiler plans with it, estimate adds it up. All times are
// integer picoseconds.

/// Accelerator cycles from the start of a command to its first operation: descriptor read, address generation, buffer
/// read, input register.
inline constexpr std::uint64_t fill_cycles = 4;
/// Accelerator cycles from the last result of the macros to the last byte in the output buffer: synchroniser,
/// shift-add, accumulator, multiplier, rounding, write.
inline constexpr std::uint64_t drain_cycles = 6;

/// One cycle of the accelerator clock.
std::uint64_t clock_ps(const accelerator_config& accelerator);

/// One operation: round(op_ns * 1000 * slices / (8 / dac_bits)), at least 1; op_ns is for 8 input bits and includes the
/// conversions of all columns that share an ADC. input_bits 1..16.
std::uint64_t operation_ps(const macro_config& macro, int input_bits);

/// The parts of a command's time.
struct command_time {
  std::uint64_t fill_ps = 0;         ///< before the first operation
  std::uint64_t bank_ps = 0;         ///< the busiest bank: operations, or rows written
  std::uint64_t input_stall_ps = 0;  ///< the banks wait for the input buffer: input_buffer_read_bits
  std::uint64_t align_ps = 0;        ///< from the last result to the accelerator's next clock edge
  std::uint64_t post_ps = 0;         ///< post-processing at post_lanes a cycle, beside the banks
  std::uint64_t post_stall_ps = 0;   ///< what it takes longer than the banks
  std::uint64_t stream_ps = 0;       ///< weights or a copy through a memory_side_bits port
  std::uint64_t drain_ps = 0;        ///< after the last result: pipeline and the last pixel's outputs
  std::uint64_t total_ps = 0;        ///< see each function
};

/// compute: total = fill + bank + input_stall + align + post_stall + drain; the pipeline overlaps post-processing with
/// the banks. A tile without weight groups takes no bank time.
command_time compute_time(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work);

/// vector_op: total = fill + post + drain.
command_time vector_op_time(const accelerator_config& accelerator, const tile_work& work);

/// program: total = fill + max(bank, stream). bank_ps is what each of the written banks cannot compute.
command_time program_time(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work);

/// load_vector between buffers, one port: total = fill + stream.
command_time copy_time(const accelerator_config& accelerator, const tile_work& work, std::uint32_t rows);

}  // namespace cimbalom::cim
