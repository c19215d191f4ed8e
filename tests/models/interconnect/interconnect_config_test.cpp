#include "models/interconnect/interconnect_config.hpp"

#include <gtest/gtest.h>

#include "models/interconnect/interconnect_cost.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::interconnect {
namespace {

interconnect_config good() {
  interconnect_config config;
  config.initiators = {"dma"};
  config.targets = {{"dram", 0x8000'0000, 0x1000}, {"aperture", 0x2000'0000, 0x1000}};
  return config;
}

std::string complaint(const interconnect_config& config) {
  try {
    config.validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

TEST(interconnect_config, validates) {
  EXPECT_EQ(complaint(good()), "");
  interconnect_config config = good();
  config.data_bits = 96;
  EXPECT_EQ(complaint(config), "interconnect.data_bits = 96: must be a power of two");
  config = good();
  config.clock_mhz = 0;
  EXPECT_EQ(complaint(config), "interconnect.clock_mhz = 0: must be in 1..10000");
  config = good();
  config.targets[1].base = 0x8000'0FFF;
  EXPECT_EQ(complaint(config), "interconnect.targets.aperture: overlaps the window of dram");
  config = good();
  config.targets[0].base = ~std::uint64_t{0} - 5;
  EXPECT_NE(complaint(config), "");
  config = good();
  config.initiators.clear();
  EXPECT_NE(complaint(config), "");
}

TEST(interconnect_config, decodes_whole_accesses_only) {
  const interconnect_config config = good();
  EXPECT_EQ(decode(config.targets, 0x8000'0000, 1), 0U);
  EXPECT_EQ(decode(config.targets, 0x8000'0FFF, 1), 0U);
  EXPECT_EQ(decode(config.targets, 0x2000'0000, 0x1000), 1U);
  EXPECT_EQ(decode(config.targets, 0x8000'0FFF, 2), 2U) << "straddles the end";
  EXPECT_EQ(decode(config.targets, 0x7FFF'FFFF, 2), 2U) << "straddles the start";
  EXPECT_EQ(decode(config.targets, ~std::uint64_t{0}, 2), 2U) << "wraps";
}

TEST(interconnect_cost, counts_cycles) {
  EXPECT_EQ(transfer_cycles(0, 128), 1U);
  EXPECT_EQ(transfer_cycles(16, 128), 1U);
  EXPECT_EQ(transfer_cycles(17, 128), 2U);
  EXPECT_EQ(transfer_cycles(64, 128), 4U);
  EXPECT_EQ(unloaded_cycles(good(), 64), 5U);
  EXPECT_DOUBLE_EQ(channel_bytes_per_second(good()), 8e9);
}

}  // namespace
}  // namespace cimbalom::interconnect
