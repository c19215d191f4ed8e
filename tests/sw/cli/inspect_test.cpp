#include "sw/cli/inspect.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/configuration/error.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::cli {
namespace {

std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing_support::process_folder() / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string error_of(const std::string& file) {
  try {
    inspect({file, false});
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

void expect_parts(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

TEST(inspect, operators) {
  expect_parts(inspect({"", true}), {"Conv", "GlobalAveragePool", "QLinearConv"});
}

TEST(inspect, platform) {
  expect_parts(inspect({"nthu-28nm", false}),
               {"adc_bits: 5", "853.3 GOPS", "192.0 KiB in 4 macros", "adc.conversion", "mm2"});
}

TEST(inspect, model) {
  const std::string path = written("model.onnx", std::string(datasets::builtin_onnx()));
  expect_parts(inspect({path, false}), {"sha256", "input", "Conv", "runs on"});
}

TEST(inspect, result) {
  const std::string path = written(
      "report.json", R"({"schema_version": 1, "accuracy": {"images": 3}, "layers": [{"name": "conv", "macs": 5}]})");
  expect_parts(inspect({path, false}), {"accuracy.images", "conv"});
}

TEST(inspect, bad_files_are_one_line) {
  EXPECT_NE(error_of("nothing.yaml").find("no such platform file"), std::string::npos);
  EXPECT_NE(error_of(written("bad.json", "{")).find("not valid JSON"), std::string::npos);
  EXPECT_NE(error_of(written("old.json", "{}")).find("schema_version"), std::string::npos);
  EXPECT_NE(error_of(written("cut.onnx", std::string(datasets::builtin_onnx().substr(0, 1000)))), "accepted");
  const std::string folder = testing_support::process_folder() / "folder";
  std::filesystem::create_directories(folder);
  EXPECT_NE(error_of(folder).find("a folder without report.json"), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::cli
