#pragma once

#include <cstdint>

#include "models/tlm/memory_port_config.hpp"

namespace cimbalom::processor {

struct processor_config {
  int clock_mhz = 500;                  ///< 1..10000
  int quantum_ns = 0;                   ///< 0..1000000: how far local time may run ahead; 0: not at all
  double cycles_per_instruction = 1.3;  ///< 0.1..100: in-order core, single-cycle instructions and some stalls
  /// 0.01..1000: of the inner loops of co-design on the host: two loads, multiply-add, a share of the loop.
  double instructions_per_mac = 4;
  int interrupt_latency_cycles = 20;  ///< 0..10000, from the line to the program
  int burst_bytes = 64;               ///< 16..4096, a power of two: of its memory socket
  int max_outstanding = 4;            ///< 1..256
  int interrupt_lines = 2;            ///< 1..32; set by the platform
  int initiator = 0;                  ///< port of the data fabric; set by the platform
  int stack_bytes = 16 << 20;         ///< 256 KiB..1 GiB: of the thread that runs the host software

  /// Throws input_error, with keys below "processor".
  void validate() const;
  transport::memory_port_config port() const { return {burst_bytes, max_outstanding, max_outstanding}; }
};

/// Cycles of `count` instructions, rounded up.
std::uint64_t instruction_cycles(const processor_config& config, std::uint64_t count);

enum class traffic_pattern : std::uint8_t {
  sequential,  ///< one request after the other, from the start again at the end
  strided,     ///< stride_bytes from start to start
  random,      ///< anywhere, aligned to request_bytes
};
constexpr const char* to_string(traffic_pattern pattern) {
  return pattern == traffic_pattern::sequential ? "sequential"
                                                : (pattern == traffic_pattern::strided ? "strided" : "random");
}

/// Synthetic traffic in place of the processor, for studies of bus and memory.
struct traffic_config {
  traffic_pattern pattern = traffic_pattern::sequential;
  std::uint64_t base = 0x8000'0000;
  std::uint64_t range_bytes = 1 << 20;  ///< at least request_bytes
  std::uint64_t stride_bytes = 4096;    ///< strided: at least 1
  int request_bytes = 64;               ///< 1..1 MiB
  int read_percent = 100;               ///< 0..100
  std::uint64_t requests = 1000;        ///< at least 1
  int interval_ns = 0;                  ///< 0..1000000 between starts; 0: as fast as max_outstanding lets
  int max_outstanding = 8;              ///< 1..256 requests
  std::uint64_t seed = 1;
  int burst_bytes = 64;  ///< 16..4096, a power of two
  int initiator = 0;     ///< port of the data fabric; set by the platform

  /// Throws input_error, with keys below "traffic".
  void validate() const;
};

}  // namespace cimbalom::processor
