#pragma once

#include <cstdint>
#include <vector>

#include "models/registers/dma_registers.hpp"
#include "models/registers/host_port.hpp"

namespace cimbalom::driver {

/// One copy of a chain.
struct transfer {
  std::uint64_t source = 0, destination = 0;
  std::uint32_t bytes = 0;
};

/// Copies by DMA, one channel, chain after chain. Waits for interrupts, never polls.
class dma_driver {
 public:
  /// `descriptors`: DRAM for a chain, 32-byte aligned.
  dma_driver(registers::host_port& port, std::uint64_t descriptors, std::uint64_t descriptor_bytes, int channel = 0);

  /// Checks the device, resets the channel and switches its interrupts on. Throws run_error.
  void start();
  /// Returns when every copy has arrived. Throws run_error naming what failed, and where.
  void copy(const std::vector<transfer>& list);

 private:
  void run_chain(const transfer* first, std::size_t count);
  std::uint32_t wait_event(std::uint32_t events);
  [[noreturn]] void fail();
  std::uint32_t read(std::uint32_t offset);
  void write(std::uint32_t offset, std::uint32_t value);
  std::uint32_t channel_register(std::uint32_t offset) const { return registers::dma_channel_at(channel_) + offset; }

  registers::host_port& port_;
  std::uint64_t descriptors_;
  std::size_t capacity_;
  int channel_;
};

}  // namespace cimbalom::driver
