#include "sw/cli/settings.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "platform/configuration/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::cli {
namespace {

std::string error_of(const std::string& setting) {
  try {
    parse_settings("", {setting});
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(settings, kinds_are_told_apart) {
  const settings parsed =
      parse_settings("", {"platform.macro.adc_bits=6", "quantization.weight_bits=4", "quantization.layer_bits.conv1=8",
                          "quantization.method=min_max", "quantization.percentile=99.5"});
  EXPECT_EQ(parsed.platform, (std::vector<std::string>{"platform.macro.adc_bits=6"}));
  EXPECT_EQ(parsed.quantization.weight_bits, 4);
  EXPECT_EQ(parsed.quantization.layer_bits.at("conv1"), 8);
  EXPECT_EQ(parsed.quantization.method, quantization::calibration_method::min_max);
  EXPECT_DOUBLE_EQ(parsed.quantization.percentile, 99.5);
}

TEST(settings, bad_ones_name_key_and_value) {
  EXPECT_EQ(error_of("quantization.weight_bit=4"),
            "--set: quantization.weight_bit: no such key; the nearest is quantization.weight_bits");
  EXPECT_EQ(error_of("quantization.weight_bits=four"), "--set: quantization.weight_bits = four: a number");
  EXPECT_EQ(error_of("study.x=4"), "--set: study.x: must start with platform., quantization. or policy.");
  EXPECT_EQ(error_of("platform.macro"), "--set: platform.macro: must read KEY=VALUE");
  for (const char* setting :
       {"quantization.weight_bits=0", "quantization.activation_bits=17", "quantization.percentile=5",
        "quantization.method=magic", "quantization.calibration_images=0"}) {
    EXPECT_EQ(error_of(setting).find('\n'), std::string::npos);
    EXPECT_NE(error_of(setting), "accepted") << setting;
  }
}

TEST(settings, section_of_a_platform_file_reads_back) {
  quantization::quantization_settings q;
  q.weight_bits = 6;
  q.percentile = 99.5;
  q.method = quantization::calibration_method::percentile;
  q.layer_bits["a: \"b\" #c"] = 5;
  const std::string path = testing_support::process_folder() / "settings.yaml";
  std::ofstream(path) << "name: any\n" << quantization_yaml(q);
  const quantization::quantization_settings read = parse_settings(path, {}).quantization;
  EXPECT_EQ(quantization_yaml(read), quantization_yaml(q));
  EXPECT_EQ(parse_settings(path, {"quantization.weight_bits=4"}).quantization.weight_bits, 4);
  std::ofstream(path) << "name: any\nquantization:\n  weight_bits: 99\n";
  EXPECT_THROW(parse_settings(path, {}), input_error);
  std::ofstream(path) << "name: any\nquantization:\n  wait_bits: 9\n";
  EXPECT_THROW(parse_settings(path, {}), input_error);
}

}  // namespace
}  // namespace cimbalom::cli
