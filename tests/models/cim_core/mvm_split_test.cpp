#include <gtest/gtest.h>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

case_options wide_options() {
  case_options o;
  o.height = o.out_height = 7;
  o.filters = 26;  // three passes
  return o;
}

// How a layer is split over banks, copies and tiles changes nothing but where it happens.
TEST(mvm_split, shards_copies_and_tiles_give_the_same_bits_and_counts) {
  layer_case layer = make_case(wide_options());
  const auto expected = reference_output(layer, reference_sums(layer));
  layer_runner whole(layer);
  ASSERT_EQ(whole.run(7), expected);
  for (const int shard : {4, 7, 14, 54}) {
    for (const int copies : {1, 2, 3}) {
      layer.shard_positions = shard;
      layer.copies = copies;
      const int shards = (54 + shard - 1) / shard;
      if (shards * copies + 1 > 16) continue;
      layer.first_bank = 1;
      layer.first_position = 5;
      for (const int rows : {1, 3, 7}) {
        layer_runner split(layer);
        EXPECT_EQ(split.run(rows), expected) << shard << " " << copies << " " << rows;
        EXPECT_EQ(split.activity, whole.activity);
      }
    }
  }
}

TEST(mvm_split, a_second_image_and_a_second_programming_reuse_what_was_prepared) {
  const layer_case layer = make_case(wide_options());
  const auto expected = reference_output(layer, reference_sums(layer));
  layer_runner runner(layer);
  for (int image = 0; image < 3; ++image) EXPECT_EQ(runner.run(2), expected);
}

TEST(mvm_split, reprogramming_changes_the_result) {
  case_options o;
  layer_case first = make_case(o);
  o.seed = 2;
  layer_case second = make_case(o);
  second.input_codes = first.input_codes;
  layer_runner runner(first);
  runner.run(6);
  ASSERT_EQ(runner.program(second), registers::error_code::none);
  ASSERT_EQ(runner.compute(runner.compute_command(0, 6)), registers::error_code::none);
  const auto expected = reference_output(second, reference_sums(second));
  EXPECT_EQ(runner.output(), expected);
}

// Row groups in two rounds: the sums wait in the accumulators.
TEST(mvm_split, rounds_through_the_accumulators) {
  for (const bool zero_points : {false, true}) {
    case_options o;
    o.weight_zero_points = zero_points;
    o.residual = true;
    const layer_case layer = make_case(o);
    const auto expected = reference_output(layer, reference_sums(layer));
    layer_case first = layer;
    layer_case second = layer;
    first.passes[0].groups.assign(layer.passes[0].groups.begin(), layer.passes[0].groups.begin() + 7);
    second.passes[0].groups.assign(layer.passes[0].groups.begin() + 7, layer.passes[0].groups.end());
    layer_runner runner(first);
    ASSERT_EQ(runner.program(), registers::error_code::none);
    registers::command value = runner.compute_command(0, layer.output.height);
    value.keep = true;
    value.accumulator = 64;
    ASSERT_EQ(runner.compute(value), registers::error_code::none);
    ASSERT_EQ(runner.program(second), registers::error_code::none);
    value.keep = false;
    value.accumulate = true;
    ASSERT_EQ(runner.compute(value), registers::error_code::none);
    EXPECT_EQ(runner.output(), expected);
  }
}

TEST(mvm_split, accumulators_saturate_and_count) {
  case_options o;
  o.macro.accumulator_bits = 14;
  layer_case layer = make_case(o);
  layer_runner runner(layer);
  runner.run(6);
  EXPECT_GT(runner.activity.accumulator_saturations, 0U);
}

// With errors on, the physical bank decides; the images differ, runs do not.
TEST(mvm_split, noise_is_drawn_for_the_place_and_the_image) {
  case_options o;
  layer_case layer = make_case(o);
  layer.noise.adc_noise_lsb = 0.5;
  layer.noise.column_gain_sigma = 0.05;
  layer.copies = 2;
  layer.shard_positions = 5;
  const auto once = [&](int tile_rows, std::uint64_t image) {
    layer_runner runner(layer);
    runner.core().set_image(image);
    return runner.run(tile_rows);
  };
  const auto ideal = reference_output(layer, reference_sums(layer));
  const auto noisy = once(6, 0);
  EXPECT_NE(noisy, ideal);
  EXPECT_EQ(noisy, once(6, 0));
  EXPECT_NE(noisy, once(6, 1));
  layer_case other = layer;
  other.first_bank = 3;
  layer_runner elsewhere(other);
  EXPECT_NE(noisy, elsewhere.run(6));
  layer.copies = 1;  // one place for all pixels: tiles do not matter then
  const auto single = once(6, 0);
  EXPECT_EQ(single, once(1, 0));
}

TEST(mvm_split, negligible_noise_leaves_the_ideal_result) {
  layer_case layer = make_case(wide_options());
  layer.noise.adc_noise_lsb = 1e-4;  // the noisy path, codes unchanged: sums are integers
  layer.copies = 2;
  layer.shard_positions = 9;
  layer_runner runner(layer);
  EXPECT_EQ(runner.run(3), reference_output(layer, reference_sums(layer)));
}

TEST(mvm_split, copies_that_hold_different_weights_answer_each_for_itself) {
  case_options o;
  layer_case layer = make_case(o);
  layer_case other = layer;
  for (filter_case& filter : other.passes[0].filters) {
    for (int& w : filter.weights) w = -1 - w;
  }
  layer_runner runner(layer);
  registers::command program;
  program.op = registers::opcode::program;
  program.buffer = registers::weight_buffer_offset;
  program.positions = descriptor_of(layer).entries();
  program.shard_positions = static_cast<std::uint16_t>(program.positions);
  const auto put = [&](const layer_case& from, std::uint16_t bank) {
    const auto images = position_images(from);
    std::copy(images.begin(), images.end(), runner.core().bytes(registers::weight_buffer_offset, images.size()));
    program.first_bank = bank;
    arithmetic::activity counted;
    ASSERT_EQ(runner.core().execute(program, counted), registers::error_code::none);
  };
  put(layer, 0);
  put(other, 1);
  layer.copies = 2;
  const auto descriptor = registers::encode(descriptor_of(layer));
  std::copy(descriptor.begin(), descriptor.end(),
            runner.core().bytes(registers::parameter_buffer_offset, descriptor.size()));
  ASSERT_EQ(runner.compute(runner.compute_command(0, 6)), registers::error_code::none);
  const auto a = reference_output(layer, reference_sums(layer));
  const auto b = reference_output(other, reference_sums(other));
  const auto got = runner.output();
  const std::size_t half = a.size() / 2;
  EXPECT_TRUE(std::equal(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(half), a.begin()));
  EXPECT_TRUE(std::equal(got.begin() + static_cast<std::ptrdiff_t>(half), got.end(),
                         b.begin() + static_cast<std::ptrdiff_t>(half)));
}

}  // namespace
}  // namespace cimbalom::cim::testing
