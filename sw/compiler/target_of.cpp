#include <algorithm>

#include "platform/configuration/platform_config.hpp"
#include "sw/compiler/compile.hpp"

namespace cimbalom::compiler {

target target_of(const platform::platform_config& platform) {
  target hardware;
  hardware.accelerator = platform.accelerator;
  hardware.macro = platform.macro;
  hardware.memory_bytes = platform.dram.size_bytes();
  // What a path gets: the narrowest of the memory's pins, the fabric and its own credits, less what refresh, turnaround
  // and row misses take.
  constexpr double usable = 0.85;
  const double fabric = platform.interconnect.data_bits / 8.0 * platform.interconnect.clock_mhz / 1000.0;
  double speed = fabric;
  double latency = 50;
  if (!platform.dram.ideal) {
    const dram::dram_timing& t = platform.dram.timing;
    const double pins =
        static_cast<double>(platform.dram.bus_bits()) / 8.0 * 2.0 * platform.dram.channels / (t.clock_ps / 1000.0);
    speed = std::min(fabric, pins * usable);
    latency += (t.rcd + t.read_latency + platform.dram.burst_clocks()) * t.clock_ps / 1000.0;
  }
  const double credits = static_cast<double>(platform.accelerator.max_outstanding) * platform.accelerator.burst_bytes;
  hardware.memory_bytes_per_ns = std::min(speed, credits / latency);
  hardware.memory_latency_ns = latency;
  return hardware;
}

program compile(const quantization::network& network, const platform::platform_config& platform,
                const compile_options& options) {
  return compile(network, target_of(platform), options);
}

}  // namespace cimbalom::compiler
