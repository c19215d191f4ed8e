#include "models/interconnect/interconnect_config.hpp"

#include "platform/configuration/error.hpp"

namespace cimbalom::interconnect {

namespace {

void check_range(const char* key, int value, int low, int high) {
  if (value < low || value > high) {
    throw bad_input({}, key, std::to_string(value), "must be in " + std::to_string(low) + ".." + std::to_string(high));
  }
}

void check_windows(const std::string& where, const std::vector<std::string>& initiators,
                   const std::vector<address_window>& targets) {
  if (initiators.empty()) throw bad_input({}, where + ".initiators", "", "must name at least one");
  if (targets.empty()) throw bad_input({}, where + ".targets", "", "must name at least one");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const address_window& a = targets[i];
    if (a.size_bytes == 0 || a.base + (a.size_bytes - 1) < a.base) {
      throw bad_input({}, where + ".targets." + a.name, std::to_string(a.size_bytes),
                      "a window has at least one byte and ends below 2^64");
    }
    for (std::size_t j = 0; j < i; ++j) {
      const address_window& b = targets[j];
      if (a.base <= b.base + (b.size_bytes - 1) && b.base <= a.base + (a.size_bytes - 1)) {
        throw bad_input({}, where + ".targets." + a.name, "", "overlaps the window of " + b.name);
      }
    }
  }
}

}  // namespace

void interconnect_config::validate() const {
  check_range("interconnect.clock_mhz", clock_mhz, 1, 10000);
  check_range("interconnect.data_bits", data_bits, 8, 4096);
  if ((data_bits & (data_bits - 1)) != 0) {
    throw bad_input({}, "interconnect.data_bits", std::to_string(data_bits), "must be a power of two");
  }
  check_range("interconnect.max_outstanding", max_outstanding, 1, 1024);
  check_range("interconnect.request_latency_cycles", request_latency_cycles, 1, 64);
  check_range("interconnect.response_latency_cycles", response_latency_cycles, 1, 64);
  check_windows("interconnect", initiators, targets);
}

void control_fabric_config::validate() const {
  check_range("control_fabric.clock_mhz", clock_mhz, 1, 10000);
  check_range("control_fabric.latency_cycles", latency_cycles, 0, 1024);
  check_windows("control_fabric", initiators, targets);
}

std::size_t decode(const std::vector<address_window>& targets, std::uint64_t address, std::uint64_t length) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const address_window& window = targets[i];
    const bool whole =
        length <= window.size_bytes && address >= window.base && address - window.base <= window.size_bytes - length;
    if (whole) return i;
  }
  return targets.size();
}

}  // namespace cimbalom::interconnect
