#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "platform/configuration/error.hpp"
#include "sw/cli/commands.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::cli {
namespace {

std::string folder(const std::string& name) {
  return testing_support::process_folder() / name;
}

std::string text_of(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

evaluate_arguments builtin(const std::string& out, unsigned threads) {
  evaluate_arguments arguments;
  arguments.source.images = 40;
  arguments.source.out = folder(out);
  arguments.threads = threads;
  return arguments;
}

TEST(evaluate, builtin_network_keeps_its_accuracy) {
  evaluate(builtin("one", 2));
  nlohmann::json report = nlohmann::json::parse(text_of(folder("one") + "/report.json"));
  EXPECT_EQ(report["accuracy"]["images"], 40);
  EXPECT_GE(report["accuracy"]["float_top1"].get<double>(), 85);
  EXPECT_GE(report["accuracy"]["hardware_top1"].get<double>(), 80);
  EXPECT_GT(report["adc"]["conversions"].get<double>(), 1e6);
  EXPECT_FALSE(report.contains("performance"));
}

TEST(evaluate, same_bytes_whatever_the_threads) {
  evaluate(builtin("a", 1));
  evaluate(builtin("b", 2));
  for (const char* file : {"/report.json", "/layers.csv", "/resolved.yaml"}) {
    EXPECT_EQ(text_of(folder("a") + file), text_of(folder("b") + file)) << file;
  }
}

TEST(evaluate, lossless_platform_equals_the_integer_network) {
  evaluate_arguments arguments = builtin("lossless", 2);
  arguments.source.platform = "lossless-28nm";
  evaluate(arguments);
  nlohmann::json report = nlohmann::json::parse(text_of(folder("lossless") + "/report.json"));
  EXPECT_EQ(report["accuracy"]["hardware_top1"], report["accuracy"]["quantized_top1"]);
  EXPECT_EQ(report["adc"]["clipped"], 0);
}

TEST(evaluate, bad_input_is_one_line) {
  const auto error_of = [](const evaluate_arguments& arguments) -> std::string {
    try {
      evaluate(arguments);
    } catch (const input_error& error) {
      return error.what();
    }
    return "accepted";
  };
  evaluate_arguments arguments = builtin("bad", 1);
  arguments.source.out = "/proc/cimbalom";
  EXPECT_NE(error_of(arguments).find("--out"), std::string::npos);
  arguments = builtin("bad", 1);
  arguments.source.model = "missing.onnx";
  EXPECT_NE(error_of(arguments).find("missing.onnx"), std::string::npos);
  arguments = builtin("bad", 1);
  arguments.source.dataset = "cifar10:/missing";
  EXPECT_NE(error_of(arguments).find("/missing"), std::string::npos);
  arguments = builtin("bad", 1);
  arguments.source.platform = "missing.yaml";
  EXPECT_NE(error_of(arguments).find("missing.yaml"), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::cli
