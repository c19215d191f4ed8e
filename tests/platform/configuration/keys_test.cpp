#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "platform/configuration/keys.hpp"

namespace cimbalom::platform {
namespace {

std::string page() {
  std::ifstream stream(CIMBALOM_SOURCE_DIR "/docs/platform.md");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(keys, defaults_are_in_range_and_paths_are_unique) {
  platform_config config;
  std::set<std::string> paths;
  for (const key& k : keys(config)) {
    EXPECT_TRUE(set_value(k, value_text(k))) << k.path << " = " << value_text(k) << ", allowed: " << allowed(k);
    EXPECT_TRUE(paths.insert(k.path).second) << k.path;
    EXPECT_FALSE(k.doc.empty()) << k.path;
  }
}

// CIMBALOM_UPDATE_DOCS=1 rewrites the table in place.
TEST(keys, page_lists_every_key) {
  const std::string begin = "<!-- keys -->\n";
  const std::string end = "<!-- end of keys -->\n";
  std::string text = page();
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::string table = text.substr(from + begin.size(), to - from - begin.size());
  if (std::getenv("CIMBALOM_UPDATE_DOCS") != nullptr) {
    text.replace(from + begin.size(), table.size(), keys_as_markdown());
    std::ofstream(CIMBALOM_SOURCE_DIR "/docs/platform.md") << text;
    return;
  }
  EXPECT_EQ(table, keys_as_markdown());
}

TEST(keys, values_are_parsed_strictly) {
  platform_config config;
  const std::vector<key> all = keys(config);
  const auto set = [&](const std::string& path, const std::string& text) {
    for (const key& k : all) {
      if (k.path == path) return set_value(k, text);
    }
    ADD_FAILURE() << path;
    return false;
  };
  EXPECT_TRUE(set("macro.adc_bits", "7"));
  EXPECT_EQ(config.macro.adc_bits, 7);
  for (const char* bad : {"", "0", "17", "7.5", "0x7", "7 ", "seven", "99999999999999999999"}) {
    EXPECT_FALSE(set("macro.adc_bits", bad)) << bad;
  }
  EXPECT_TRUE(set("macro.op_ns", "3.6e0"));
  EXPECT_DOUBLE_EQ(config.macro.op_ns, 3.6);
  for (const char* bad : {"nan", "inf", "-1", "0", "1e99"}) EXPECT_FALSE(set("macro.op_ns", bad)) << bad;
  EXPECT_TRUE(set("macro.adc_range", "full"));
  EXPECT_EQ(config.macro.adc_range, cim::adc_range::full);
  EXPECT_FALSE(set("macro.adc_range", "FULL"));
  EXPECT_TRUE(set("macro.kind", "digital"));
  EXPECT_EQ(config.macro.kind, arithmetic::macro_kind::digital);
  EXPECT_TRUE(set("accelerator.ping_pong", "false"));
  EXPECT_FALSE(config.accelerator.ping_pong);
  EXPECT_FALSE(set("accelerator.ping_pong", "no"));
}

TEST(keys, numbers_and_derived_quantities) {
  const platform_config config;
  EXPECT_EQ(number(config, "macro.rows"), 512);
  EXPECT_EQ(number(config, "macro.columns_driven"), 96);
  EXPECT_EQ(number(config, "macro.adcs"), 96);
  EXPECT_EQ(number(config, "macro.cell_bytes"), 49152);  // 384 kb
  EXPECT_FALSE(number(config, "macro.kind"));
  EXPECT_FALSE(number(config, "macro.rowz"));
}

TEST(keys, nearest_is_fewest_edits) {
  EXPECT_EQ(nearest("macro.adc_bit", {"macro.dac_bits", "macro.adc_bits", "name"}), "macro.adc_bits");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace cimbalom::platform
