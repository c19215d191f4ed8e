#pragma once

#include <cstdint>

#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/registers/memory_map.hpp"

namespace cimbalom::compiler {

/// What the compiler knows of the hardware. The speed of memory only guides the choice between schedules.
struct target {
  cim::accelerator_config accelerator;
  cim::macro_config macro;
  double memory_bytes_per_ns = 6.4;
  double memory_latency_ns = 100;
  std::uint64_t memory_base = registers::dram_base;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  int accelerators() const { return accelerator.count; }  ///< each runs the whole program on images of its own

  std::uint64_t banks() const {
    return static_cast<std::uint64_t>(accelerator.macros) * static_cast<std::uint64_t>(macro.banks);
  }
  std::uint64_t positions() const { return static_cast<std::uint64_t>(macro.positions()); }
  std::uint64_t position_bytes() const { return static_cast<std::uint64_t>(macro.position_bytes()); }
  std::uint64_t slots() const { return static_cast<std::uint64_t>(macro.slots()); }
  double cycle_ns() const { return 1000.0 / accelerator.clock_mhz; }
};

}  // namespace cimbalom::compiler
