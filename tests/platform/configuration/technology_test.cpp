#include "platform/configuration/technology.hpp"

#include <gtest/gtest.h>

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
    EXPECT_STREQ(error.what(), "technology = 29nm: an embedded technology (28nm) or the path of a file");
  }
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
