#pragma once

#include <cstdint>

#include "models/tlm/memory_port_config.hpp"

namespace cimbalom::dma {

struct dma_config {
  int clock_mhz = 500;              ///< 1..10000
  int channels = 2;                 ///< 1..8
  int burst_bytes = 256;            ///< 16..4096, a power of two
  int max_outstanding = 8;          ///< 1..32, bursts of each channel; reads and writes apart
  int fifo_bytes = 2048;            ///< burst_bytes..1 MiB, a multiple of burst_bytes; of each channel
  int descriptor_cycles = 4;        ///< 0..1000, to decode a descriptor
  int register_latency_cycles = 1;  ///< 0..1000
  int initiator = 0;                ///< port of the data fabric; set by the platform

  /// Throws input_error, with keys below "dma".
  void validate() const;
  /// The port that all channels share: credits for every channel's bursts.
  transport::memory_port_config port() const {
    return {burst_bytes, channels * max_outstanding, channels * max_outstanding};
  }
};

}  // namespace cimbalom::dma
