#include "models/dma/dma_config.hpp"

#include <string>

#include "models/registers/dma_registers.hpp"
#include "models/tlm/memory_port_config.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::dma {

namespace {

void check_range(const char* key, int value, int low, int high) {
  if (value < low || value > high) {
    throw bad_input({}, key, std::to_string(value), "must be in " + std::to_string(low) + ".." + std::to_string(high));
  }
}

}  // namespace

void dma_config::validate() const {
  check_range("dma.channels", channels, 1, registers::dma_max_channels);
  check_range("dma.clock_mhz", clock_mhz, 1, 10000);
  check_range("dma.burst_bytes", burst_bytes, 16, 4096);
  if ((burst_bytes & (burst_bytes - 1)) != 0) {
    throw bad_input({}, "dma.burst_bytes", std::to_string(burst_bytes), "must be a power of two");
  }
  check_range("dma.max_outstanding", max_outstanding, 1, 256);
  check_range("dma.fifo_bursts", fifo_bursts, 1, 1024);
}

}  // namespace cimbalom::dma
