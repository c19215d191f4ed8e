#include <gtest/gtest.h>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

void expect_layer(const case_options& options, int tile_rows = 1000) {
  const layer_case layer = make_case(options);
  layer_runner runner(layer);
  const auto expected = reference_output(layer, reference_sums(layer));
  EXPECT_EQ(runner.run(std::min(tile_rows, layer.output.height)), expected);
}

TEST(mvm_layer, three_by_three_padded) {
  expect_layer({});
}

TEST(mvm_layer, signed_input_with_zero_point) {
  case_options o;
  o.input_signed = true;
  o.input_zero = -5;
  expect_layer(o);
}

TEST(mvm_layer, strided_without_padding) {
  case_options o;
  o.window = {3, 3, 2, 2, 1, 1, 0, 0};
  o.height = 9;
  o.width = 8;
  o.out_height = 4;
  o.out_width = 3;
  expect_layer(o);
}

TEST(mvm_layer, strided_one_by_one_reads_a_quarter_of_the_map) {
  case_options o;
  o.window = {1, 1, 2, 2, 1, 1, 0, 0};
  o.height = 8;
  o.width = 8;
  o.out_height = 4;
  o.out_width = 4;
  expect_layer(o);
}

TEST(mvm_layer, dilated_with_asymmetric_padding) {
  case_options o;
  o.window = {3, 2, 1, 2, 2, 3, 3, 1};
  o.out_height = 6;
  o.out_width = 3;
  expect_layer(o);
}

TEST(mvm_layer, flattened_first_layer) {
  case_options o;
  o.channels = 3;
  o.flattened = true;
  o.input_zero = 12;
  expect_layer(o);
}

TEST(mvm_layer, flattened_in_many_chunks) {
  case_options o;
  o.height = o.out_height = 40;
  o.width = o.out_width = 24;
  o.channels = 9;
  o.filters = 3;
  o.flattened = true;
  expect_layer(o);
}

TEST(mvm_layer, depthwise_block_diagonal) {
  case_options o;
  o.channels = 6;
  o.filters = 6;
  o.depthwise = true;
  o.input_signed = true;
  expect_layer(o);
}

TEST(mvm_layer, grouped) {
  case_options o;
  o.channels = 36;
  o.filters = 6;
  o.groups = 2;
  expect_layer(o);
}

TEST(mvm_layer, fully_connected) {
  case_options o;
  o.height = o.width = o.out_height = o.out_width = 1;
  o.channels = 200;
  o.filters = 30;
  o.window = {1, 1, 1, 1, 1, 1, 0, 0};
  expect_layer(o);
}

TEST(mvm_layer, residual_addition) {
  case_options o;
  o.residual = true;
  expect_layer(o);
}

TEST(mvm_layer, floating_point_scales) {
  case_options o;
  o.floating = true;
  o.output_signed = true;
  expect_layer(o);
  o.residual = true;
  expect_layer(o);
}

TEST(mvm_layer, sixteen_bit_weights_inputs_and_outputs) {
  case_options o;
  o.weight_bits = 16;
  o.output_bits = 16;
  o.output_signed = true;
  o.extra_shift = 8;
  o.macro.partial_sum_bits = 48;
  expect_layer(o);
  o.weight_bits = 8;
  o.input_bits = 16;
  expect_layer(o);
  o.input_signed = true;
  o.input_zero = -1000;
  expect_layer(o);
  o.weight_bits = 12;
  o.input_bits = 12;
  o.extra_shift = 12;
  expect_layer(o);
}

TEST(mvm_layer, narrow_inputs_and_outputs) {
  case_options o;
  o.input_bits = 5;
  o.output_bits = 4;
  o.weight_bits = 3;
  expect_layer(o);
  o.input_signed = true;
  o.output_signed = true;
  expect_layer(o);
}

TEST(mvm_layer, every_filter_its_own_width) {
  case_options o;
  o.weight_bits = 0;
  o.filters = 20;
  expect_layer(o);
}

TEST(mvm_layer, two_filters_share_a_slot) {
  case_options o;
  o.weight_bits = 0;
  o.filters = 12;
  layer_case layer = make_case(o);
  for (std::size_t f = 0; f + 1 < layer.passes[0].filters.size(); f += 2) {
    filter_case& low = layer.passes[0].filters[f];
    filter_case& high = layer.passes[0].filters[f + 1];
    low.bits = 3;
    high.bits = 5;
    high.first_column = low.first_column + 3;
    for (int& w : low.weights) w = ((w % 8) + 8) % 8 - 4;
    for (int& w : high.weights) w = ((w % 32) + 32) % 32 - 16;
  }
  layer_runner runner(layer);
  EXPECT_EQ(runner.run(2), reference_output(layer, reference_sums(layer)));
}

TEST(mvm_layer, sparse_groups_and_a_pass_with_bias_only) {
  case_options o;
  o.sparse = true;
  o.filters = 30;  // three passes
  layer_case layer = make_case(o);
  ASSERT_EQ(layer.passes.size(), 3U);
  layer.passes[1].groups.clear();
  layer.passes[2].groups.resize(std::min<std::size_t>(layer.passes[2].groups.size(), 2));
  layer_runner runner(layer);
  EXPECT_EQ(runner.run(3), reference_output(layer, reference_sums(layer)));
}

TEST(mvm_layer, all_groups_empty_needs_no_input) {
  layer_case layer = make_case({});
  for (pass_case& pass : layer.passes) pass.groups.clear();
  layer_runner runner(layer);
  registers::command value = runner.compute_command(0, layer.output.height);
  value.input_rows = 0;
  ASSERT_EQ(runner.compute(value), registers::error_code::none);
  EXPECT_EQ(runner.output(), reference_output(layer, reference_sums(layer)));
  EXPECT_EQ(runner.activity.operations, 0U);
}

TEST(mvm_layer, weight_zero_points) {
  case_options o;
  o.weight_zero_points = true;
  o.input_zero = 7;
  expect_layer(o);
  o.flattened = true;
  expect_layer(o);
}

TEST(mvm_layer, adc_steps_and_ranges) {
  for (const int step : {16, 17, 24, 40}) {
    case_options o;
    o.step_sixteenths = step;
    expect_layer(o);
    o.macro.adc_bits = 3;
    expect_layer(o);
  }
}

// 27 rows in groups of fewer rows than the array has: the others store and drive nothing.
TEST(mvm_layer, flattened_groups_of_fewer_rows) {
  for (const int rows : {1, 5, 9, 13, 16}) {
    case_options o;
    o.channels = 3;
    o.flattened = true;
    o.group_rows = rows;
    o.input_zero = 12;
    expect_layer(o);
    expect_layer(o, 2);
    o.sparse = o.residual = o.weight_zero_points = true;
    o.weight_bits = 0;
    expect_layer(o);
  }
}

TEST(mvm_layer, groups_of_all_rows_are_the_default) {
  case_options o;
  o.channels = 3;
  o.flattened = true;
  const layer_case whole = make_case(o);
  o.group_rows = 16;
  const layer_case same = make_case(o);
  EXPECT_EQ(position_images(whole), position_images(same));
  EXPECT_EQ(layer_runner(whole).run(6), layer_runner(same).run(6));
}

TEST(mvm_layer, other_macros) {
  case_options o;
  o.macro.rows_active = 64;
  o.macro.dac_bits = 1;
  o.macro.adc_bits = 6;
  o.channels = 70;
  expect_layer(o);
  o.macro.bits_per_cell = 2;
  o.macro.dac_bits = 3;
  o.macro.adc_bits = 9;
  o.macro.partial_sum_bits = 32;
  expect_layer(o);
  o = {};
  o.macro.kind = arithmetic::macro_kind::digital;
  o.macro.rows_active = 32;
  expect_layer(o);
  o.macro.rows = 7 * 5;
  o.macro.rows_active = 7;
  o.macro.banks = 64;
  layer_case layer = make_case(o);
  layer.shard_positions = 5;
  layer_runner runner(layer);
  EXPECT_EQ(runner.run(2), reference_output(layer, reference_sums(layer)));
}

// The semantics that the macro serves: with a lossless ADC, the convolution of real zeros and weights.
TEST(mvm_layer, lossless_macro_is_the_plain_integer_convolution) {
  case_options o;
  o.input_signed = true;
  o.input_zero = 11;
  o.weight_zero_points = true;
  o.macro.adc_bits = 6;  // s_max = 48
  layer_case layer = make_case(o);
  const auto value_at = [&](int row, int column, int channel) {
    if (row < 0 || row >= layer.input.height || column < 0 || column >= layer.input.width) return 0;
    return layer.input_codes[to_size((row * layer.input.width + column) * layer.input.channels + channel)] -
           layer.input.zero_point;
  };
  std::vector<std::int64_t> sums;
  for (int row = 0; row < layer.output.height; ++row) {
    for (int column = 0; column < layer.output.width; ++column) {
      for (pass_case& pass : layer.passes) {
        for (filter_case& filter : pass.filters) {
          std::int64_t sum = filter.bias;
          for (int tap = 0; tap < 9; ++tap) {
            for (int c = 0; c < layer.input.channels; ++c) {
              const int weight = filter.weights[to_size(tap * pass.channels + c)];
              sum += std::int64_t{value_at(row - 1 + tap / 3, column - 1 + tap % 3, c)} *
                     (weight - filter.weight_zero_point);
            }
          }
          sums.push_back(sum);
        }
      }
    }
  }
  // The folded bias: (minimum - zero point) * sum of (w - weight zero point).
  layer_case plain = layer;
  for (pass_case& pass : layer.passes) {
    for (filter_case& filter : pass.filters) {
      for (const int weight : filter.weights) {
        filter.bias +=
            std::int64_t{layer.input.minimum() - layer.input.zero_point} * (weight - filter.weight_zero_point);
      }
    }
  }
  for (pass_case& pass : plain.passes) {
    for (filter_case& filter : pass.filters) filter.bias = 0;
  }
  layer_runner runner(layer);
  EXPECT_EQ(runner.run(4), reference_output(plain, sums));
  EXPECT_EQ(runner.activity.clipped, 0U);
}

TEST(mvm_layer, random_layers) {
  std::mt19937 generator(5);
  for (unsigned i = 0; i < 60; ++i) {
    case_options o;
    o.seed = i + 100;
    o.height = 1 + static_cast<int>(generator() % 9);
    o.width = 1 + static_cast<int>(generator() % 9);
    o.channels = 1 + static_cast<int>(generator() % 40);
    o.filters = 1 + static_cast<int>(generator() % 26);
    const auto small = [&](unsigned n) { return 1 + static_cast<std::int32_t>(generator() % n); };
    o.window = {small(3), small(3), small(2), small(2), small(2), small(2), small(3) - 1, small(3) - 1};
    o.out_height = small(7);
    o.out_width = small(7);
    o.flattened = generator() % 2 == 0;
    o.weight_bits = static_cast<int>(generator() % 9);
    o.input_bits = small(10);
    o.input_signed = generator() % 2 == 0;
    o.step_sixteenths = 16 + static_cast<int>(generator() % 3) * 5;
    o.residual = generator() % 3 == 0;
    o.floating = generator() % 4 == 0;
    o.sparse = generator() % 3 == 0;
    o.weight_zero_points = generator() % 4 == 0;
    o.macro.rows_active = generator() % 2 == 0 ? 16 : 8;
    o.macro.dac_bits = small(4);
    o.macro.adc_bits = 4 + small(4);
    o.macro.partial_sum_bits = 32;
    layer_case layer = make_case(o);
    layer.shard_positions = std::max(1, layer.shard_positions / 6 + 1);
    layer_runner runner(layer);
    EXPECT_EQ(runner.run(small(4)), reference_output(layer, reference_sums(layer))) << "seed " << o.seed;
  }
}

}  // namespace
}  // namespace cimbalom::cim::testing
