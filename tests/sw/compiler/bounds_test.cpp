#include "sw/compiler/bounds.hpp"

#include <gtest/gtest.h>

#include "models/arithmetic/cells.hpp"
#include "platform/configuration/error.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::compiler {
namespace {

quantization::layer layer_of(int channels, int filters, int weight_bits) {
  test::network_builder b;
  test::network_builder::conv_options o;
  o.filters = filters;
  o.kernel = 1;
  o.pad = 0;
  o.weight_bits = weight_bits;
  const int x = b.conv(b.input(2, 2, channels), o);
  return b.finish({x}).layers.front();
}

TEST(pass_formation, filters_take_slots_in_order) {
  const cim::macro_config macro;
  const auto passes = form_passes(layer_of(16, 16, 8), macro, false);
  ASSERT_EQ(passes.size(), 2U);
  EXPECT_EQ(passes[0].filters.size(), 12U);
  EXPECT_EQ(passes[1].filters.size(), 4U);
  EXPECT_EQ(passes[0].record.filters[3].first_column, 24);
  EXPECT_EQ(passes[1].record.filters[0].output_channel, 12U);
}

TEST(pass_formation, wide_filters_span_slots) {
  const cim::macro_config macro;
  const auto passes = form_passes(layer_of(16, 8, 12), macro, false);
  ASSERT_EQ(passes.size(), 2U);
  EXPECT_EQ(passes[0].filters.size(), 6U);
  EXPECT_EQ(passes[0].record.filters[1].first_column, 16);
}

TEST(pass_formation, words_hold_the_weights) {
  const cim::macro_config macro;
  const quantization::layer layer = layer_of(20, 3, 8);
  const auto passes = form_passes(layer, macro, false);
  ASSERT_EQ(passes.size(), 1U);
  ASSERT_EQ(passes[0].record.groups.size(), 2U);
  const auto position = static_cast<std::size_t>(macro.position_bytes());
  for (int f = 0; f < 3; ++f) {
    for (int c = 0; c < 20; ++c) {
      const std::uint8_t* row =
          &passes[0]
               .words[static_cast<std::size_t>(c / 16) * position + static_cast<std::size_t>(c % 16) * (position / 16)];
      EXPECT_EQ(arithmetic::load_weight(macro.shape(), 8,
                                        passes[0].record.filters[static_cast<std::size_t>(f)].first_column, row),
                layer.mvm.weights[static_cast<std::size_t>(f * 20 + c)]);
    }
  }
}

TEST(pass_formation, refuses_a_filter_wider_than_a_position) {
  cim::macro_config macro;
  macro.cols = 16;
  EXPECT_THROW(form_passes(layer_of(16, 2, 12), macro, false), input_error);
}

// The widths alone do not prove 11 bits of partial sum for weights of one column; the weights themselves do.
TEST(bounds, weights_prove_what_widths_do_not) {
  cim::macro_config macro;
  quantization::layer layer = layer_of(16, 1, 8);
  for (std::int16_t& w : layer.mvm.weights) w = 0;
  layer.mvm.weights[0] = 1;
  macro.partial_sum_bits = 12;
  const auto passes = form_passes(layer, macro, false);
  EXPECT_NO_THROW(prove_sums(layer, 8, macro, passes));  // at most 3 * 85 = 255 a row
  macro.partial_sum_bits = 8;
  EXPECT_THROW(prove_sums(layer, 8, macro, passes), input_error);
  macro.partial_sum_bits = 9;
  EXPECT_NO_THROW(prove_sums(layer, 8, macro, passes));
}

// 16 rows of codes up to 255, 127 times: 518,160 beside what the weights give.
TEST(bounds, the_correction_of_weight_zero_points_must_fit_too) {
  cim::macro_config macro;
  quantization::layer layer = layer_of(16, 1, 8);
  for (std::int16_t& w : layer.mvm.weights) w = 0;
  layer.mvm.weight_zero_point = {-127};
  const auto passes = form_passes(layer, macro, false);
  macro.accumulator_bits = 20;
  EXPECT_NO_THROW(prove_sums(layer, 8, macro, passes));
  macro.accumulator_bits = 19;
  EXPECT_THROW(prove_sums(layer, 8, macro, passes), input_error);
}

}  // namespace
}  // namespace cimbalom::compiler
