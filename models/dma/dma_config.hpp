#pragma once

namespace cimbalom::dma {

/// The DMA. Keys are those of the platform file, section `dma`.
struct dma_config {
  int channels = 2;         ///< 1..8, that copy at the same time
  int clock_mhz = 500;      ///< 1..10000
  int burst_bytes = 64;     ///< 16..4096, a power of two: longest burst
  int max_outstanding = 8;  ///< 1..256, bursts in flight of a channel, reads and writes apart
  int fifo_bursts = 16;     ///< 1..1024, bursts that a channel holds between source and destination

  /// Throws input_error, with keys below "dma".
  void validate() const;
};

}  // namespace cimbalom::dma
