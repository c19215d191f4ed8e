// The program as a user starts it: exit codes, one-line errors, files.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/sw/cli/program_start.hpp"

namespace cimbalom::cli {
namespace {

outcome run(const std::string& name, const std::string& more = "") {
  return start("run --images 4 --batch 4 --out " + folder(name) + " " + more);
}

TEST(program, run_reports_what_evaluate_does) {
  ASSERT_EQ(run("run").code, 0);
  ASSERT_EQ(start("evaluate --images 4 --out " + folder("evaluate")).code, 0);
  nlohmann::json timed = report_of("run");
  EXPECT_EQ(timed["accuracy"], report_of("evaluate")["accuracy"]);
  EXPECT_GE(timed["performance"]["latency_ns"], timed["performance"]["compute_bound_ns"]);
  EXPECT_GT(timed["energy"]["total_pj"], 0);
}

TEST(program, two_runs_give_the_same_bytes) {
  for (const std::string name : {"first", "second"}) {
    std::filesystem::remove_all(folder(name));  // the waves go into the folder that the run makes
    ASSERT_EQ(run(name, "--vcd " + folder(name) + "/waves.vcd --vcd-signals '**dram**'").code, 0);
  }
  for (const char* file : {"/report.json", "/layers.csv", "/resolved.yaml"}) {
    EXPECT_EQ(text_of(folder("first") + file), text_of(folder("second") + file)) << file;
  }
  EXPECT_EQ(text_of(folder("first") + "/waves.vcd"), text_of(folder("second") + "/waves.vcd"));
  EXPECT_GT(text_of(folder("first") + "/waves.vcd").size(), 1000U);
}

TEST(program, resolved_platform_runs_to_the_same_report) {
  ASSERT_EQ(run("original", "--set platform.macro.adc_bits=4 --set quantization.weight_bits=6").code, 0);
  ASSERT_EQ(run("again", "--platform " + folder("original") + "/resolved.yaml").code, 0);
  EXPECT_EQ(text_of(folder("original") + "/report.json"), text_of(folder("again") + "/report.json"));
}

TEST(program, timing_only_keeps_the_times) {
  ASSERT_EQ(run("full").code, 0);
  ASSERT_EQ(run("timing", "--timing-only").code, 0);
  EXPECT_EQ(report_of("full")["performance"], report_of("timing")["performance"]);
  EXPECT_EQ(report_of("full")["dram"], report_of("timing")["dram"]);
  EXPECT_FALSE(report_of("timing")["accuracy"].contains("hardware_top1"));
}

TEST(program, every_input_is_hashed) {
  const std::string steps = folder("steps.yaml"), other = folder("other.yaml");
  std::ofstream(steps) << "input: {scale: 0.00392156862745098}\n";
  std::ofstream(other) << "input: {scale: 0.00392156862745098, mean: [0]}\n";  // the same values
  ASSERT_EQ(start("evaluate --images 4 --preprocess " + steps + " --out " + folder("a")).code, 0);
  ASSERT_EQ(start("evaluate --images 4 --preprocess " + other + " --out " + folder("b")).code, 0);
  nlohmann::json a = report_of("a")["command"]["input_sha256"], b = report_of("b")["command"]["input_sha256"];
  for (const char* key : {"model", "images", "calibration_images", "preprocess", "technology"}) {
    ASSERT_TRUE(a.contains(key)) << key;
    EXPECT_EQ(a[key].get<std::string>().size(), 64U);
    EXPECT_EQ(a[key] == b[key], key != std::string("preprocess")) << key;
  }
  EXPECT_NE(a["images"], a["calibration_images"]);
}

TEST(program, a_full_disk_behind_standard_output_is_told) {
  for (const char* arguments : {"inspect nthu-28nm", "--help", "evaluate --images 1"}) {
    const outcome result =
        start(std::string(arguments) + (arguments[0] == 'e' ? " --out " + folder("full") : ""), "/dev/full");
    EXPECT_EQ(result.code, 1) << arguments;
    EXPECT_NE(result.errors.find("error: standard output cannot be written"), std::string::npos) << result.errors;
  }
}

TEST(program, bad_input_is_one_line_and_code_2) {
  const std::string broken = folder("broken.yaml");
  std::ofstream(broken) << "macro:\n  adc_bit: 5\n";
  const std::string range = folder("range.yaml");
  std::ofstream(range) << "macro:\n  adc_bits: 99\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "needs a command"},
      {"jump", "jump"},
      {"run --model missing.onnx", "missing.onnx"},
      {"run --model " + broken, "is not an ONNX model"},
      {"run --platform " + broken, broken + ":2: macro.adc_bit: no such key; the nearest is macro.adc_bits"},
      {"run --platform " + range, range + ":2: macro.adc_bits = 99: allowed: 1..16"},
      {"run --set platform.macro.adc_bits=x", "--set: macro.adc_bits = x"},
      {"run --dataset cifar10:/missing", "/missing"},
      {"run --out /proc/none", "--out = /proc/none"},
      {"run --vcd /proc/none.vcd", "--vcd = /proc/none.vcd"},
      {"run --vcd-window 1us:2us", "--vcd: is needed"},
      {"run --batch 0", "--batch"},
      {"run --model= --batch 2", "--model= needs a value"},
      {"inspect missing.yaml", "missing.yaml"},
  };
  for (const auto& [arguments, part] : cases) {
    const outcome result = start(arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << arguments << "\n" << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << arguments << "\n" << result.errors;
  }
}

TEST(program, help_version_and_inspect_succeed) {
  for (const char* arguments :
       {"--help", "run --help", "--version", "inspect nthu-28nm", "inspect --operators", "inspect digital-28nm"}) {
    const outcome result = start(arguments);
    EXPECT_EQ(result.code, 0) << arguments;
    EXPECT_EQ(result.errors, "") << arguments;
  }
}

}  // namespace
}  // namespace cimbalom::cli
