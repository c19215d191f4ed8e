#include "sw/validate/trace_rule.hpp"

#include "models/arithmetic/nonideality.hpp"

namespace cimbalom::validate {

std::vector<traces::memory_access> make_trace(const trace_rule& rule) {
  constexpr std::uint64_t address_key = 1, command_key = 2;
  const std::uint64_t blocks = rule.range_bytes / request_bytes;
  std::vector<traces::memory_access> accesses(rule.requests);
  for (std::uint64_t i = 0; i < rule.requests; ++i) {
    traces::memory_access& one = accesses[i];
    one.address = (rule.random ? arithmetic::random_bits(address_key, i) : i) % blocks * request_bytes;
    one.write = static_cast<int>(arithmetic::random_bits(command_key, i) % 100) < rule.write_percent;
    one.cycle = i * rule.interval;
  }
  return accesses;
}

const std::vector<trace_rule>& small_traces() {
  constexpr std::uint64_t count = 1000, range = std::uint64_t{256} << 20;
  static const std::vector<trace_rule> rules = {
      {"sequential_read", false, count, range, 0, 0},
      {"sequential_write", false, count, range, 100, 0},
      {"random_read", true, count, range, 0, 0},
      {"random_mixed", true, count, range, 33, 0},
      {"random_read_unloaded", true, count, range, 0, 150},
  };
  return rules;
}

}  // namespace cimbalom::validate
