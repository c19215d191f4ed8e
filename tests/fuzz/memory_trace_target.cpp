#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/validate/replay.hpp"

// A trace is read or refused in one line; what was read is written and read again the same, and its beginning can be
// played: every request is answered.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cimbalom;
  std::vector<traces::memory_access> trace;
  try {
    trace = traces::parse_memory_trace(std::string(data, data + size), "fuzz");
  } catch (const input_error&) {
    return 0;
  }
  const std::string text = traces::memory_trace_text(trace);
  if (traces::memory_trace_text(traces::parse_memory_trace(text, "again")) != text) std::abort();
  constexpr std::uint64_t soon = 1'000'000;  // an idle memory refreshes, and that takes time here too
  while (!trace.empty() && (trace.size() > 256 || trace.back().cycle > soon)) trace.pop_back();
  const validate::replay_result r = validate::replay(dram::make_dram_config("ddr4-2400"), trace);
  if (r.read.requests + r.write.requests != trace.size()) std::abort();
  return 0;
}
