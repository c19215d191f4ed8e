#include "platform/configuration/platform_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "platform/configuration/error.hpp"
#include "platform/configuration/keys.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::platform {
namespace {

std::string error_of(const std::string& text, const std::vector<std::string>& settings = {}) {
  try {
    parse_platform(text, "p.yaml", settings);
  } catch (const input_error& error) {
    const std::string line = error.what();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return line;
  }
  return "accepted";
}

TEST(platform_file, default_is_the_preset) {
  const platform_config config = read_platform("");
  EXPECT_EQ(config.name, "nthu-28nm");
  EXPECT_EQ(write_platform(config), write_platform(parse_platform("", "")));
}

TEST(platform_file, every_preset_is_valid_and_writes_what_it_reads) {
  for (const std::string& name : preset_names()) {
    const platform_config config = read_platform(name);
    EXPECT_EQ(config.name, name);
    const std::string text = write_platform(config);
    EXPECT_EQ(write_platform(parse_platform(text, name)), text);
  }
  EXPECT_GE(preset_names().size(), 3U);
}

TEST(platform_file, changed_values_survive_writing) {
  platform_config config;
  for (const key& k : keys(config)) {
    if (auto* const* real = std::get_if<double*>(&k.value)) **real = k.low + (**real - k.low) * 0.987654321;
  }
  config.macro.adc_range = cim::adc_range::fixed;
  config.nonideality.seed = 1234567890123456ULL;
  const std::string text = write_platform(config);
  EXPECT_EQ(write_platform(parse_platform(text, "x")), text);
  EXPECT_NE(text.find("seed: 1234567890123456"), std::string::npos);
}

TEST(platform_file, settings_come_last_and_in_order) {
  const platform_config config =
      parse_platform("macro: {adc_bits: 7}\nname: n\n", "p.yaml",
                     {"platform.macro.adc_bits=8", "platform.macro.adc_bits=9", "platform.name=other"});
  EXPECT_EQ(config.macro.adc_bits, 9);
  EXPECT_EQ(config.name, "other");
}

TEST(platform_file, empty_files_and_sections_keep_defaults) {
  for (const char* text : {"", "# nothing\n", "macro:\n", "---\n"}) {
    EXPECT_EQ(write_platform(parse_platform(text, "p.yaml")), write_platform(parse_platform("", ""))) << text;
  }
}

TEST(platform_file, a_dram_preset_comes_before_its_keys) {
  const platform_config config = parse_platform("dram: {channels: 4, preset: ddr4-2400}", "p.yaml");
  EXPECT_EQ(config.dram.channels, 4);
  EXPECT_EQ(config.dram.timing.clock_ps, 833);
  const platform_config other = parse_platform("dram: {channels: 4}", "p.yaml", {"platform.dram.preset=ideal"});
  EXPECT_EQ(other.dram.channels, 4);
  EXPECT_TRUE(other.dram.ideal);
  EXPECT_EQ(error_of("dram: {preset: sdram}"),
            "p.yaml:1: dram.preset = sdram: allowed: ddr4-2400, ddr4-3200, lpddr4-3200, lpddr5-6400, hbm2 or ideal");
}

TEST(platform_file, unknown_keys_name_the_nearest) {
  EXPECT_EQ(error_of("name: a\nmacro:\n  adc_bit: 5\n"),
            "p.yaml:3: macro.adc_bit: no such key; the nearest is macro.adc_bits");
  EXPECT_EQ(error_of("\nmakro: {}\n"), "p.yaml:2: makro: no such key; the nearest is macro");
  EXPECT_EQ(error_of("", {"platform.macro.adc_bit=5"}),
            "--set: macro.adc_bit: no such key; the nearest is macro.adc_bits");
}

TEST(platform_file, a_section_is_no_key) {
  EXPECT_EQ(error_of("", {"platform.macro=5"}), "--set: macro: is a section: name one of its keys, such as macro.kind");
}

TEST(platform_file, ideal_memory_is_told) {
  const std::vector<std::string> all = parse_platform("dram: {preset: ideal}", "p.yaml").warnings;
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0], "dram.preset is ideal: memory answers at once, times are too good");
}

TEST(platform_file, what_decides_the_time_of_an_operation_warns_without_a_new_time) {
  const auto warned = [](const std::string& text, const std::vector<std::string>& settings = {}) {
    const std::vector<std::string> all = parse_platform(text, "p.yaml", settings).warnings;
    return all.empty() ? std::string() : all.front();
  };
  EXPECT_EQ(warned("macro: {adc_bits: 6, vdd_v: 0.8}"),
            "macro.adc_bits, macro.vdd_v changed without macro.op_ns: an operation still takes 7.2 ns, its time is not "
            "scaled");
  EXPECT_NE(warned("macro: {op_ns: 5}", {"platform.macro.rows_active=8"}), "");  // the file's time is of its own rows
  EXPECT_EQ(warned("macro: {adc_bits: 6, op_ns: 8}"), "");
  EXPECT_EQ(warned("macro: {adc_bits: 6}", {"platform.macro.op_ns=8"}), "");
  EXPECT_EQ(warned("macro: {adc_bits: 5}"), "");  // as it is
  EXPECT_EQ(warned("accelerator: {macros: 8}"), "");
  for (const std::string& preset : preset_names()) EXPECT_EQ(read_platform(preset).warnings.size(), 0U) << preset;
  EXPECT_EQ(warned(write_platform(parse_platform("macro: {adc_bits: 6}", "p.yaml"))), "");  // a resolved file
}

TEST(platform_file, bad_values_name_line_and_range) {
  EXPECT_EQ(error_of("macro:\n  adc_bits: 17\n"), "p.yaml:2: macro.adc_bits = 17: allowed: 1..16");
  EXPECT_EQ(error_of("macro: {adc_range: most}"),
            "p.yaml:1: macro.adc_range = most: allowed: full, calibrated or fixed");
  EXPECT_EQ(error_of("", {"platform.macro.op_ns=fast"}),
            "--set: macro.op_ns = fast: allowed: a number in 0.001..1000000");
  EXPECT_EQ(error_of("accelerator:\n  ping_pong: 1\n"), "p.yaml:2: accelerator.ping_pong = 1: allowed: true or false");
}

TEST(platform_file, cross_checks_name_the_line_of_the_key) {
  const std::string line = error_of("macro:\n  rows: 100\n  rows_active: 16\n");
  EXPECT_EQ(line.rfind("p.yaml:3: macro.rows_active = 16: ", 0), 0U) << line;
  const std::string other = error_of("macro: {rows_active: 16}", {"platform.macro.rows=100"});
  EXPECT_EQ(other.rfind("p.yaml:1: macro.rows_active = 16: ", 0), 0U) << other;
}

TEST(platform_file, structure_is_checked) {
  EXPECT_EQ(error_of("macro: {adc_bits: 5}\nmacro: {adc_bits: 6}\n"), "p.yaml:2: macro: given twice, first on line 1");
  EXPECT_EQ(error_of("macro:\n  rows: 512\n  rows: 256\n"), "p.yaml:3: macro.rows: given twice, first on line 2");
  EXPECT_EQ(error_of("macro: 5\n"), "p.yaml:1: macro: must be a map of keys and values");
  EXPECT_EQ(error_of("macro: {adc_bits: [1, 2]}"), "p.yaml:1: macro.adc_bits: is a list; a single value is needed");
  EXPECT_EQ(error_of("- 1\n"), "p.yaml:1: must be a map of keys and values");
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"), "p.yaml: holds several YAML documents; one is allowed");
  EXPECT_EQ(error_of("macro: {adc_bits: 5\n").rfind("p.yaml:", 0), 0U);
  EXPECT_EQ(error_of(std::string(100, '[')), "p.yaml: brackets nest deeper than 32 levels");
}

TEST(platform_file, messages_stay_in_one_line) {
  EXPECT_EQ(error_of("macro: {\"adc\\nbits\": 5}"),
            "p.yaml:1: macro.adc bits: no such key; the nearest is macro.adc_bits");
}

TEST(platform_file, settings_must_name_key_and_value) {
  EXPECT_EQ(error_of("", {"platform.macro.adc_bits"}), "--set: platform.macro.adc_bits: must read platform.KEY=VALUE");
  EXPECT_EQ(error_of("", {"macro.adc_bits=5"}),
            "--set: macro.adc_bits: must start with the kind of file, e.g. platform.macro.adc_bits=6");
}

TEST(platform_file, missing_files_name_the_presets) {
  try {
    read_platform("no/such.yaml");
    FAIL();
  } catch (const input_error& error) {
    EXPECT_NE(std::string(error.what()).find("nthu-28nm"), std::string::npos);
  }
}

TEST(platform_file, reads_a_file) {
  const std::string path = testing_support::process_folder() / "platform.yaml";
  std::ofstream(path) << "name: mine\nmacro: {adc_bits: 4}\n";
  EXPECT_EQ(read_platform(path).macro.adc_bits, 4);
}

}  // namespace
}  // namespace cimbalom::platform
