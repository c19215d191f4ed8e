#include "sw/codesign/flow_work.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::codesign {
namespace {

// One convolution: 6 x 6 pixels, 12 filters of 16 x 9 weights.
quantization::network one_layer() {
  graph::graph g;
  g.outputs = {quantization::conv(g, "only", quantization::input(g, {1, 16, 8, 8}), {12, 16, 3, 3})};
  const graph::graph prepared = quantization::prepare(g);
  return quantization::quantize(prepared, {}, quantization::wide_ranges(prepared));
}
constexpr std::uint64_t macs = 36ULL * 12 * 144;

std::map<std::string, std::uint64_t> by_stage(const policy& how, const flow_extent& extent) {
  std::map<std::string, std::uint64_t> made;
  for (const stage_work& w : work_of(one_layer(), how, extent)) made[w.stage] = w.macs;
  return made;
}

flow_extent extent() {
  flow_extent made;
  made.training_images = 1000;
  made.validation_images = 100;
  return made;
}

TEST(flow_work, every_epoch_trains_whole_batches_and_infers_the_validation_images) {
  policy how;
  how.epochs.pruning = 2;
  how.epochs.mixed = 3;
  auto work = by_stage(how, extent());  // 7 batches of 128: 896 images
  EXPECT_EQ(work.at("initial"), (64 + 32) * macs);
  EXPECT_EQ(work.at("budget"), 0U);
  EXPECT_EQ(work.at("pruning"), 2 * (896ULL * 3 + 100) * macs);
  EXPECT_EQ(work.at("widths"), 0U);
  EXPECT_EQ(work.at("mixed"), 3 * (896ULL * 3 + 100) * macs);
  EXPECT_EQ(work.at("result"), 100 * macs);
  how.distillation.weight = 0.5;
  EXPECT_EQ(by_stage(how, extent()).at("mixed"), 3 * (896ULL * 4 + 100) * macs);
  how.allocation = allocation_method::learned;
  EXPECT_EQ(by_stage(how, extent()).at("widths"), (896ULL * 4 + 100) * macs);
}

TEST(flow_work, stages_that_were_not_asked_for_cost_nothing) {
  policy how;
  flow_extent e = extent();
  e.mixed = false;
  e.budget = {256, 1024};
  const auto work = by_stage(how, e);
  EXPECT_EQ(work.at("mixed"), 0U);
  EXPECT_EQ(work.at("budget"), (256ULL * 3 + 1024) * macs);
  EXPECT_GT(work.at("pruning"), 0U);
}

// Forward, a hardware epoch counts conversions: nine row groups, four slices, eight columns, for each pixel and filter.
TEST(flow_work, hardware_epochs_count_conversions) {
  policy how;
  how.epochs.mixed = 3;
  how.epochs.hardware = 1;
  const std::uint64_t conversions = 36ULL * 12 * 9 * 4 * 8;
  EXPECT_EQ(by_stage(how, extent()).at("mixed"),
            2 * (896ULL * 3 + 100) * macs + 896ULL * 2 * macs + (896 + 100) * conversions);
}

TEST(flow_work, instructions_follow_the_processors_key) {
  processor::processor_config host;
  EXPECT_EQ(instructions_of(host, 1000), 4000U);
  host.instructions_per_mac = 0.3;
  EXPECT_EQ(instructions_of(host, 1001), 301U);
}

}  // namespace
}  // namespace cimbalom::codesign
