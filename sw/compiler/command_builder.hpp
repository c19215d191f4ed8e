#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/stream.hpp"

namespace cimbalom::compiler {

/// Appends commands with their accesses and durations.
class command_builder {
 public:
  command_builder(const stream_input& input, std::vector<timed_command>& to) : in_(input), to_(to) {}

  void begin_segment(int segment) { segment_ = segment; }

  /// DRAM to buffer: `rows` rows, `stride` bytes apart in memory, close together in the buffer.
  void load_vector(int layer, std::uint64_t address, std::uint32_t buffer, std::uint64_t row_bytes, std::uint64_t rows,
                   std::uint64_t stride);
  /// Buffer to DRAM, likewise.
  void store(int layer, std::uint32_t buffer, std::uint64_t address, std::uint64_t row_bytes, std::uint64_t rows,
             std::uint64_t stride);
  void load_parameters(const work_unit& unit);
  /// One load for the descriptors of all units, which lie together in the memory image.
  void load_all_parameters();
  /// The words of a unit through the weight buffer into its banks, chunk by chunk. Throws input_error if a position
  /// does not fit the weight buffer.
  void load_and_program(const work_unit& unit);
  void compute(const registers::command& value, const work_unit& unit);

 private:
  void transfer(registers::opcode op, int layer, std::uint64_t address, std::uint32_t buffer, std::uint64_t row_bytes,
                std::uint64_t rows, std::uint64_t stride);
  void chunk(const work_unit& unit, std::uint64_t entry, std::uint64_t count, std::uint64_t shard_positions);
  void add(const registers::command& value, const operand_view& operand, std::uint64_t duration_ps,
           std::uint64_t bank_write_ps = 0);
  std::uint64_t transfer_ps(std::uint64_t bytes, std::uint64_t rows) const;

  const stream_input& in_;
  std::vector<timed_command>& to_;
  int segment_ = 0;
  std::uint64_t weight_cursor_ = 0;
};

}  // namespace cimbalom::compiler
