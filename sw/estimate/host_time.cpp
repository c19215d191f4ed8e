#include "sw/estimate/host_time.hpp"

#include <cmath>

namespace cimbalom::estimate {

namespace {
// Of the accelerator's registers (cim::accelerator_options) and of the control fabric (control_fabric_config).
constexpr double device_cycles = 2;
}  // namespace

host_time::host_time(const platform::platform_config& platform) : processor_(platform.processor) {
  const interconnect::control_fabric_config control;
  const double fabric = control.latency_cycles * 1e6 / platform.interconnect.clock_mhz;
  register_ps = static_cast<std::uint64_t>(std::llround(fabric + device_cycles * 1e6 / platform.accelerator.clock_mhz));
  interrupt_ps =
      static_cast<std::uint64_t>(std::llround(processor_.interrupt_latency_cycles * 1e6 / processor_.clock_mhz));
}

std::uint64_t host_time::instructions_ps(std::uint64_t count) const {
  return processor::instruction_cycles(processor_, count) *
         static_cast<std::uint64_t>(std::llround(1e6 / processor_.clock_mhz));
}

}  // namespace cimbalom::estimate
