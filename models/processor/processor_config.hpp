#pragma once

#include <cstdint>

#include "models/tlm/memory_port_config.hpp"

namespace cimbalom::processor {

/// The processor that runs the host software. Keys are those of the platform file, section `processor`.
struct processor_config {
  int clock_mhz = 500;                   ///< 1..10000
  double quantum_ns = 0;                 ///< 0..1e6, how far local time may run ahead of the system
  double cycles_per_instruction = 1;     ///< 0.1..100, mean over the host's instructions, memory stalls apart
  transport::memory_port_config memory;  ///< its socket on the data fabric

  /// Throws input_error, with keys below "processor".
  void validate() const;
};

}  // namespace cimbalom::processor
