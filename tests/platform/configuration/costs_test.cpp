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

TEST(costs, layout_of_adders_decides_the_area_of_a_digital_macro_alone) {
  const auto costs = [](const std::vector<std::string>& settings) {
    return load_costs(read_platform("digital-28nm", settings));
  };
  const energy::component_table columns = costs({});
  const energy::component_table words = costs({"platform.macro.adders=word"});
  const energy::component_table cells = costs({"platform.macro.adders=cell"});
  const auto area = [](const energy::component_table& table) { return table.areas().front().milli_um2; };
  // 16 rows of 1 bit: 26 full adders a column, 8 columns a slot; 16 words of 9 bits: 150; 512 cells a column.
  EXPECT_LT(area(words), area(columns));
  EXPECT_LT(area(columns), area(cells));
  const double adders = 4 * (512 * 192 - 26 * 96) * 4.789;  // four banks
  EXPECT_NEAR(static_cast<double>(area(cells) - area(columns)) / 1e3 / 4 / adders, 1, 2e-2);
  for (std::size_t e = 0; e < energy::event_count; ++e) {
    EXPECT_EQ(words.yoctojoules(static_cast<event>(e)), columns.yoctojoules(static_cast<event>(e)));
  }
  // No converters: their resolution changes nothing. An analog macro has no adder trees.
  EXPECT_EQ(area(costs({"platform.macro.adc_bits=10"})), area(columns));
  const std::vector<std::string> analog = {"platform.macro.area_mm2=0"};
  const std::vector<std::string> laid_out = {"platform.macro.area_mm2=0", "platform.macro.adders=cell"};
  EXPECT_EQ(area(load_costs(read_platform("", analog))), area(load_costs(read_platform("", laid_out))));
}

TEST(costs, capacitors_and_cells_take_their_area) {
  const auto area = [](const std::string& setting) {
    const energy::component_table table = load_costs(read_platform("", {"platform.macro.area_mm2=0", setting}));
    return static_cast<double>(table.areas().front().milli_um2) / 1e3 / 16;  // um2 a bank of four macros
  };
  const double usual = area("platform.macro.column_cap_ff=0");
  EXPECT_NEAR(area("platform.macro.column_cap_ff=230") - usual, 96 * 100, 1);  // 2.3 fF/um2
  EXPECT_NEAR(area("platform.macro.cell_area_f2=380") - usual, 512 * 192 * 100 * 0.000784, 1);
}

TEST(costs, energy_scale_multiplies_the_macro_alone) {
  const energy::component_table once = load_costs(read_platform(""));
  const energy::component_table twice = load_costs(read_platform("", {"platform.macro.energy_scale=2"}));
  for (std::size_t e = 0; e < energy::event_count; ++e) {
    const auto what = static_cast<event>(e);
    const unsigned factor = energy::in_macro(energy::component_of(what)) ? 2 : 1;
    EXPECT_EQ(twice.yoctojoules(what), factor * once.yoctojoules(what)) << energy::name(what);
  }
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
