#include "models/arithmetic/nonideality.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

namespace cimbalom::arithmetic {
namespace {

constexpr std::int64_t one = 65536;

TEST(nonideality, generator_is_fixed_for_ever) {
  // A change here changes every seeded result: these are the values, not a property.
  EXPECT_EQ(random_bits(1, 0), 10451216379200822465ULL);
  EXPECT_EQ(random_bits(1, 1), 13757245211066428519ULL);
  EXPECT_EQ(random_normal(1, 0), -115714);
}

TEST(nonideality, bits_do_not_repeat) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t key = 0; key < 100; ++key) {
    for (std::uint64_t counter = 0; counter < 100; ++counter) seen.insert(random_bits(key, counter));
  }
  EXPECT_EQ(seen.size(), 10000U);
}

TEST(nonideality, deviates_are_normal) {
  constexpr int count = 200000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int beyond_two = 0;
  for (int n = 0; n < count; ++n) {
    const double x = static_cast<double>(random_normal(9, static_cast<std::uint64_t>(n))) / one;
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond_two += std::fabs(x) > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 1, 0.01);
  EXPECT_NEAR(fourth / count, 3, 0.08);
  EXPECT_NEAR(static_cast<double>(beyond_two) / count, 0.0455, 0.003);
}

TEST(nonideality, nothing_on_is_ideal) {
  const nonideality noise{nonideality_config()};
  const macro_shape shape;
  const adc_transfer adc(shape, 25);
  EXPECT_FALSE(noise.any());
  EXPECT_EQ(noise.cell(shape, {}, 0, 3, 4, 1), one);
  EXPECT_EQ(noise.column(shape, {}, 3, 17 * one), 17 * one);
  for (int s = 0; s <= 48; ++s) {
    const noisy_code result = noise.convert(adc, {}, {}, 3, s * one);
    EXPECT_EQ(result.code, adc.code(s));
    EXPECT_EQ(result.clipped, adc.clips(s));
  }
}

TEST(nonideality, static_errors_belong_to_the_place_not_the_time) {
  nonideality_config config;
  config.column_gain_sigma = 0.1;
  config.cell_sigma = 0.1;
  const nonideality noise(config);
  const macro_shape shape;
  noise_site now;
  noise_site later;
  later.image = 7;
  later.first_pixel = 99;
  later.layer = 2;
  noise_site elsewhere;
  elsewhere.bank = 1;
  EXPECT_EQ(noise.column(shape, now, 5, 20 * one), noise.column(shape, later, 5, 20 * one));
  EXPECT_NE(noise.column(shape, now, 5, 20 * one), noise.column(shape, elsewhere, 5, 20 * one));
  EXPECT_NE(noise.column(shape, now, 5, 20 * one), noise.column(shape, now, 6, 20 * one));
  EXPECT_EQ(noise.cell(shape, now, 1, 2, 3, 1), noise.cell(shape, later, 1, 2, 3, 1));
  EXPECT_NE(noise.cell(shape, now, 1, 2, 3, 1), noise.cell(shape, now, 2, 2, 3, 1));
}

TEST(nonideality, noise_has_the_asked_spread_and_no_bias) {
  nonideality_config config;
  config.adc_noise_lsb = 2;
  const nonideality noise(config);
  macro_shape shape;
  shape.rows_active = 100;
  shape.adc_bits = 8;
  const adc_transfer adc(shape, 32);
  double sum = 0;
  double squares = 0;
  constexpr int count = 50000;
  for (std::uint64_t n = 0; n < count; ++n) {
    const double code = noise.convert(adc, {}, {n, 0, 0}, 0, 200 * one).code;
    sum += code;
    squares += code * code;
  }
  const double mean = sum / count;
  EXPECT_NEAR(mean, 100, 0.05);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), std::sqrt(4 + 1.0 / 12), 0.05);
}

TEST(nonideality, stuck_cells_occur_as_often_as_asked) {
  nonideality_config config;
  config.stuck_at_zero = 0.1;
  config.stuck_at_one = 0.2;
  const nonideality noise(config);
  macro_shape shape;
  shape.bits_per_cell = 2;
  int zeros = 0;
  int full = 0;
  for (int row = 0; row < 100; ++row) {
    for (int column = 0; column < 200; ++column) {
      const std::int64_t held = noise.cell(shape, {}, 0, row, column, 1);
      zeros += held == 0 ? 1 : 0;
      full += held == 3 * one ? 1 : 0;
    }
  }
  EXPECT_NEAR(zeros / 20000.0, 0.1, 0.01);
  EXPECT_NEAR(full / 20000.0, 0.2, 0.012);
  shape.kind = macro_kind::digital;
  EXPECT_EQ(noise.cell(shape, {}, 0, 0, 0, 1) % one, 0);
}

TEST(nonideality, drop_and_drift_scale_what_flows) {
  nonideality_config config;
  config.ir_drop = 0.1;
  config.drift_exponent = 0.05;
  config.drift_time_ratio = 1000;
  const nonideality noise(config);
  const macro_shape shape;
  EXPECT_NEAR(static_cast<double>(noise.column(shape, {}, 0, 48 * one)) / one, 43.2, 1e-3);
  EXPECT_EQ(noise.column(shape, {}, 0, 0), 0);
  EXPECT_NEAR(static_cast<double>(noise.cell(shape, {}, 0, 0, 0, 1)) / one, std::pow(1000, -0.05), 1e-4);
}

TEST(nonideality, offset_below_zero_counts_as_clipped) {
  const nonideality noise{nonideality_config()};
  const adc_transfer adc(macro_shape(), 16);
  const noisy_code result = noise.convert(adc, {}, {}, 0, -one);
  EXPECT_EQ(result.code, 0U);
  EXPECT_TRUE(result.clipped);
}

TEST(nonideality, refuses_impossible_settings) {
  const auto refused = [](auto change) {
    nonideality_config config;
    change(config);
    EXPECT_THROW(nonideality{config}, std::invalid_argument);
  };
  refused([](nonideality_config& c) { c.cell_sigma = -0.1; });
  refused([](nonideality_config& c) { c.adc_noise_lsb = std::numeric_limits<double>::quiet_NaN(); });
  refused([](nonideality_config& c) { c.stuck_at_zero = 0.6, c.stuck_at_one = 0.6; });
  refused([](nonideality_config& c) { c.drift_time_ratio = 0.5; });
  refused([](nonideality_config& c) { c.cols_per_adc = 0; });
}

}  // namespace
}  // namespace cimbalom::arithmetic
