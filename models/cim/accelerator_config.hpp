#pragma once

#include <cstdint>

namespace cimbalom::cim {

/// One accelerator: macros behind an access manager. Keys are those of the platform file, section `accelerator`.
struct accelerator_config {
  int count = 1;  ///< accelerators on the bus
  double clock_mhz = 500;
  int macros = 4;
  std::int64_t input_buffer_bytes = 65536;
  std::int64_t output_buffer_bytes = 65536;
  std::int64_t weight_buffer_bytes = 65536;
  std::int64_t parameter_buffer_bytes = 65536;
  std::int64_t accumulator_bytes = 65536;  ///< partial results that wait between rounds
  int memory_side_bits = 512;
  int compute_side_bits = 16;
  int lanes = 16;
  int fifo_depth = 16;  ///< memory-side words a path can hold
  int post_lanes = 16;
  int input_buffer_read_bits = 0;  ///< bits a clock; 0: one input vector to every bank an operation
  bool ping_pong = true;           ///< false: a load waits until the computation before it has ended
  int max_outstanding = 8;         ///< bursts in flight a path
  int burst_bytes = 64;
  int command_queue_depth = 16;  ///< commands that wait before each engine

  /// Throws input_error naming the key, the value and the allowed range.
  void validate() const;
};

}  // namespace cimbalom::cim
