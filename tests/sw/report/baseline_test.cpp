#include "sw/report/baseline.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::report {
namespace {

std::string document(double latency_ns, double throughput_fps, double energy_pj, double utilization, int stored_bits) {
  const auto text = [](double value) { return json_value::real(value).to_text(); };
  return "{\"accuracy\": {\"hardware_top1\": 90.5}, \"performance\": {\"latency_ns\": " + text(latency_ns) +
         ", \"compute_bound_ns\": 1, \"throughput_fps\": " + text(throughput_fps) +
         ", \"effective_gops\": 1, \"macro_utilization\": " + text(utilization) +
         "}, \"energy\": {\"images\": 2, \"tops_per_w\": 5, \"total_pj\": " + text(energy_pj) +
         "}, \"memory\": {\"dense_weight_bits\": 800, \"weight_storage_bits\": " + std::to_string(stored_bits) +
         "}, \"layers\": [{\"name\": \"conv\", \"kind\": \"mvm\", \"macro_utilization\": 0.5, \"latency_ns\": 1, "
         "\"energy_pj\": 3}]}";
}

const compared_run dense{"dense", parse_json(document(3000, 1000, 600, 0.5, 1000), "dense")};
json_value designed() {
  return parse_json(document(1000, 4000, 200, 0.75, 400), "designed");
}

TEST(baseline, numbers_keep_their_digits) {
  const std::string text = "[\n  12345678901234567.000001,\n  -3,\n  true,\n  null,\n  \"a\\\"b\"\n]\n";
  EXPECT_EQ(parse_json(text, "x").to_text(), text);
  EXPECT_EQ(parse_json("{\"b\": {}, \"a\": [[1], {\"c\": 2.50}]}", "x").find({"a"})->elements().size(), 2U);
  EXPECT_THROW(parse_json("{\"a\": ", "x"), input_error);
}

TEST(baseline, gains_are_ratios_of_like_figures) {
  json_value report = designed();
  add_baseline(report, dense);
  EXPECT_DOUBLE_EQ(report.find({"gain", "speedup", "batch_1"})->number(), 3);
  EXPECT_DOUBLE_EQ(report.find({"gain", "speedup", "batch_n"})->number(), 4);
  EXPECT_DOUBLE_EQ(report.find({"gain", "energy"})->number(), 3);
  EXPECT_DOUBLE_EQ(report.find({"gain", "utilization"})->number(), 1.5);
  EXPECT_DOUBLE_EQ(report.find({"gain", "storage"})->number(), 2);  // 8 x weights, not what the dense words take
  EXPECT_DOUBLE_EQ(report.find({"baseline", "memory", "weight_storage_bits"})->number(), 800);
  EXPECT_DOUBLE_EQ(report.find({"baseline", "memory", "packed_weight_storage_bits"})->number(), 1000);
  EXPECT_EQ(report.find({"baseline", "accuracy", "hardware_top1"})->scalar(), "90.5");
}

TEST(baseline, ablation_names_each_run_and_all) {
  json_value report = designed();
  const std::vector<compared_run> runs = {{"pairing", parse_json(document(1500, 2000, 300, 0.75, 500), "p")}};
  add_ablation(report, dense, runs);
  EXPECT_DOUBLE_EQ(report.find({"ablation", "pairing", "gain", "speedup", "batch_1"})->number(), 2);
  EXPECT_DOUBLE_EQ(report.find({"ablation", "all", "gain", "speedup", "batch_1"})->number(), 3);
  const std::string text = comparison_text(report, dense, runs);
  EXPECT_NE(text.find("3.00 x"), std::string::npos);
  EXPECT_NE(text.find("pairing"), std::string::npos);
  EXPECT_NE(text.find("conv"), std::string::npos);
}

TEST(baseline, a_run_without_a_figure_is_refused) {
  json_value report = designed();
  EXPECT_THROW(add_baseline(report, {"broken", parse_json("{\"performance\": {}}", "b")}), run_error);
}

}  // namespace
}  // namespace cimbalom::report
