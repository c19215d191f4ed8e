#include "models/dram/dram_config.hpp"

#include <gtest/gtest.h>

#include "models/dram/address_map.hpp"
#include "models/dram/dram_cost.hpp"
#include "platform/configuration/error.hpp"
#include "tests/models/dram/core_driver.hpp"

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
    if (config.missing.empty()) {
      EXPECT_EQ(complaint(config), "") << name;
    }
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
    EXPECT_STREQ(error.what(),
                 "dram.preset = ddr3: must be one of ddr4-2400 ddr4-3200 lpddr4-3200 lpddr5-6400 hbm2 ideal");
  }
  dram_config config = make_dram_config("ddr4-2400");
  config.channels = 3;
  EXPECT_EQ(complaint(config), "dram.channels = 3: must be a power of two");
  config.channels = 1;
  config.timing.refi = 100;
  EXPECT_EQ(complaint(config), "dram.timing.refi = 100: must be 0 or more than rfc + rp_all");
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
  EXPECT_NEAR(peak_bytes_per_second(make_dram_config("ddr4-3200")), 25.6e9, 0.01e9);
  EXPECT_DOUBLE_EQ(peak_bytes_per_second(make_dram_config("lpddr5-6400")), 12.8e9);
  EXPECT_DOUBLE_EQ(peak_bytes_per_second(make_dram_config("hbm2")), 256e9);
}

TEST(dram_config, a_preset_says_what_its_sources_do_not_tell) {
  dram_config config = make_dram_config("lpddr5-6400");
  EXPECT_EQ(complaint(config),
            "dram.preset = lpddr5-6400: the sources do not tell its supply currents (its energy is told as 0); set "
            "dram.accept_missing = true to run without");
  config.accept_missing = true;
  EXPECT_EQ(complaint(config), "");
  EXPECT_EQ(config.size_bytes(), std::uint64_t{1} << 30);
  EXPECT_EQ(event_energy(config).activate_aj, 0U);
  EXPECT_EQ(make_dram_config("hbm2").size_bytes(), std::uint64_t{4} << 30);
  EXPECT_EQ(make_dram_config("ddr4-3200").size_bytes(), std::uint64_t{8} << 30);
}

TEST(dram_config, a_mapping_names_every_field_once) {
  dram_config config = make_dram_config("ddr4-2400");
  for (const char* good : {"rorababgchco", "ro-ra-ba-co-bg", "CH-RO-BA-RA-BG-CO"}) {
    config.mapping = good;
    EXPECT_EQ(complaint(config), "") << good;
  }
  EXPECT_EQ(address_map("rorababgchco").text(), "ro-ra-ba-bg-ch-co");
  for (const char* bad :
       {"ro", "ro-ra-ba-co", "ro-ra-ba-co-co", "ro-ra-ba-co-xx", "ro-ra-ba-co-bg-r", "ro-ra-ba-co-bg-ch-ch"}) {
    config.mapping = bad;
    EXPECT_EQ(complaint(config),
              "dram.mapping = " + std::string(bad) +
                  ": must hold ro, ra, bg, ba and co once each, from the highest bits down, and ch at most once, e.g. "
                  "ro-ra-ba-co-bg")
        << bad;
  }
}

TEST(dram_config, channels_take_turns_where_the_mapping_says) {
  dram_config config = make_dram_config("hbm2");
  EXPECT_EQ(config.channel_stretch_bytes(), 256U) << "interleave_bytes";
  EXPECT_EQ(config.channel_address(256 * 9 + 5), (std::pair<std::uint64_t, int>(256 + 5, 1)));
  config.mapping = "ro-ba-ch-co-ra-bg";
  EXPECT_EQ(config.channel_stretch_bytes(), 64U * 16 * 4) << "a burst of 64 bytes, 16 columns, four bank groups";
  config.mapping = "ch-ro-ba-co-ra-bg";
  EXPECT_EQ(config.channel_stretch_bytes(), std::uint64_t{512} << 20);
  EXPECT_EQ(config.channel_address(std::uint64_t{512} << 20), (std::pair<std::uint64_t, int>(0, 1)));
}

// The clocks of every preset, added up by hand: latency + data, tRCD more, tRP more.
TEST(dram_cost, unloaded_accesses_of_every_preset) {
  struct row {
    const char* preset;
    access_clocks read, write;
  };
  const row rows[] = {
      {"ddr4-2400", {17 + 4, 17 + 21, 17 + 38}, {12 + 4, 17 + 16, 17 + 33}},
      {"ddr4-3200", {22 + 4, 22 + 26, 22 + 48}, {16 + 4, 22 + 20, 22 + 42}},
      {"lpddr4-3200", {34 + 8, 29 + 42, 29 + 71}, {15 + 8, 29 + 23, 29 + 52}},
      {"lpddr5-6400", {17 + 2, 15 + 19, 15 + 34}, {9 + 2, 15 + 11, 15 + 26}},
      {"hbm2", {14 + 2, 14 + 16, 14 + 30}, {4 + 2, 14 + 6, 14 + 20}},
  };
  for (const row& one : rows) {
    dram_config config = make_dram_config(one.preset);
    for (const bool write : {false, true}) {
      const access_clocks& expected = write ? one.write : one.read;
      const access_clocks told = unloaded_clocks(config, write);
      EXPECT_EQ(told.row_hit, expected.row_hit) << one.preset;
      EXPECT_EQ(told.row_closed, expected.row_closed) << one.preset;
      EXPECT_EQ(told.row_conflict, expected.row_conflict) << one.preset;
      driver d(config);
      const std::uint64_t other_row = config.size_bytes() / static_cast<std::uint64_t>(config.channels) / 2;
      const auto took = [&](std::uint64_t address, std::uint64_t cycle) {
        return static_cast<int>(d.run(address, cycle, write) - cycle);
      };
      EXPECT_EQ(took(0, 100), expected.row_closed) << one.preset << write;
      EXPECT_EQ(took(0, 500), expected.row_hit) << one.preset << write;
      EXPECT_EQ(took(other_row, 1000), expected.row_conflict) << one.preset << write;
    }
  }
}

}  // namespace
}  // namespace cimbalom::dram
