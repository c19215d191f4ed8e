#pragma once

#include <cstdint>

#include "models/tlm/latency_histogram.hpp"

namespace cimbalom::processor {

struct processor_statistics {
  std::uint64_t instructions = 0;
  std::uint64_t register_reads = 0;
  std::uint64_t register_writes = 0;
  std::uint64_t memory_read_bytes = 0;
  std::uint64_t memory_write_bytes = 0;
  std::uint64_t errors = 0;  ///< accesses answered with an error
  std::uint64_t interrupt_waits = 0;
  std::uint64_t instruction_ps = 0;
  std::uint64_t register_ps = 0;
  std::uint64_t memory_ps = 0;
  std::uint64_t interrupt_wait_ps = 0;
};

struct traffic_statistics {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t start_ps = 0;            ///< first request
  std::uint64_t end_ps = 0;              ///< last response
  transport::latency_histogram latency;  ///< of whole requests, from their submission

  double bytes_per_second() const {
    return end_ps > start_ps ? static_cast<double>(bytes) / (static_cast<double>(end_ps - start_ps) * 1e-12) : 0.0;
  }
};

}  // namespace cimbalom::processor
