#include <gtest/gtest.h>

#include <cmath>

#include "models/energy/roll_up.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"

namespace cimbalom::platform {
namespace {

using energy::event;

/// One operation of every bank of a macro at 8b/8b and the default activity of docs/energy.md: a quarter of the input
/// bits and half of the weight bits are 1.
energy::ledger one_operation(const cim::macro_config& m) {
  const auto slices = static_cast<std::uint64_t>(8 / m.dac_bits);
  const auto banks = static_cast<std::uint64_t>(m.banks);
  const auto rows = static_cast<std::uint64_t>(m.rows_active);
  const auto columns = static_cast<std::uint64_t>(m.columns_driven());
  const std::uint64_t conversions = banks * slices * columns;
  energy::ledger book;
  book.count(event::array_wordline_bit, 0, banks * rows * 8 / 4);
  book.count(event::array_bitline_unit, 0, conversions * rows * ((1U << static_cast<unsigned>(m.dac_bits)) - 1) / 8);
  book.count(event::dac_conversion, 0, banks * slices * rows);
  book.count(event::adc_conversion, 0, conversions);
  book.count(event::shift_add_addition, 0, conversions);
  book.count(event::accumulator_addition, 0, banks * static_cast<std::uint64_t>(m.slots()));
  return book;
}

double fj_per_mac(const platform_config& config) {
  const auto macs = static_cast<double>(config.macro.banks * config.macro.rows_active * config.macro.slots());
  const energy::breakdown energy(load_costs(config), one_operation(config.macro), 1);
  return energy::to_double(energy.total()) / 1e3 / macs;
}

TEST(costs, default_macro_gives_the_published_efficiency) {
  const double published = 2e3 / 15.02;  // 133.16 fJ a MAC
  EXPECT_NEAR(fj_per_mac(read_platform("")), published, 0.02 * published);
}

TEST(costs, supply_scaling_meets_the_second_published_point) {
  platform_config config = read_platform("");
  config.macro.vdd_v = 0.7;
  const double tops_per_w = 2e3 / fj_per_mac(config);
  // 22.75 TOPS/W at 0.7 V in the benchmarking data of UIUC (4-bit input steps): the square law must be close.
  EXPECT_NEAR(tops_per_w, 22.75, 0.12 * 22.75);
}

TEST(costs, converter_stays_within_its_bound) {
  const energy::component_table table = load_costs(read_platform(""));
  EXPECT_LE(table.attojoules(event::adc_conversion), 50000U);
  EXPECT_GE(table.attojoules(event::adc_conversion), 10000U);
}

TEST(costs, more_adc_bits_cost_more) {
  platform_config config = read_platform("");
  const std::uint64_t five = load_costs(config).attojoules(event::adc_conversion);
  config.macro.adc_bits = 10;
  EXPECT_GT(load_costs(config).attojoules(event::adc_conversion), 3 * five);
}

TEST(costs, system_leakage_is_small_beside_compute) {
  const energy::component_table table = load_costs(read_platform(""));
  std::uint64_t picowatts = 0;
  for (const auto& [component, power] : table.leakages()) picowatts += power.picowatts;
  EXPECT_GT(picowatts, 0U);
  EXPECT_LT(picowatts, 20000000000U);  // 20 mW
}

TEST(costs, area_is_that_of_the_macros_and_the_rest) {
  platform_config config = read_platform("");
  const energy::component_table table = load_costs(config);
  EXPECT_EQ(table.areas().front().part, "macro");
  EXPECT_EQ(table.areas().front().milli_um2, 1872000000U);  // 4 x 0.468 mm2
  config.accelerator.count = 2;
  EXPECT_EQ(load_costs(config).areas().front().milli_um2, 2 * 1872000000U);
  config.accelerator.count = 1;
  config.macro.area_mm2 = 0;
  const double from_parts = static_cast<double>(load_costs(config).areas().front().milli_um2) / 4e9;
  EXPECT_GT(from_parts, 0.1);  // the published macro within a factor of two
  EXPECT_LT(from_parts, 0.94);
}

TEST(costs, every_preset_evaluates) {
  for (const std::string& name : preset_names()) EXPECT_NO_THROW(load_costs(read_platform(name))) << name;
}

TEST(costs, dram_follows_its_preset) {
  const energy::component_table lpddr4 = load_costs(read_platform(""));
  // V * mA * clocks of the three rails: 1.8 * 0 + 1.1 * 245 + 1.1 * 149.25 mW over 8 clocks of 0.625 ns.
  EXPECT_EQ(lpddr4.attojoules(event::dram_read_burst), 2168375000U);
  const energy::component_table ideal = load_costs(read_platform("", {"platform.dram.preset=ideal"}));
  EXPECT_EQ(ideal.attojoules(event::dram_read_burst), 0U);
}

}  // namespace
}  // namespace cimbalom::platform
