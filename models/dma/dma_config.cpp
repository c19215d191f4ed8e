#include "models/dma/dma_config.hpp"

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
  check_range("dma.clock_mhz", clock_mhz, 1, 10000);
  check_range("dma.channels", channels, 1, 8);
  check_range("dma.burst_bytes", burst_bytes, 16, 4096);
  if ((burst_bytes & (burst_bytes - 1)) != 0) {
    throw bad_input({}, "dma.burst_bytes", std::to_string(burst_bytes), "must be a power of two");
  }
  check_range("dma.max_outstanding", max_outstanding, 1, 32);
  check_range("dma.fifo_bytes", fifo_bytes, burst_bytes, 1 << 20);
  if (fifo_bytes % burst_bytes != 0) {
    throw bad_input({}, "dma.fifo_bytes", std::to_string(fifo_bytes),
                    "must be a multiple of burst_bytes " + std::to_string(burst_bytes));
  }
  check_range("dma.descriptor_cycles", descriptor_cycles, 0, 1000);
  check_range("dma.register_latency_cycles", register_latency_cycles, 0, 1000);
  check_range("dma.initiator", initiator, 0, 1023);
}

}  // namespace cimbalom::dma
