#include "platform/configuration/technology.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "platform/configuration/embedded.hpp"
#include "platform/configuration/scaling.hpp"

namespace cimbalom::platform {
namespace {

std::string text_28nm() {
  return embedded_text("technology/28nm.yaml");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  try {
    parse_technology(text, "t.yaml");
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(technology, every_row_has_a_source) {
  const technology tech = read_technology("28nm");
  EXPECT_EQ(tech.events.size(), energy::event_count);
  for (const auto& [what, q] : tech.events) {
    EXPECT_GT(q.origin.source.size(), 20U) << energy::name(what);
    EXPECT_FALSE(q.origin.method.empty()) << energy::name(what);
    EXPECT_FALSE(q.origin.conditions.empty()) << energy::name(what);
  }
}

TEST(technology, every_row_of_every_node_has_value_conditions_and_source) {
  for (const std::string& name : embedded_names("technology/")) {
    const technology tech = read_technology(name);
    EXPECT_EQ(tech.name, name);
    EXPECT_DOUBLE_EQ(tech.node_nm, std::stod(name));
    EXPECT_GT(tech.delay.threshold_v, 0) << name;
    const auto expect_origin = [&](const energy::provenance& origin, const std::string& row) {
      EXPECT_GT(origin.source.size(), 20U) << name << ", " << row;
      EXPECT_FALSE(origin.method.empty()) << name << ", " << row;
      EXPECT_FALSE(origin.conditions.empty()) << name << ", " << row;
    };
    for (const auto& [what, q] : tech.events) expect_origin(q.origin, std::string(energy::name(what)));
    for (const auto& [component, q] : tech.leakage)
      expect_origin(q.origin, std::string(energy::components()[component]));
    for (const area_row& row : tech.areas) {
      expect_origin(row.whole.origin, row.part);
      for (const auto& [part, q] : row.parts) expect_origin(q.origin, row.part + "." + part);
    }
    expect_origin(tech.delay.origin, "delay");
  }
}

TEST(technology, smaller_nodes_cost_less) {
  platform_config config;
  const std::array<const char*, 4> nodes = {"65nm", "28nm", "22nm", "7nm"};
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const energy::component_table larger = evaluate(read_technology(nodes[i - 1]), config);
    const energy::component_table smaller = evaluate(read_technology(nodes[i]), config);
    for (const energy::event what :
         {energy::event::array_wordline_bit, energy::event::array_bitline_unit, energy::event::dac_conversion,
          energy::event::shift_add_addition, energy::event::input_buffer_read_byte, energy::event::interconnect_byte}) {
      EXPECT_LT(smaller.yoctojoules(what), larger.yoctojoules(what)) << nodes[i] << ", " << energy::name(what);
    }
    config.macro.area_mm2 = 0;
    EXPECT_LT(evaluate(read_technology(nodes[i]), config).areas().front().milli_um2,
              evaluate(read_technology(nodes[i - 1]), config).areas().front().milli_um2);
  }
}

// The factors of docs/energy.md: energy and area of gates from 28 nm, SRAM of 7 nm from 22 nm, converters by
// regression.
TEST(technology, rows_follow_the_stated_rules) {
  platform_config config;
  const auto costs = [&](const char* node) { return evaluate(read_technology(node), config); };
  const energy::component_table reference = costs("28nm");
  const auto area = [](const energy::component_table& table, const std::string& part) {
    const auto found = std::find_if(table.areas().begin(), table.areas().end(),
                                    [&](const energy::part_area& a) { return a.part == part; });
    return static_cast<double>(found->milli_um2);
  };
  struct rule {
    const char* node;
    double energy, area, converter_pj;
  };
  for (const rule& r :
       {rule{"65nm", 2.474, 3.947, 3.898}, rule{"22nm", 0.602, 0.664, 0.5085}, rule{"7nm", 0.202, 0.154, 0.05906}}) {
    const energy::component_table table = costs(r.node);
    for (const energy::event what : {energy::event::adder_tree_addition, energy::event::shift_add_addition,
                                     energy::event::post_processing_requantize, energy::event::dma_descriptor}) {
      const double ratio = energy::to_double(table.yoctojoules(what)) / energy::to_double(reference.yoctojoules(what));
      EXPECT_NEAR(ratio / r.energy, 1, 2e-3) << r.node << ", " << energy::name(what);
    }
    EXPECT_NEAR(area(table, "post_processing") / area(reference, "post_processing") / r.area, 1, 3e-3) << r.node;
    platform_config eight_bits = config;
    eight_bits.macro.adc_bits = 8;
    const energy::component_table converters = evaluate(read_technology(r.node), eight_bits);
    EXPECT_NEAR(static_cast<double>(converters.attojoules(energy::event::adc_conversion)) / 1e6 / r.converter_pj, 1,
                1e-3);
  }
  const energy::component_table from = costs("22nm");
  const energy::component_table to = costs("7nm");
  EXPECT_NEAR(energy::to_double(to.yoctojoules(energy::event::weight_buffer_read_byte)) /
                  energy::to_double(from.yoctojoules(energy::event::weight_buffer_read_byte)),
              0.336, 1e-3);
  EXPECT_NEAR(area(to, "weight_buffer") / area(from, "weight_buffer"), 0.232, 1e-3);
  const energy::component_id buffer = *energy::find_component("weight_buffer");
  EXPECT_NEAR(static_cast<double>(to.leakage_picowatts(buffer)) / static_cast<double>(from.leakage_picowatts(buffer)),
              0.318, 1e-3);
}

TEST(technology, refuses_a_law_of_delay_that_is_none) {
  const std::string text = text_28nm();
  EXPECT_NE(error_of(replaced(text, "threshold_v: 0.442", "threshold_v: 0")).find("delay.threshold_v = 0: above 0"),
            std::string::npos);
  EXPECT_NE(error_of(replaced(text, "{threshold_v", "{threshold")).find("the nearest is threshold_v"),
            std::string::npos);
}

TEST(technology, refuses_rows_without_source_unit_or_name) {
  const std::string text = text_28nm();
  const std::string row = "    source: published\n  adder_tree";
  EXPECT_NE(error_of(replaced(text, row, "  adder_tree")).find("a cost needs a source"), std::string::npos);
  EXPECT_NE(error_of(replaced(text, row, "    source: folklore\n  adder_tree")).find("must be a name from `sources`"),
            std::string::npos);
  EXPECT_NE(error_of(replaced(text, "unit: fJ", "unit: cal")).find("one of aJ, fJ, nJ, pJ"), std::string::npos);
  EXPECT_NE(error_of(replaced(text, "adc.conversion", "adc.konversion")).find("the nearest is adc.conversion"),
            std::string::npos);
  EXPECT_NE(error_of(replaced(text, "law: sar", "law: sra")).find("power, levels, sar"), std::string::npos);
  EXPECT_NE(error_of(replaced(text, "value: 31.9", "value: -1")).find("0 or more"), std::string::npos);
}

TEST(technology, refuses_an_event_left_out) {
  std::string text = text_28nm();
  const std::size_t from = text.find("  dma.byte:");
  const std::size_t to = text.find("  processor.instruction:");
  text.erase(from, to - from);
  EXPECT_EQ(error_of(text), "t.yaml: events.dma.byte: missing: every event needs a row");
}

TEST(technology, refuses_a_key_that_is_not_there) {
  const technology tech = parse_technology(replaced(text_28nm(), "key: macro.cols", "key: macro.colz"), "t.yaml");
  EXPECT_THROW(evaluate(tech, platform_config{}), input_error);
}

TEST(technology, unknown_name_lists_the_known) {
  try {
    read_technology("29nm");
    FAIL();
  } catch (const input_error& error) {
    EXPECT_STREQ(error.what(),
                 "technology = 29nm: an embedded technology (22nm, 28nm, 65nm, 7nm) or the path of a file");
  }
}

TEST(scaling, delay_follows_the_alpha_power_law) {
  technology tech = read_technology("22nm");
  const double expected =
      (0.7 / std::pow(0.7 - tech.delay.threshold_v, 1.3)) / (1.0 / std::pow(1.0 - tech.delay.threshold_v, 1.3));
  EXPECT_DOUBLE_EQ(delay_factor(tech, 0.7, 1.0), expected);
  EXPECT_DOUBLE_EQ(delay_factor(tech, 1.0, 1.0), 1);
  EXPECT_THROW(delay_factor(tech, 0.4, 1.0), input_error);
  tech.delay.threshold_v = 0;
  EXPECT_THROW(delay_factor(tech, 0.7, 1.0), input_error);
}

// The regression at 65 nm and 8 bits, 7.5 of them effective: 3.898 pJ; energy over energy at 8 bits.
TEST(scaling, converter_survey) {
  const scale_factor law{"", 8, law::adc_survey, 1, "", 1};
  EXPECT_DOUBLE_EQ(factor(law, 8, 0), 1);
  const auto energy = [](double bits) {
    const double merit = 128.3068 + 3.2205115 * std::ceil(bits);
    return std::pow(10, (6.0206 * bits + 1.7609 - merit) / 10) / std::pow(bits, 2.829126);
  };
  EXPECT_NEAR(factor(law, 10, 0), energy(9.5) / energy(7.5), 1e-12);
  EXPECT_DOUBLE_EQ(factor(law, 2, 0), factor(law, 4, 0));  // the regression begins at 4 effective bits
}

TEST(scaling, laws) {
  EXPECT_DOUBLE_EQ(factor({"", 0.9, law::power, 2, "", 1}, 1.8, 0), 4);
  EXPECT_DOUBLE_EQ(factor({"", 1, law::levels, 1, "", 1}, 3, 0), 7);
  EXPECT_DOUBLE_EQ(factor({"", 5, law::sar, 1, "", 1}, 5, 0), 1);
  EXPECT_NEAR(factor({"", 5, law::sar, 1, "", 1}, 10, 0), (1000 + 1048.576) / (500 + 1.024), 1e-12);
  EXPECT_DOUBLE_EQ(tree_full_adders(16, 1), 8 * 1 + 4 * 2 + 2 * 3 + 1 * 4);
  EXPECT_DOUBLE_EQ(tree_full_adders(64, 1), 120);  // published count of a 64-input tree
  EXPECT_DOUBLE_EQ(tree_full_adders(1, 8), 0);
}

TEST(scaling, sram_hits_the_rows_and_lies_between_them) {
  const technology tech = read_technology("28nm");
  const sram_estimate exact = estimate_sram(tech.sram, 32768, 256);
  EXPECT_DOUBLE_EQ(exact.read_pj_per_byte, 11.5026 / 32);
  EXPECT_DOUBLE_EQ(exact.write_pj_per_byte, 20.8514 / 32);
  const sram_estimate two_banks = estimate_sram(tech.sram, 65536, 512);
  EXPECT_DOUBLE_EQ(two_banks.read_pj_per_byte, exact.read_pj_per_byte);
  EXPECT_DOUBLE_EQ(two_banks.area_um2, 2 * exact.area_um2);
  const sram_estimate between = estimate_sram(tech.sram, 46341, 256);
  EXPECT_NEAR(between.read_pj_per_byte * 32, std::sqrt(11.5026 * 22.6132), 1e-3);
  const sram_estimate narrow = estimate_sram(tech.sram, 32768, 192);
  EXPECT_NEAR(narrow.read_pj_per_byte * 24, (8.64056 + 11.5026) / 2, 1e-9);
  EXPECT_EQ(estimate_sram(tech.sram, 0, 256).area_um2, 0);
  for (double bytes = 64; bytes < 1e8; bytes *= 3) EXPECT_GT(estimate_sram(tech.sram, bytes, 8).read_pj_per_byte, 0);
}

}  // namespace
}  // namespace cimbalom::platform
