#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/memory_trace.hpp"

namespace cimbalom::validate {

/// A memory trace made by rule: the same everywhere.
struct trace_rule {
  std::string name;
  bool random = false;  ///< uniform in the range; else ascending, around its end
  std::uint64_t requests = 0;
  std::uint64_t range_bytes = 0;  ///< a multiple of request_bytes
  int write_percent = 0;          ///< 0..100
  std::uint64_t interval = 0;     ///< clocks from one request to the next; 0: all want to go at once (saturating)
};
inline constexpr std::uint64_t request_bytes = 64;

std::vector<traces::memory_access> make_trace(const trace_rule& rule);

/// The traces in traces/memory, NAME.trace each.
const std::vector<trace_rule>& small_traces();

}  // namespace cimbalom::validate
