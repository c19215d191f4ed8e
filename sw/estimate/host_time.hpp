#pragma once

#include <cstdint>

#include "models/energy/event_sink.hpp"
#include "platform/configuration/platform_config.hpp"
#include "sw/compiler/program.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::estimate {

/// What the driver's software costs on the processor. Times in ps.
struct host_time {
  explicit host_time(const platform::platform_config& platform);

  std::uint64_t instructions_ps(std::uint64_t count) const;
  std::uint64_t register_ps = 0;   ///< one access
  std::uint64_t interrupt_ps = 0;  ///< from the line to the software

 private:
  processor::processor_config processor_;
};

/// Instructions of the driver (sw/driver): a command appended; one look at a full ring.
inline constexpr std::uint64_t instructions_a_command = 24;
inline constexpr std::uint64_t instructions_a_poll = 500;
/// Register accesses from the last doorbell to the end of waiting for a fence: two looks at STATUS, its clearing,
/// FENCE_SEQUENCE. After the interrupt: the last three.
inline constexpr std::uint64_t accesses_a_fence = 4;
inline constexpr std::uint64_t accesses_after_interrupt = 3;

}  // namespace cimbalom::estimate
