#include "models/dma/dma_config.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::dma {
namespace {

std::string complaint(const dma_config& config) {
  try {
    config.validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

TEST(dma_config, validates) {
  EXPECT_EQ(complaint({}), "");
  dma_config config;
  config.channels = 9;
  EXPECT_EQ(complaint(config), "dma.channels = 9: must be in 1..8");
  config = {};
  config.fifo_bytes = 100;
  EXPECT_EQ(complaint(config), "dma.fifo_bytes = 100: must be in 256..1048576");
  config.fifo_bytes = 1000;
  EXPECT_EQ(complaint(config), "dma.fifo_bytes = 1000: must be a multiple of burst_bytes 256");
  config = {};
  config.max_outstanding = 33;
  EXPECT_EQ(complaint(config), "dma.max_outstanding = 33: must be in 1..32");
  config = {};
  config.burst_bytes = 100;
  EXPECT_EQ(complaint(config), "dma.burst_bytes = 100: must be a power of two");
}

}  // namespace
}  // namespace cimbalom::dma
