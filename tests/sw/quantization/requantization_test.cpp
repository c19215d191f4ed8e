#include "sw/quantization/requantization.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "sw/quantization/tensor_codes.hpp"
#include "sw/quantization/weight_rounding.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

TEST(divide_half_even, rounds_ties_to_even) {
  EXPECT_EQ(divide_half_even(1, 2), 0);
  EXPECT_EQ(divide_half_even(3, 2), 2);
  EXPECT_EQ(divide_half_even(5, 2), 2);
  EXPECT_EQ(divide_half_even(-1, 2), 0);
  EXPECT_EQ(divide_half_even(-3, 2), -2);
  EXPECT_EQ(divide_half_even(-5, 2), -2);
  EXPECT_EQ(divide_half_even(7, 4), 2);
  EXPECT_EQ(divide_half_even(-7, 4), -2);
  EXPECT_EQ(divide_half_even(12, 17), 1);
  EXPECT_EQ(divide_half_even(-8, 17), 0);
}

// One 1x1 layer of two filters with signed inputs.
network two_filters() {
  network net;
  net.tensors.resize(3);
  net.tensors[0].format = {1, 1, 2, 8, true, 3};
  net.tensors[0].scale = 0.5;
  net.tensors[1].format = {1, 1, 2, 8, true, 0};
  net.tensors[1].scale = 0.25;
  net.tensors[2].format = {1, 1, 2, 8, true, 0};
  net.tensors[2].scale = 0.125;
  layer l;
  l.inputs = {0};
  l.output = 1;
  l.mvm.filters = 2;
  l.mvm.channels_per_group = 2;
  l.mvm.weights = {1, 2, -3, 4};
  l.mvm.weight_bits = {8, 8};
  l.mvm.weight_scale = {0.5, 0.125};
  l.mvm.weight_zero_point = {0, 10};
  l.mvm.bias = {100, -7};
  net.layers = {l};
  return net;
}

TEST(mvm_constants, fold_the_input_correction_into_the_bias) {
  const network net = two_filters();
  const std::vector<constants> made = mvm_constants(net, net.layers[0]);
  // minimum - zero point = -131; filter 0: weights sum to 3; filter 1: 1 - 2 * 10.
  EXPECT_EQ(made[0].bias, 100 - 131 * 3);
  EXPECT_EQ(made[1].bias, -7 - 131 * (1 - 20));
  EXPECT_DOUBLE_EQ(std::ldexp(made[0].multiplier, -made[0].shift), 0.5 * 0.5 / 0.25);
  EXPECT_DOUBLE_EQ(std::ldexp(made[1].multiplier, -made[1].shift), 0.5 * 0.125 / 0.25);
  EXPECT_GE(made[0].multiplier, 1 << 29);
}

TEST(mvm_constants, count_the_bias_in_adc_steps) {
  network net = two_filters();
  net.layers[0].mvm.adc_step_sixteenths = 24;
  const std::vector<constants> made = mvm_constants(net, net.layers[0]);
  EXPECT_EQ(made[0].bias, divide_half_even((100 - 131 * 3) * 16, 24));
  EXPECT_DOUBLE_EQ(std::ldexp(made[0].multiplier, -made[0].shift), 1.5);
  EXPECT_EQ(mvm_constants(net, net.layers[0], 16)[0].bias, 100 - 131 * 3);
}

TEST(mvm_constants, residual_shares_the_shift) {
  network net = two_filters();
  net.layers[0].inputs.push_back(2);
  net.layers[0].has_residual = true;
  net.tensors[2].scale = 2;
  const std::vector<constants> made = mvm_constants(net, net.layers[0]);
  EXPECT_DOUBLE_EQ(std::ldexp(made[0].second_multiplier, -made[0].shift), 8);
  EXPECT_DOUBLE_EQ(std::ldexp(made[0].multiplier, -made[0].shift), 1);
  EXPECT_LT(made[0].second_multiplier, 1 << 30);
}

TEST(mvm_constants, keep_float_factors_of_the_file) {
  network net = two_filters();
  net.layers[0].requantize = registers::requantization::floating_point;
  const std::vector<constants> made = mvm_constants(net, net.layers[0]);
  EXPECT_EQ(bits_float(made[1].multiplier), static_cast<float>(0.5 * 0.125 / 0.25));
}

TEST(mvm_constants, name_the_layer_when_scales_are_too_far_apart) {
  network net = two_filters();
  net.layers[0].name = "far";
  net.tensors[1].scale = 1e-12;
  const std::string text = refusal([&] { mvm_constants(net, net.layers[0]); });
  EXPECT_NE(text.find("layer far"), std::string::npos) << text;
}

TEST(vector_constants, average_pool_has_one_factor_a_number_of_samples) {
  network net = two_filters();
  layer& l = net.layers[0];
  l.kind = layer_kind::average_pool;
  l.pool_window.kernel_h = 2;
  l.pool_window.kernel_w = 3;
  l.count_include_pad = false;
  const vector_constants made = constants_of(net, l);
  ASSERT_EQ(made.reciprocal_multipliers.size(), 6U);
  for (int n = 1; n <= 6; ++n)
    EXPECT_NEAR(std::ldexp(made.reciprocal_multipliers[static_cast<std::size_t>(n - 1)], -made.shift), 2.0 / n, 1e-8);
  EXPECT_EQ(made.multiplier, made.reciprocal_multipliers[5]);
}

TEST(vector_constants, affine_takes_negative_scales_and_large_biases) {
  network net = two_filters();
  layer& l = net.layers[0];
  l.kind = layer_kind::affine;
  l.affine_scale = {-1e-9, 0};
  l.affine_bias = {30, -30};
  const vector_constants made = constants_of(net, l);
  EXPECT_LT(made.channels[0].multiplier, 0);
  EXPECT_NEAR(std::ldexp(static_cast<double>(made.channels[0].bias), -made.shift), 120, 1e-6);
  EXPECT_NEAR(std::ldexp(static_cast<double>(made.channels[1].bias), -made.shift), -120, 1e-6);
}

TEST(tensor_codes, round_trip_in_both_orders) {
  EXPECT_TRUE(rc::check([] {
    tensor t;
    t.format.height = *rc::gen::inRange(1, 5);
    t.format.width = *rc::gen::inRange(1, 5);
    t.format.channels = *rc::gen::inRange(1, 5);
    t.format.bits = static_cast<std::uint8_t>(*rc::gen::inRange(2, 17));
    t.format.is_signed = *rc::gen::arbitrary<bool>();
    t.format.zero_point = *rc::gen::inRange(t.format.minimum(), t.format.maximum() + 1);
    t.channels_last = *rc::gen::arbitrary<bool>();
    t.scale = 0.25;
    std::vector<std::int32_t> codes;
    for (std::size_t k = 0; k < code_count(t); ++k)
      codes.push_back(*rc::gen::inRange(t.format.minimum(), t.format.maximum() + 1));
    RC_ASSERT(to_codes(t, to_floats(t, codes.data()).data()) == codes);
    std::vector<std::uint8_t> bytes(code_bytes(t));
    pack_codes(t, codes.data(), bytes.data());
    RC_ASSERT(unpack_codes(t, bytes.data()) == codes);
  }));
}

TEST(tensor_codes, chw_values_become_hwc_codes) {
  tensor t;
  t.format = {1, 2, 3, 8, false, 0};
  const std::vector<float> chw = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(to_codes(t, chw.data()), (std::vector<std::int32_t>{1, 3, 5, 2, 4, 6}));
  t.channels_last = true;
  EXPECT_EQ(to_codes(t, chw.data()), (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}));
}

TEST(tensor_codes, ties_go_to_even_and_ends_saturate) {
  tensor t;
  t.format = {1, 1, 6, 8, true, 1};
  const std::vector<float> values = {0.5F, 1.5F, -0.5F, -1.5F, 1000, -1000};
  EXPECT_EQ(to_codes(t, values.data()), (std::vector<std::int32_t>{1, 3, 1, -1, 127, -128}));
}

TEST(weight_rounding, is_symmetric_and_close) {
  const std::vector<float> raw = noise(100, 3);
  const std::vector<double> real(raw.begin(), raw.end());
  double largest = 0;
  for (const double value : real) largest = std::max(largest, std::fabs(value));
  for (int bits = 2; bits <= 16; ++bits) {
    std::vector<std::int16_t> codes(real.size());
    const double scale = round_weights(real.data(), real.size(), bits, codes.data());
    const int top = (1 << (bits - 1)) - 1;
    double error = 0, plain = 0;
    for (std::size_t k = 0; k < real.size(); ++k) {
      EXPECT_LE(std::abs(codes[k]), top);
      error += std::pow(codes[k] * scale - real[k], 2);
      plain += std::pow(std::nearbyint(real[k] * top / largest) * largest / top - real[k], 2);
    }
    EXPECT_LE(error, plain * (1 + 1e-12)) << bits;
  }
}

TEST(weight_rounding, one_bit_holds_minus_one_and_zero) {
  const std::vector<double> real = {0.5, -1, -0.9, 0.1};
  std::vector<std::int16_t> codes(4);
  EXPECT_GT(round_weights(real.data(), 4, 1, codes.data()), 0);
  EXPECT_EQ(codes, (std::vector<std::int16_t>{0, -1, -1, 0}));
  const std::vector<double> zero(4, 0.0);
  EXPECT_EQ(round_weights(zero.data(), 4, 8, codes.data()), 1.0);
}

}  // namespace
}  // namespace cimbalom::quantization
