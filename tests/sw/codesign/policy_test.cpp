#include "sw/codesign/policy.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::codesign {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_policy(text, "p.yaml");
  } catch (const input_error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "accepted";
}

TEST(policy, an_empty_file_gives_the_defaults) {
  const policy p = parse_policy("", "p.yaml");
  EXPECT_EQ(p.to_yaml(), policy{}.to_yaml());
  EXPECT_EQ(p.budget.mean_bits, std::vector<double>{8});
}

TEST(policy, every_key_is_read_and_written_back) {
  const std::string text =
      "seed: 18446744073709551615\nthreads: 3\nbatch: 32\nlearning_rate: 0.02\nwarm_up: 0.1\nmomentum: "
      "0.8\nweight_decay: 0.001\n"
      "training_images: 9\nvalidation_images: 8\nvalidation_fraction: 0.2\nepochs:\n  pruning: 7\n  widths: 2\n  "
      "mixed: 5\n  hardware: 1\nkeep_best: "
      "false\nbudget:\n  mean_bits: [6, 6, 4.5]\n  least_bits: "
      "3\n  operations: 0.3\n  energy: 0\n  activation_choices: [8, 6, 4]\n"
      "input_bits: 7\nactivation_bits: 6\nlayer_activation_bits: {\"conv: 1\": 4, \"fc\": 8}\npruning:\n"
      "  target_density: 0.8\n  least_density: 0.1\n  ramp: 0.5\n  group_lasso: 0\ndistillation:\n  weight: 0.5\n"
      "  temperature: 2\naugmentation:\n  flip: false\n  shift: 0\nallocation: distortion\npairing:\n  "
      "filters_per_slot: 3\n";
  const policy p = parse_policy(text, "p.yaml");
  EXPECT_EQ(p.to_yaml(), text);
  EXPECT_EQ(parse_policy(p.to_yaml(), "again").to_yaml(), text);
  EXPECT_EQ(p.budget.mean_bits, (std::vector<double>{6, 6, 4.5}));
  EXPECT_EQ(p.layer_activation_bits.at("conv: 1"), 4);
  EXPECT_NO_THROW(p.validate());
}

TEST(policy, a_single_mean_needs_no_list) {
  EXPECT_EQ(parse_policy("budget: {mean_bits: 5.5}", "p").budget.mean_bits, std::vector<double>{5.5});
}

TEST(policy, impossible_values_name_file_line_key_and_range) {
  EXPECT_EQ(refusal("seed: 1\npruning:\n  target_density: 0\n"),
            "p.yaml:3: pruning.target_density = 0: a number above 0, at most 1");
  EXPECT_EQ(refusal("pruning: {target_density: 1.2}"),
            "p.yaml:1: pruning.target_density = 1.2: a number above 0, at most 1");
  EXPECT_EQ(refusal("budget: {mean_bits: [6, 9]}"), "p.yaml:1: budget.mean_bits = 9: a number in 1..8");
  EXPECT_EQ(refusal("budget: {mean_bits: 0.5}"), "p.yaml:1: budget.mean_bits = 0.5: a number in 1..8");
  EXPECT_EQ(refusal("activation_bits: 9"), "p.yaml:1: activation_bits = 9: a whole number in 2..8");
  EXPECT_EQ(refusal("layer_activation_bits: {a: 1}"), "p.yaml:1: layer_activation_bits.a = 1: a whole number in 2..8");
  EXPECT_EQ(refusal("batch: 2.5"), "p.yaml:1: batch = 2.5: a whole number in 1..65536");
  EXPECT_EQ(refusal("learning_rate: nan"), "p.yaml:1: learning_rate = nan: a number above 0, at most 10");
  EXPECT_EQ(refusal("allocation: best"), "p.yaml:1: allocation = best: sensitivity, distortion or learned");
  EXPECT_EQ(refusal("augmentation: {flip: 1}"), "p.yaml:1: augmentation.flip = 1: true or false");
}

TEST(policy, unknown_and_double_keys_and_wrong_kinds_are_refused) {
  EXPECT_NE(refusal("epochs: {warmup: 1}").find("p.yaml:1: epochs.warmup: unknown key; known are epochs.pruning"),
            std::string::npos);
  EXPECT_NE(refusal("speed: 1").find("p.yaml:1: speed: unknown key"), std::string::npos);
  EXPECT_NE(refusal("seed: 1\nseed: 2\n").find("given twice"), std::string::npos);
  EXPECT_NE(refusal("epochs: 3").find("p.yaml:1: epochs"), std::string::npos);
  EXPECT_NE(refusal("seed: [1]").find("is a list"), std::string::npos);
  EXPECT_NE(refusal("budget: {mean_bits: []}").find("budget.mean_bits = []"), std::string::npos);
  EXPECT_NE(refusal("a: [").find("not valid YAML"), std::string::npos);
}

std::string together(const std::string& text) {
  try {
    parse_policy(text, "p.yaml").validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(policy, keys_that_contradict_each_other_are_refused) {
  EXPECT_NE(together("budget: {operations: 0.3, energy: 0.3}").find("policy.budget.energy = 0.3"), std::string::npos);
  EXPECT_NE(together("budget: {activation_choices: [6, 4]}").find("policy.budget.activation_choices = [6, 4]"),
            std::string::npos);
  EXPECT_EQ(together("budget: {operations: 0.3, activation_choices: [6, 4]}"), "accepted");
  EXPECT_NE(refusal("budget: {activation_choices: 6}").find("a list of numbers"), std::string::npos);
  EXPECT_NE(together("epochs: {mixed: 2, hardware: 3}").find("at most epochs.mixed, which is 2"), std::string::npos);
}

TEST(policy, keys_are_set_from_text) {
  policy p;
  set_key(p, "pruning.target_density", "0.5", "--set");
  set_key(p, "budget.mean_bits", "[6, 4.5]", "--set");
  set_key(p, "layer_activation_bits.conv.1", "4", "--set");
  set_key(p, "training_images", "100", "--set");
  EXPECT_EQ(p.pruning.target_density, 0.5);
  EXPECT_EQ(p.budget.mean_bits, (std::vector<double>{6, 4.5}));
  EXPECT_EQ(p.layer_activation_bits.at("conv.1"), 4);
  EXPECT_EQ(p.training_images, 100);
  EXPECT_THROW(set_key(p, "speed", "1", "--set"), input_error);
  EXPECT_THROW(set_key(p, "pruning.target_density", "x", "--set"), input_error);
  EXPECT_THROW(set_key(p, "pruning.target_density", "2", "--set"), input_error);
}

TEST(policy, impossible_densities_and_widths_are_refused) {
  EXPECT_NE(together("pruning: {target_density: 0.2}").find("at least pruning.least_density, which is 0.3"),
            std::string::npos);
  EXPECT_NE(together("pruning: {target_density: 0.5}\nepochs: {pruning: 0}").find("nothing is pruned"),
            std::string::npos);
  EXPECT_NE(together("budget: {mean_bits: 1.5, least_bits: 2}").find("at least budget.least_bits, which is 2"),
            std::string::npos);
  EXPECT_NE(refusal("pairing: {filters_per_slot: 9}").find("1..8"), std::string::npos);
}

TEST(policy, validate_checks_what_a_program_sets) {
  policy p;
  p.pruning.target_density = 0;
  EXPECT_THROW(p.validate(), input_error);
  p = {};
  p.budget.mean_bits.clear();
  EXPECT_THROW(p.validate(), input_error);
}

}  // namespace
}  // namespace cimbalom::codesign
