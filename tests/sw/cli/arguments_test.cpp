#include "sw/cli/arguments.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::cli {
namespace {

arguments parse(std::vector<const char*> words) {
  words.insert(words.begin(), "cimbalom");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

std::string error_of(const std::vector<const char*>& words) {
  try {
    parse(words);
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(arguments, run_without_options_is_the_default) {
  const arguments parsed = parse({"run"});
  ASSERT_TRUE(parsed.run);
  EXPECT_FALSE(parsed.evaluate);
  EXPECT_EQ(parsed.run->batch, 16U);
  EXPECT_EQ(parsed.run->source.model, "");
  EXPECT_FALSE(parsed.run->timing_only);
}

TEST(arguments, run_takes_all_options) {
  const arguments parsed = parse({"run",
                                  "--model",
                                  "m.onnx",
                                  "--dataset",
                                  "idx:a,b",
                                  "--preprocess",
                                  "p.yaml",
                                  "--platform",
                                  "x.yaml",
                                  "--set",
                                  "platform.macro.adc_bits=6",
                                  "--set",
                                  "platform.name=n",
                                  "--images",
                                  "3",
                                  "--batch",
                                  "4",
                                  "--timing-only",
                                  "--vcd",
                                  "w.vcd",
                                  "--vcd-signals",
                                  "*dram*",
                                  "--vcd-window",
                                  "0:100",
                                  "--out",
                                  "o"});
  ASSERT_TRUE(parsed.run);
  const run_arguments& run = *parsed.run;
  EXPECT_EQ(run.source.model, "m.onnx");
  EXPECT_EQ(run.source.dataset, "idx:a,b");
  EXPECT_EQ(run.source.settings, (std::vector<std::string>{"platform.macro.adc_bits=6", "platform.name=n"}));
  EXPECT_EQ(run.source.images, 3U);
  EXPECT_EQ(run.batch, 4U);
  EXPECT_TRUE(run.timing_only);
  EXPECT_EQ(run.vcd_window, "0:100");
}

TEST(arguments, evaluate_and_inspect) {
  const arguments parsed = parse({"evaluate", "--threads", "2", "--dataset", "builtin"});
  ASSERT_TRUE(parsed.evaluate);
  EXPECT_EQ(parsed.evaluate->threads, 2U);
  ASSERT_TRUE(parse({"inspect", "a.onnx"}).inspect);
  EXPECT_TRUE(parse({"inspect", "--operators"}).inspect->operators);
}

TEST(arguments, a_package_is_exported_as_it_is) {
  const arguments parsed = parse({"codesign", "--package", "p", "--export", "n.onnx"});
  EXPECT_EQ(parsed.codesign->export_to, "n.onnx");
  EXPECT_EQ(parsed.codesign->source.out, "");
  EXPECT_EQ(parse({"codesign", "--policy", "p", "--out", "o", "--export", "n.onnx"}).codesign->source.out, "o");
  EXPECT_NE(error_of({"codesign", "--policy", "p", "--export", "n.onnx"}).find("--out"), std::string::npos);
  EXPECT_NE(error_of({"codesign", "--package", "p"}).find("--out"), std::string::npos);
  EXPECT_NE(error_of({"codesign", "--package", "p", "--export", "n.onnx", "--dataset", "builtin"}).find("--export"),
            std::string::npos);
}

TEST(arguments, help_and_version_do_nothing_else) {
  EXPECT_NE(parse({"--help"}).text.find("evaluate"), std::string::npos);
  const arguments help = parse({"run", "--help"});
  EXPECT_NE(help.text.find("--timing-only"), std::string::npos);
  EXPECT_FALSE(help.run);
  EXPECT_EQ(parse({"--version"}).text.rfind("cimbalom ", 0), 0U);
}

TEST(arguments, an_empty_value_does_not_take_the_next_word) {
  EXPECT_EQ(error_of({"run", "--out=", "x"}), "cimbalom: --out= needs a value behind the = (see cimbalom --help)");
  EXPECT_EQ(parse({"run", "--set=platform.name="}).run->source.settings, std::vector<std::string>{"platform.name="});
}

TEST(arguments, bad_ones_are_one_line) {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{},
                                             {"runn"},
                                             {"run", "--batch", "0"},
                                             {"run", "--images", "x"},
                                             {"run", "--images", "-1"},
                                             {"run", "--model"},
                                             {"run", "--nothing"},
                                             {"run", "--model=", "--batch", "2"},
                                             {"evaluate", "--threads", "0"},
                                             {"inspect"},
                                             {"inspect", "a", "--operators"}}) {
    const std::string line = error_of(words);
    EXPECT_EQ(line.rfind("cimbalom: ", 0), 0U) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace cimbalom::cli
