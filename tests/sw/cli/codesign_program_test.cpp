// Co-design as a user starts it: stops, resumes, compares, refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/sw/cli/design_start.hpp"

namespace cimbalom::cli {
namespace {

TEST(codesign, killed_and_resumed_gives_the_same_package) {
  for (const std::string name : {"whole", "killed"}) {
    std::filesystem::remove_all(folder(name));
    std::filesystem::remove(folder(name) + ".checkpoint");
  }
  ASSERT_EQ(design("whole").code, 0);
  const std::string command = std::string(CIMBALOM_PROGRAM) + " codesign --policy builtin --out " + folder("killed") +
                              quick + " 2>/dev/null >/dev/null & pid=$!; until [ -e " + folder("killed") +
                              ".checkpoint ] || ! kill -0 $pid; do sleep 0.05; done; kill -9 $pid; wait $pid; true";
  ASSERT_EQ(std::system(command.c_str()), 0);
  ASSERT_TRUE(std::filesystem::exists(folder("killed") + ".checkpoint"));
  ASSERT_EQ(design("killed", "--resume").code, 0);
  EXPECT_EQ(manifest("killed"), manifest("whole"));
  EXPECT_NE(manifest("whole"), "");
}

TEST(codesign, stages_run_one_after_another) {
  for (const char* stage : {"pruning", "widths", "mixed"})
    ASSERT_EQ(design("stages", std::string("--resume --until ") + stage).code, 0) << stage;
  EXPECT_EQ(manifest("stages"), manifest("whole"));
}

TEST(codesign, a_package_is_paired_again) {
  ASSERT_EQ(start("codesign --package " + folder("whole") + " --set policy.pairing.filters_per_slot=1 --out " +
                  folder("single"))
                .code,
            0);
  ASSERT_EQ(start("inspect " + folder("single")).code, 0);
  EXPECT_NE(manifest("single"), manifest("whole"));
}

TEST(codesign, run_of_a_policy_shows_baseline_gain_and_ablation) {
  const outcome result =
      start("run --policy builtin --ablation --images 4 --batch 4 --out " + folder("policy") + quick);
  ASSERT_EQ(result.code, 0) << result.errors;
  const nlohmann::json report = report_of("policy");
  EXPECT_GT(report.at("gain").at("speedup").at("batch_1"), 1);
  EXPECT_GT(report.at("gain").at("speedup").at("batch_n"), 1);
  EXPECT_GT(report.at("gain").at("storage"), 1);
  for (const char* part : {"performance", "energy", "accuracy", "memory"})
    EXPECT_TRUE(report.at("baseline").contains(part)) << part;
  const nlohmann::json& alone = report.at("ablation");
  EXPECT_GT(alone.at("pairing").at("gain").at("speedup").at("batch_1"), 1.2);
  EXPECT_NEAR(alone.at("mixed").at("gain").at("speedup").at("batch_1").get<double>(), 1, 0.02);
  EXPECT_EQ(alone.at("all").at("gain"), report.at("gain"));
  ASSERT_EQ(start("run --package " + folder("policy") + "/package --images 4 --batch 4 --out " + folder("again")).code,
            0);
  EXPECT_EQ(report_of("again").at("performance"), report.at("performance"));
  EXPECT_EQ(report_of("again").at("baseline"), report.at("baseline"));
}

TEST(codesign, estimate_of_a_package_agrees_with_its_run) {
  ASSERT_EQ(start("estimate --package " + folder("policy") + "/package --batch 4 --out " + folder("estimated")).code,
            0);
  const double estimated = report_of("estimated").at("gain").at("speedup").at("batch_1");
  const double measured = report_of("policy").at("gain").at("speedup").at("batch_1");
  EXPECT_NEAR(estimated / measured, 1, 0.06);  // 3 % each
}

TEST(codesign, bad_input_is_one_line_and_code_two) {
  const std::string policy = folder("bad.yaml");
  std::ofstream(policy) << "seed: 1\nspeed: 2\n";
  const std::string common = "codesign --policy builtin --out " + folder("refused");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"codesign --out " + folder("refused"), "needs --policy"},
      {"codesign --policy " + policy + " --out " + folder("refused"), policy + ":2: speed: unknown key"},
      {common + " --set policy.pruning.target_density=0.1", "builtin: policy.pruning.target_density = 0.1"},
      {common + " --set policy.budget.mean_bits=1", "policy.budget.mean_bits = 1: at least"},
      {common + " --set policy.budget.mean_bits=[6,5,4,3,2]", "budget.mean_bits"},
      {common + " --set quantization.weight_bits=4", "the policy says"},
      {common + " --set platform.macro.slot_bits=16", "slot_bits"},
      {common + " --until never", "--until = never: initial, pruning, widths or mixed"},
      {common + " --dataset cifar10:/missing", "/missing"},
      {"codesign --policy builtin --out /proc/none", "--out = /proc/none"},
      {"codesign --policy builtin --out " + testing::TempDir(), "a folder that does not exist, is empty, or holds"},
      {"run --ablation", "--ablation"},
      {"run --policy builtin --package x", "excludes"},
      {"run --package " + folder("whole") + " --variant thing --out " + folder("refused_run"), "--variant = thing"},
  };
  for (const auto& [arguments, part] : cases) {
    const outcome result = start(arguments);
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << arguments << "\n" << result.errors;
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << arguments << "\n" << result.errors;
  }
}

}  // namespace
}  // namespace cimbalom::cli
