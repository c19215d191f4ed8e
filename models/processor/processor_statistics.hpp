#pragma once

#include <cstdint>

namespace cimbalom::processor {

struct processor_statistics {
  std::uint64_t instructions = 0;
  std::uint64_t register_reads = 0;
  std::uint64_t register_writes = 0;
  std::uint64_t register_errors = 0;
  std::uint64_t memory_reads = 0;  ///< calls, of any length
  std::uint64_t memory_writes = 0;
  std::uint64_t interrupt_wait_ps = 0;
  std::uint64_t memory_wait_ps = 0;
};

}  // namespace cimbalom::processor
