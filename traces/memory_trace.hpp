#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::traces {

struct memory_access {
  std::uint64_t address = 0;  ///< bytes
  std::uint64_t cycle = 0;    ///< clock of the memory at which it wants to go, or later
  bool write = false;
};

/// A quarter of an hour of a memory at 1 GHz: beyond lies a mistake, and days of refreshes to simulate.
inline constexpr std::uint64_t last_memory_cycle = 1'000'000'000'000;

/// DRAMsim3's text format, one access a line: `0xADDRESS READ|WRITE CYCLE`. Cycles never decrease and end at
/// last_memory_cycle; blank lines and
/// lines that begin with # are left out. `name` stands in errors. Throws input_error with the line.
std::vector<memory_access> parse_memory_trace(const std::string& text, const std::string& name);
std::vector<memory_access> read_memory_trace(const std::string& path);

/// The text of the accesses, in the same format.
std::string memory_trace_text(const std::vector<memory_access>& accesses);

}  // namespace cimbalom::traces
