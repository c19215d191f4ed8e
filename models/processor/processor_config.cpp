#include "models/processor/processor_config.hpp"

#include <cmath>

#include "platform/configuration/error.hpp"

namespace cimbalom::processor {

namespace {

void check_range(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw bad_input({}, key, std::to_string(value), "must be in " + std::to_string(low) + ".." + std::to_string(high));
  }
}

void check_real(const char* key, double value, double low, double high, const char* range) {
  if (!(value >= low && value <= high)) {
    throw bad_input({}, key, std::to_string(value), std::string("must be in ") + range);
  }
}

void check_burst(const char* key, int value) {
  check_range(key, value, 16, 4096);
  if ((value & (value - 1)) != 0) throw bad_input({}, key, std::to_string(value), "must be a power of two");
}

}  // namespace

void processor_config::validate() const {
  check_range("processor.clock_mhz", clock_mhz, 1, 10000);
  check_range("processor.quantum_ns", quantum_ns, 0, 1'000'000);
  check_real("processor.cycles_per_instruction", cycles_per_instruction, 0.1, 100, "0.1..100");
  check_real("processor.instructions_per_mac", instructions_per_mac, 0.01, 1000, "0.01..1000");
  check_range("processor.interrupt_latency_cycles", interrupt_latency_cycles, 0, 10000);
  check_burst("processor.burst_bytes", burst_bytes);
  check_range("processor.max_outstanding", max_outstanding, 1, 256);
  check_range("processor.interrupt_lines", interrupt_lines, 1, 32);
  check_range("processor.initiator", initiator, 0, 1023);
  check_range("processor.stack_bytes", stack_bytes, 256 << 10, 1 << 30);
}

std::uint64_t instruction_cycles(const processor_config& config, std::uint64_t count) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(count) * config.cycles_per_instruction));
}

void traffic_config::validate() const {
  check_range("traffic.request_bytes", request_bytes, 1, 1 << 20);
  if (range_bytes < static_cast<std::uint64_t>(request_bytes) || base + (range_bytes - 1) < base) {
    throw bad_input({}, "traffic.range_bytes", std::to_string(range_bytes), "must hold one request and end below 2^64");
  }
  if (stride_bytes == 0) throw bad_input({}, "traffic.stride_bytes", "0", "must be at least 1");
  if (requests == 0) throw bad_input({}, "traffic.requests", "0", "must be at least 1");
  check_range("traffic.read_percent", read_percent, 0, 100);
  check_range("traffic.interval_ns", interval_ns, 0, 1'000'000);
  check_range("traffic.max_outstanding", max_outstanding, 1, 256);
  check_burst("traffic.burst_bytes", burst_bytes);
  check_range("traffic.initiator", initiator, 0, 1023);
}

}  // namespace cimbalom::processor
