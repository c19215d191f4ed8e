#include "models/arithmetic/adc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace cimbalom::arithmetic {
namespace {

TEST(adc, step_one_is_a_pure_clip) {
  const adc_transfer adc(macro_shape(), 16);
  EXPECT_TRUE(adc.pure_clip());
  EXPECT_FALSE(adc.lossless());
  EXPECT_EQ(adc.clip_from(), 32);
  for (int s = 0; s <= 48; ++s) {
    EXPECT_EQ(adc.code(s), static_cast<unsigned>(std::min(s, 31)));
    EXPECT_EQ(adc.clips(s), s > 31);
  }
}

TEST(adc, full_range_covers_every_sum) {
  const macro_shape shape;
  const int step = full_range_step_sixteenths(shape);
  EXPECT_EQ(step, 25);  // 48 / 31 = 1.548 -> 1.5625
  const adc_transfer adc(shape, step);
  EXPECT_EQ(adc.code(0), 0U);
  EXPECT_EQ(adc.code(48), 31U);
  for (int s = 0; s <= 48; ++s) EXPECT_FALSE(adc.clips(s));
  macro_shape enough = shape;
  enough.adc_bits = 6;
  EXPECT_EQ(full_range_step_sixteenths(enough), 16);
  EXPECT_TRUE(adc_transfer(enough, 16).lossless());
}

TEST(adc, halves_round_up) {
  macro_shape shape;
  shape.rows_active = 100;
  const adc_transfer adc(shape, 32);  // step 2: odd sums are ties
  EXPECT_EQ(adc.code(1), 1U);
  EXPECT_EQ(adc.code(2), 1U);
  EXPECT_EQ(adc.code(3), 2U);
  EXPECT_EQ(adc.code(61), 31U);
  EXPECT_EQ(adc.code(62), 31U);
  EXPECT_FALSE(adc.clips(62));
  EXPECT_TRUE(adc.clips(63));  // 31.5 rounds to 32
}

// Every sum of many transfers against the formula in exact rational form, and the multiplier against the table.
TEST(adc, follows_the_formula_everywhere) {
  for (const int rows : {1, 3, 16, 27, 64, 500, 1024}) {
    for (const int dac_bits : {1, 2, 3, 8}) {
      for (const int adc_bits : {1, 2, 5, 8, 12, 16}) {
        macro_shape shape;
        shape.rows_active = rows;
        shape.dac_bits = dac_bits;
        shape.adc_bits = adc_bits;
        const int full = full_range_step_sixteenths(shape);
        for (const int step : {16, 17, 24, 31, 32, 33, full}) {
          if (step > 16 * (s_max(shape) + 1)) continue;
          const adc_transfer adc(shape, step);
          const std::int64_t top = top_code(shape);
          for (std::int64_t s = 0; s <= s_max(shape); s += 1 + s / 1000) {
            std::int64_t level = 0;  // the largest n with n - 1/2 <= 16 s / step
            level = (32 * s + step) / (2 * step);
            ASSERT_LE((2 * level - 1) * step, 32 * s);
            ASSERT_GT((2 * level + 1) * step, 32 * s);
            ASSERT_EQ(adc.code(s), std::min(level, top)) << rows << " " << step << " " << s;
            ASSERT_EQ(adc.clips(s), level > top);
            if (adc.multiplier15() > 0) {
              ASSERT_EQ(adc.code(s), std::min<std::int64_t>((s * adc.multiplier15() + 16384) >> 15, top));
            }
          }
        }
      }
    }
  }
}

TEST(adc, default_steps_have_a_multiplier) {
  for (int step = 17; step <= 64; ++step) EXPECT_GT(adc_transfer(macro_shape(), step).multiplier15(), 0) << step;
}

TEST(adc, digital_is_the_identity) {
  macro_shape shape;
  shape.kind = macro_kind::digital;
  const adc_transfer adc(shape, full_range_step_sixteenths(shape));
  EXPECT_TRUE(adc.lossless());
  EXPECT_EQ(adc.code(48), 48U);
  EXPECT_FALSE(adc.clips(48));
  EXPECT_THROW(adc_transfer(shape, 17), std::invalid_argument);
}

TEST(adc, refuses_steps_below_one) {
  EXPECT_THROW(adc_transfer(macro_shape(), 15), std::invalid_argument);
  EXPECT_THROW(adc_transfer(macro_shape(), 16 * 49 + 1), std::invalid_argument);
  EXPECT_NO_THROW(adc_transfer(macro_shape(), 16 * 49));
}

}  // namespace
}  // namespace cimbalom::arithmetic
