#pragma once

#include <cstdint>
#include <string>

namespace cimbalom::transport {

struct memory_port_config {
  int burst_bytes = 64;            ///< 16..4096, a power of two
  int max_outstanding_reads = 8;   ///< bursts, 1..256
  int max_outstanding_writes = 8;  ///< bursts, 1..256

  /// `where` is the key's prefix. Throws input_error.
  void validate(const std::string& where) const;
};

struct memory_port_statistics {
  std::uint64_t read_bursts = 0;
  std::uint64_t write_bursts = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t errors = 0;  ///< bursts answered with an error
};

/// Length of the next burst of a request that stands at `address` with `remaining` bytes to go.
constexpr std::uint64_t next_burst_bytes(std::uint64_t address, std::uint64_t remaining, std::uint64_t burst_bytes) {
  const std::uint64_t to_boundary = burst_bytes - address % burst_bytes;  // burst_bytes divides 4 KiB
  return remaining < to_boundary ? remaining : to_boundary;
}

}  // namespace cimbalom::transport
