#pragma once

#include <cstdint>

#include "models/interconnect/interconnect_config.hpp"

namespace cimbalom::interconnect {

/// Cycles that a transfer holds a channel: at least one (the request itself, the response without data).
constexpr std::uint64_t transfer_cycles(std::uint64_t bytes, int data_bits) {
  const std::uint64_t width = static_cast<std::uint64_t>(data_bits);
  const std::uint64_t cycles = (bytes * 8 + width - 1) / width;
  return cycles == 0 ? 1 : cycles;
}

/// Cycles that the fabric adds to an access that meets no other: request and response, data in one of them.
constexpr std::uint64_t unloaded_cycles(const interconnect_config& config, std::uint64_t bytes) {
  // Each way: transfer - 1, and the latency; whichever way carries no data transfers in one cycle.
  return static_cast<std::uint64_t>(config.request_latency_cycles) +
         static_cast<std::uint64_t>(config.response_latency_cycles) + transfer_cycles(bytes, config.data_bits) - 1;
}

/// Bytes a second of one channel.
constexpr double channel_bytes_per_second(const interconnect_config& config) {
  return static_cast<double>(config.clock_mhz) * 1e6 * static_cast<double>(config.data_bits) / 8.0;
}

}  // namespace cimbalom::interconnect
