#include "models/dram/dram_config.hpp"

#include <gtest/gtest.h>

#include "models/dram/dram_cost.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::dram {
namespace {

std::string complaint(const dram_config& config) {
  try {
    config.validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

TEST(dram_config, presets_are_valid_and_have_their_size) {
  for (const std::string& name : preset_names()) {
    const dram_config config = make_dram_config(name);
    EXPECT_EQ(complaint(config), "") << name;
    EXPECT_EQ(config.preset, name);
    EXPECT_FALSE(config.source.empty());
  }
  EXPECT_EQ(make_dram_config("ddr4-2400").size_bytes(), std::uint64_t{8} << 30);
  EXPECT_EQ(make_dram_config("ddr4-2400").burst_bytes(), 64U);
  EXPECT_EQ(make_dram_config("lpddr4-3200").size_bytes(), std::uint64_t{1} << 30);
  EXPECT_EQ(make_dram_config("lpddr4-3200").burst_bytes(), 32U);
}

TEST(dram_config, names_key_value_and_range) {
  try {
    make_dram_config("ddr3");
    FAIL();
  } catch (const input_error& error) {
    EXPECT_STREQ(error.what(), "dram.preset = ddr3: must be one of ddr4-2400 lpddr4-3200 ideal");
  }
  dram_config config = make_dram_config("ddr4-2400");
  config.channels = 3;
  EXPECT_EQ(complaint(config), "dram.channels = 3: must be a power of two");
  config.channels = 1;
  config.timing.refi = 100;
  EXPECT_EQ(complaint(config), "dram.timing.refi = 100: must be 0 or more than rfc + rp");
  config.timing.refi = 9360;
  config.timing.rcd = -1;
  EXPECT_EQ(complaint(config), "dram.timing.rcd = -1: must be in 0..1000000");
}

// The derived rows of the component data, computed there from the same currents (pJ a device).
TEST(dram_cost, energies_agree_with_the_derived_component_data) {
  dram_config same_clock = make_dram_config("ddr4-2400");
  same_clock.timing.clock_ps = 830;  // as rounded there
  const dram_energy ddr4 = event_energy(same_clock);
  EXPECT_NEAR(static_cast<double>(ddr4.activate_aj), 8 * 431.268e6, 8 * 0.01e6);
  EXPECT_NEAR(static_cast<double>(ddr4.read_burst_aj), 8 * 366.528e6, 8 * 0.01e6);
  EXPECT_NEAR(static_cast<double>(ddr4.write_burst_aj), 8 * 318.72e6, 8 * 0.01e6);
  EXPECT_NEAR(static_cast<double>(ddr4.refresh_aj), 8 * 86592.2e6, 8 * 1e6);
  EXPECT_NEAR(static_cast<double>(ddr4.active_standby_clock_aj), 8 * 51.6 * 0.83e6, 100);
  const dram_energy lpddr4 = event_energy(make_dram_config("lpddr4-3200"));
  EXPECT_NEAR(static_cast<double>(lpddr4.activate_aj), 1204.69e6, 0.01e6);
  EXPECT_NEAR(static_cast<double>(lpddr4.read_burst_aj), 2168.38e6, 0.01e6);
  EXPECT_NEAR(static_cast<double>(lpddr4.write_burst_aj), 1288.38e6, 0.01e6);
  EXPECT_NEAR(static_cast<double>(lpddr4.refresh_aj), 22386.0e6, 1e6);
  EXPECT_NEAR(static_cast<double>(lpddr4.precharge_standby_clock_aj), 34.125 * 0.625e6, 100);
  EXPECT_EQ(event_energy(make_dram_config("ideal")).read_burst_aj, 0U);
}

TEST(dram_cost, peaks) {
  EXPECT_NEAR(peak_bytes_per_second(make_dram_config("ddr4-2400")), 19.2e9, 0.02e9);
  EXPECT_DOUBLE_EQ(peak_bytes_per_second(make_dram_config("lpddr4-3200")), 6.4e9);
  const read_clocks clocks = unloaded_read_clocks(make_dram_config("ddr4-2400"));
  EXPECT_EQ(clocks.row_hit, 21);
  EXPECT_EQ(clocks.row_closed, 38);
  EXPECT_EQ(clocks.row_conflict, 55);
}

}  // namespace
}  // namespace cimbalom::dram
