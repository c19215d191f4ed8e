#include "sw/pruning/units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sw/quantization/row_grouping.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::pruning {
namespace {

quantization::mvm_parameters layer(int filters, int channels, int kernel, int groups = 1) {
  quantization::mvm_parameters p;
  p.filters = filters;
  p.groups = groups;
  p.channels_per_group = channels;
  p.filter_window.kernel_h = p.filter_window.kernel_w = kernel;
  p.weights.resize(static_cast<std::size_t>(filters * channels * kernel * kernel));
  return p;
}

unit_layout split(const quantization::mvm_parameters& p, int most) {
  return layout_units(p, 16, [most](int filters) { return (filters + most - 1) / most; });
}

TEST(units, one_unit_a_tap_and_channel_group_of_a_pass) {
  const unit_layout made = split(layer(64, 32, 3), 21);
  EXPECT_EQ(made.passes, 4);
  EXPECT_EQ(made.groups, 18);
  ASSERT_EQ(made.unit.size(), 64U * 32U * 9U);
  for (std::size_t f = 0; f < 64; ++f)
    for (std::size_t k = 0; k < 288; ++k) {
      const std::size_t tap = k / 32, channel = k % 32;
      EXPECT_EQ(made.unit[f * 288 + k], made.pass[f] * 18 + static_cast<int>(tap * 2 + channel / 16));
    }
}

TEST(units, runs_are_equal_neighbours) {
  const unit_layout made = split(layer(64, 16, 1), 24);
  EXPECT_EQ(made.passes, 3);
  std::map<int, int> count;
  for (const int pass : made.pass) ++count[pass];
  EXPECT_TRUE(std::is_sorted(made.pass.begin(), made.pass.end()));
  for (const auto& [pass, filters] : count) EXPECT_TRUE(filters == 21 || filters == 22) << pass;
}

TEST(units, flattened_first_layer_has_two_groups) {
  const unit_layout made = split(layer(16, 3, 3), 16);
  EXPECT_EQ(made.passes, 1);
  EXPECT_EQ(made.groups, 2);
  EXPECT_EQ(std::count(made.unit.begin(), made.unit.end(), 0), 16 * 16);
  EXPECT_EQ(std::count(made.unit.begin(), made.unit.end(), 1), 16 * 11);
}

TEST(units, depthwise_filters_do_not_share_rows) {
  const unit_layout made = split(layer(8, 1, 3, 8), 24);
  EXPECT_EQ(made.passes, 8);
  EXPECT_EQ(made.groups, 1);
}

TEST(units, small_groups_stand_side_by_side) {
  const unit_layout made = split(layer(8, 2, 2, 4), 24);  // 8 rows a group: two groups a pass
  EXPECT_EQ(made.passes, 2);
  EXPECT_EQ(made.pass, (std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1}));
}

// Every weight is in the unit whose row group the hardware drives for it.
TEST(units, agree_with_the_row_grouping_of_the_hardware) {
  for (const auto& p : {layer(20, 24, 3), layer(20, 5, 3), layer(12, 16, 1), layer(6, 40, 2)}) {
    const unit_layout made = split(p, 12);
    const auto grouping = quantization::grouping_of(p, 16);
    std::set<std::size_t> seen;
    for (int code = 0; code < grouping.codes(); ++code)
      for (int row = 0; row < 16; ++row)
        if (const auto from = grouping.at(code, row)) {
          const std::size_t k = quantization::weight_index(p, from->tap_h, from->tap_w, from->channel);
          seen.insert(k);
          EXPECT_EQ(made.unit[k], code);
        }
    EXPECT_EQ(seen.size(), p.weights.size() / static_cast<std::size_t>(p.filters));
  }
}

}  // namespace
}  // namespace cimbalom::pruning
