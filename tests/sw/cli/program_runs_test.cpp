// Whole jobs of the program: estimate, several accelerators, packages, and runs that end early.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/conformance/shared_data.hpp"
#include "tests/sw/cli/program_start.hpp"
#include "tests/sw/package/embedded_package.hpp"

extern char** environ;

namespace cimbalom::cli {
namespace {

void expect_near(const nlohmann::json& estimated, const nlohmann::json& simulated, double percent) {
  const double e = estimated.get<double>(), s = simulated.get<double>();
  EXPECT_LE(std::abs(e / s - 1) * 100, percent) << e << " and " << s;
}

TEST(program_runs, estimate_reports_what_run_measures) {
  for (const std::string count : {"1", "2"}) {
    const std::string more = " --batch 8 --set platform.accelerator.count=" + count;
    ASSERT_EQ(start("run --timing-only --images 8 --out " + folder("run" + count) + more).code, 0);
    ASSERT_EQ(start("estimate --out " + folder("estimate" + count) + more).code, 0);
    const nlohmann::json run = report_of("run" + count), estimate = report_of("estimate" + count);
    EXPECT_EQ(estimate["command"]["name"], "estimate");
    expect_near(estimate["performance"]["latency_ns"], run["performance"]["latency_ns"], 3);
    expect_near(estimate["performance"]["throughput_fps"], run["performance"]["throughput_fps"], 3);
    EXPECT_EQ(estimate["performance"]["compute_bound_ns"], run["performance"]["compute_bound_ns"]);
    EXPECT_EQ(estimate["layers"].size(), run["layers"].size());
  }
  EXPECT_GT(report_of("run2")["performance"]["throughput_fps"], report_of("run1")["performance"]["throughput_fps"]);
}

TEST(program_runs, a_topology_without_weights_is_timed_but_not_computed) {
  CIMBALOM_NEEDS("topologies/resnet18_imagenet.onnx");
  const std::string model = "--model " + tests::shared_data() + "/topologies/resnet18_imagenet.onnx --batch 1 --out ";
  const outcome timed = start("run --timing-only --images 1 " + model + folder("timed"));
  ASSERT_EQ(timed.code, 0) << timed.errors;
  EXPECT_NE(timed.errors.find("note: the file of weights is absent"), std::string::npos) << timed.errors;
  ASSERT_EQ(start("estimate " + model + folder("estimated")).code, 0);
  const nlohmann::json run = report_of("timed"), estimate = report_of("estimated");
  expect_near(estimate["performance"]["latency_ns"], run["performance"]["latency_ns"], 3);
  EXPECT_FALSE(run["accuracy"].contains("hardware_top1"));
  const outcome computed = start("run --images 1 " + model + folder("computed"));
  EXPECT_EQ(computed.code, 2);
  EXPECT_NE(computed.errors.find("the file is absent"), std::string::npos) << computed.errors;
}

TEST(program_runs, several_accelerators_agree_with_evaluate) {
  const std::string two = " --images 5 --set platform.accelerator.count=2 --out ";
  ASSERT_EQ(start("run --batch 4" + two + folder("two")).code, 0);
  ASSERT_EQ(start("evaluate" + two + folder("two_evaluated")).code, 0);
  EXPECT_EQ(report_of("two")["accuracy"], report_of("two_evaluated")["accuracy"]);
}

TEST(program_runs, estimate_of_bad_input_is_one_line) {
  for (const char* arguments : {"estimate --model missing.onnx", "estimate --batch 0", "estimate --out /proc/none"}) {
    EXPECT_EQ(start(arguments).code, 2) << arguments;
  }
}

TEST(program_runs, a_package_runs_as_it_evaluates) {
  const std::string package = make_embedded_package(folder("made"));
  const std::string same = " --package " + package + " --images 4 --out ";
  ASSERT_EQ(start("run --batch 4 --variant all" + same + folder("package_run")).code, 0);
  ASSERT_EQ(start("evaluate" + same + folder("package_evaluated")).code, 0);
  const nlohmann::json run = report_of("package_run"), evaluated = report_of("package_evaluated");
  EXPECT_EQ(run["accuracy"]["hardware_top1"], evaluated["accuracy"]["hardware_top1"]);
  EXPECT_EQ(run["memory"]["weight_storage_bits"], evaluated["memory"]["weight_storage_bits"]);
  EXPECT_TRUE(run["command"]["input_sha256"].contains("package"));
}

TEST(program_runs, a_changed_adc_without_a_time_is_told_once) {
  const outcome told =
      start("run --timing-only --images 1 --batch 1 --set platform.macro.vdd_v=0.8 --out " + folder("told"));
  EXPECT_EQ(told.code, 0);
  EXPECT_NE(told.errors.find("warning: macro.vdd_v changed without macro.op_ns"), std::string::npos) << told.errors;
}

TEST(program_runs, what_ends_before_time_starts_leaves_no_waves) {
  const std::string waves = folder("none.vcd");
  EXPECT_EQ(start("run --dataset cifar10:/missing --vcd " + waves + " --out " + folder("none")).code, 2);
  EXPECT_FALSE(std::filesystem::exists(waves));
  EXPECT_EQ(start("run --images 1 --vcd-signals nothing --vcd " + waves + " --out " + folder("none")).code, 2);
  EXPECT_FALSE(std::filesystem::exists(waves));
}

// Starts a long run, and stops it when it is under way.
int code_when_stopped(int signal_number, const std::string& waves, const std::string& timeline) {
  std::vector<std::string> words = {CIMBALOM_PROGRAM,  "run",        "--images", "2000",
                                    "--timing-only",   "--vcd",      waves,      "--out",
                                    folder("stopped"), "--timeline", timeline};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, CIMBALOM_PROGRAM, nullptr, nullptr, arguments.data(), environ) != 0) return -1;
  std::error_code ignored;
  for (int i = 0; i < 600 && !(std::filesystem::file_size(waves, ignored) > 100000 && !ignored); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  kill(child, signal_number);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(program_runs, a_signal_ends_a_run_with_valid_files) {
  for (const int number : {SIGINT, SIGTERM}) {
    const std::string waves = folder("stopped" + std::to_string(number) + ".vcd"), timeline = waves + ".json";
    EXPECT_EQ(code_when_stopped(number, waves, timeline), 1);
    const std::string text = text_of(waves);
    EXPECT_NE(text.find("$enddefinitions"), std::string::npos);
    EXPECT_EQ(text.back(), '\n');
    EXPECT_GT(text.rfind("\n#"), text.find("$end"));
    EXPECT_TRUE(nlohmann::json::accept(text_of(timeline)));
    if (std::filesystem::exists("/usr/bin/vcd2fst")) {
      EXPECT_EQ(std::system(("vcd2fst " + waves + " " + waves + ".fst > /dev/null 2>&1").c_str()), 0);
    }
  }
}

}  // namespace
}  // namespace cimbalom::cli
