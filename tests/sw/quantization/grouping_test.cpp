#include "sw/quantization/row_grouping.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <tuple>

namespace cimbalom::quantization {
namespace {

mvm_parameters parameters(int kernel_h, int kernel_w, int channels, int groups = 1) {
  mvm_parameters p;
  p.filter_window.kernel_h = kernel_h;
  p.filter_window.kernel_w = kernel_w;
  p.channels_per_group = channels;
  p.groups = groups;
  return p;
}

TEST(row_grouping, channel_mode_takes_consecutive_channels_at_one_tap) {
  const row_grouping rows = grouping_of(parameters(3, 3, 40), 16);
  EXPECT_FALSE(rows.flattened());
  EXPECT_EQ(rows.channel_groups(), 3);
  EXPECT_EQ(rows.codes(), 27);
  const auto source = rows.at(4 * 3 + 1, 5);  // tap (1, 1), channels 16..31
  ASSERT_TRUE(source);
  EXPECT_EQ(std::make_tuple(source->tap_h, source->tap_w, source->channel), std::make_tuple(1, 1, 21));
  EXPECT_TRUE(rows.at(2, 7));
  EXPECT_FALSE(rows.at(2, 8));  // channel 40
}

TEST(row_grouping, few_channels_are_flattened) {
  const row_grouping rows = grouping_of(parameters(3, 3, 3), 16);  // the first layer: 27 rows
  EXPECT_TRUE(rows.flattened());
  EXPECT_EQ(rows.codes(), 2);
  const auto source = rows.at(1, 2);  // row 18: tap 6 = (2, 0), channel 0
  ASSERT_TRUE(source);
  EXPECT_EQ(std::make_tuple(source->tap_h, source->tap_w, source->channel), std::make_tuple(2, 0, 0));
  EXPECT_FALSE(rows.at(1, 11));
}

TEST(row_grouping, flattened_groups_may_hold_fewer_rows) {
  mvm_parameters p = parameters(3, 3, 3);
  p.group_rows = 9;
  const row_grouping rows = grouping_of(p, 16);
  EXPECT_EQ(rows.codes(), 3);
  const auto source = rows.at(2, 8);  // row 26: tap 8 = (2, 2), channel 2
  ASSERT_TRUE(source);
  EXPECT_EQ(std::make_tuple(source->tap_h, source->tap_w, source->channel), std::make_tuple(2, 2, 2));
  EXPECT_FALSE(rows.at(0, 9));
  EXPECT_EQ(rows_per_group(p, 8), 8);  // an array with fewer rows
  p.channels_per_group = 16;
  EXPECT_EQ(rows_per_group(p, 16), 16) << "channel mode";
}

TEST(row_grouping, depthwise_passes_share_a_row_group) {
  EXPECT_EQ(groups_per_pass(parameters(3, 3, 1, 64), 16), 1);
  EXPECT_EQ(groups_per_pass(parameters(3, 3, 1, 64), 64), 7);
  EXPECT_EQ(groups_per_pass(parameters(5, 5, 1, 64), 16), 1);
  EXPECT_EQ(groups_per_pass(parameters(3, 3, 1, 2), 64), 2);
  EXPECT_EQ(groups_per_pass(parameters(1, 1, 16, 1), 64), 1);
}

TEST(row_grouping, every_weight_has_one_row) {
  EXPECT_TRUE(rc::check([] {
    const int kernel_h = *rc::gen::inRange(1, 6), kernel_w = *rc::gen::inRange(1, 6);
    const int channels = *rc::gen::inRange(1, 70), rows_active = *rc::gen::inRange(1, 100);
    mvm_parameters p = parameters(kernel_h, kernel_w, channels);
    p.group_rows = *rc::gen::inRange(0, rows_active + 1);
    const row_grouping rows = grouping_of(p, rows_active);
    std::set<std::tuple<int, int, int>> seen;
    for (int code = 0; code < rows.codes(); ++code) {
      int used = 0;
      for (int r = 0; r < rows_active; ++r) {
        const auto source = rows.at(code, r);
        if (!source) continue;
        ++used;
        RC_ASSERT(source->tap_h < kernel_h && source->tap_w < kernel_w && source->channel < channels);
        RC_ASSERT(seen.emplace(source->tap_h, source->tap_w, source->channel).second);
      }
      RC_ASSERT(used > 0);
    }
    RC_ASSERT(seen.size() == static_cast<std::size_t>(kernel_h * kernel_w * channels));
  }));
}

TEST(row_grouping, block_diagonal_passes_keep_each_filter_in_one_row_group) {
  EXPECT_TRUE(rc::check([] {
    const int kernel = *rc::gen::inRange(1, 5), channels = *rc::gen::inRange(1, 4);
    const int groups = *rc::gen::inRange(2, 20), rows_active = *rc::gen::inRange(1, 130);
    const mvm_parameters p = parameters(kernel, kernel, channels, groups);
    const int together = groups_per_pass(p, rows_active);
    RC_PRE(together > 1);
    for (int k = 1; k <= together; ++k)
      RC_ASSERT(grouping_of(p, rows_active, k).codes() <= 1 || channels * k >= rows_active);
    RC_ASSERT(grouping_of(p, rows_active, together).codes() == 1);
  }));
}

}  // namespace
}  // namespace cimbalom::quantization
