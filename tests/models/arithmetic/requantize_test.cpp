#include "models/arithmetic/requantize.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace cimbalom::arithmetic {
namespace {

TEST(requantize, shifts_half_to_even) {
  EXPECT_EQ(shift_half_even(5, 1), 2);
  EXPECT_EQ(shift_half_even(7, 1), 4);
  EXPECT_EQ(shift_half_even(-5, 1), -2);
  EXPECT_EQ(shift_half_even(-7, 1), -4);
  EXPECT_EQ(shift_half_even(-1, 1), 0);
  EXPECT_EQ(shift_half_even(6, 2), 2);
  EXPECT_EQ(shift_half_even(10, 2), 2);
  EXPECT_EQ(shift_half_even(-3, 2), -1);
  EXPECT_EQ(shift_half_even(-123, 0), -123);
  EXPECT_EQ(shift_half_even(std::numeric_limits<std::int64_t>::max(), 62), 2);
  EXPECT_EQ(shift_half_even(std::numeric_limits<std::int64_t>::min(), 62), -2);
}

TEST(requantize, clamps_around_the_zero_point) {
  requantization q;
  q.multiplier = 1 << 29;
  q.shift = 30;  // one half
  q.zero_point = 3;
  EXPECT_EQ(requantize(q, 5), 2 + 3);
  EXPECT_EQ(requantize(q, 7), 4 + 3);
  EXPECT_EQ(requantize(q, -5), -2 + 3);
  EXPECT_EQ(requantize(q, 1000), 127);
  EXPECT_EQ(requantize(q, -1000), -128);
  q.low = 3;  // a ReLU
  EXPECT_EQ(requantize(q, -1000), 3);
}

TEST(requantize, rounds_the_residual_sum_once) {
  requantization q;
  q.multiplier = 1 << 29;
  q.shift = 30;
  q.residual_multiplier = 1 << 29;
  EXPECT_EQ(requantize(q, 1, 1), 1);  // 0.5 + 0.5, not 0 + 0
  EXPECT_EQ(requantize(q, 1, 0), 0);
  q.residual_multiplier = -(1 << 29);
  EXPECT_EQ(requantize(q, 3, 1), 1);
}

TEST(requantize, extremes_stay_in_64_bits) {
  requantization q;
  q.multiplier = (1 << 30) - 1;
  q.residual_multiplier = (1 << 30) - 1;
  q.low = std::numeric_limits<std::int32_t>::min();
  q.high = std::numeric_limits<std::int32_t>::max();
  const std::int32_t least = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(requantize(q, least, least), q.low);
  EXPECT_EQ(requantize(q, q.high, q.high), q.high);
}

TEST(requantize, ratio_is_the_nearest) {
  const bool held = rc::check("to_fixed_ratio", [] {
    const double mantissa = 1.0 + *rc::gen::inRange(0, 1 << 30) / 1073741824.0;
    const double ratio = std::ldexp(mantissa, *rc::gen::inRange(-30, 29));
    const fixed_ratio fixed = to_fixed_ratio(ratio);
    RC_ASSERT(fixed.multiplier >= 1 << 29);
    RC_ASSERT(fixed.multiplier < 1 << 30);
    RC_ASSERT(fixed.shift >= 0);
    RC_ASSERT(fixed.shift <= 62);
    RC_ASSERT(std::fabs(std::ldexp(fixed.multiplier, -fixed.shift) - ratio) <= ratio * std::ldexp(1.0, -30));
    RC_ASSERT(multiplier_at_shift(ratio, fixed.shift) == fixed.multiplier);
  });
  EXPECT_TRUE(held);
}

TEST(requantize, ratio_at_its_limits) {
  EXPECT_EQ(to_fixed_ratio(0).multiplier, 0);
  EXPECT_EQ(to_fixed_ratio(1).multiplier, 1 << 29);
  EXPECT_EQ(to_fixed_ratio(1).shift, 29);
  EXPECT_EQ(to_fixed_ratio(std::nextafter(1.0, 0.0)).multiplier, 1 << 29);  // rounds up to the next power of two
  EXPECT_EQ(to_fixed_ratio(std::nextafter(1.0, 0.0)).shift, 29);
  EXPECT_EQ(to_fixed_ratio(1e-30).shift, 62);
  EXPECT_EQ(to_fixed_ratio(1e-30).multiplier, 0);
  EXPECT_THROW(to_fixed_ratio(-1), std::invalid_argument);
  EXPECT_THROW(to_fixed_ratio(1073741824.0), std::invalid_argument);
  EXPECT_THROW(to_fixed_ratio(std::nextafter(1073741824.0, 0.0)), std::invalid_argument);
  EXPECT_THROW(to_fixed_ratio(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  EXPECT_THROW(multiplier_at_shift(2, 30), std::invalid_argument);
  EXPECT_THROW(multiplier_at_shift(1, 63), std::invalid_argument);
  EXPECT_EQ(multiplier_at_shift(-0.5, 29), -(1 << 28));
}

TEST(requantize, float_form_rounds_half_to_even_and_saturates) {
  EXPECT_EQ(quantize_linear(0.5F, 1, 0, -128, 127), 0);
  EXPECT_EQ(quantize_linear(1.5F, 1, 0, -128, 127), 2);
  EXPECT_EQ(quantize_linear(2.5F, 1, 0, -128, 127), 2);
  EXPECT_EQ(quantize_linear(-0.5F, 1, 0, -128, 127), 0);
  EXPECT_EQ(quantize_linear(-1.5F, 1, 0, -128, 127), -2);
  EXPECT_EQ(quantize_linear(-2.5F, 1, 10, 0, 255), 8);
  EXPECT_EQ(quantize_linear(1e30F, 1, 0, -128, 127), 127);
  EXPECT_EQ(quantize_linear(-1e30F, 1e-30F, 0, -128, 127), -128);
  EXPECT_EQ(quantize_linear(0.49999997F, 1, 0, -128, 127), 0);
  float_requantization q;
  q.accumulator_scale = 0.25F;
  q.output_scale = 0.5F;
  q.zero_point = -3;
  EXPECT_EQ(requantize(q, 5), 2 - 3);
  EXPECT_EQ(requantize(q, 7), 4 - 3);
  EXPECT_EQ(requantize(q, 16777217), 127);
}

TEST(requantize, float_form_equals_nearbyint) {
  const bool held = rc::check("quantize_linear", [] {
    const auto value = static_cast<float>(*rc::gen::inRange(-4000, 4000)) / 16.0F;
    const auto scale = static_cast<float>(*rc::gen::inRange(1, 64)) / 32.0F;
    const int expected = static_cast<int>(std::nearbyintf(value / scale)) + 5;
    RC_ASSERT(quantize_linear(value, scale, 5, -128, 127) == std::min(std::max(expected, -128), 127));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace cimbalom::arithmetic
