#include "models/processor/processor_config.hpp"

#include <fmt/format.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::processor {

namespace {

void check_range(const char* key, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    throw bad_input({}, key, fmt::format("{}", value), fmt::format("must be in {}..{}", low, high));
  }
}

}  // namespace

void processor_config::validate() const {
  check_range("processor.clock_mhz", clock_mhz, 1, 10000);
  check_range("processor.quantum_ns", quantum_ns, 0, 1e6);
  check_range("processor.cycles_per_instruction", cycles_per_instruction, 0.1, 100);
  memory.validate("processor.memory");
}

}  // namespace cimbalom::processor
