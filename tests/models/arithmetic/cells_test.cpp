#include "models/arithmetic/cells.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>
#include <stdexcept>

#include "models/arithmetic/adc.hpp"

namespace cimbalom::arithmetic {
namespace {

TEST(macro_shape, refuses_values_out_of_range_and_names_them) {
  const auto refusal = [](auto change) {
    macro_shape shape;
    change(shape);
    try {
      validate(shape);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal([](macro_shape&) {}), "");
  EXPECT_EQ(refusal([](macro_shape& s) { s.rows_active = 0; }), "rows_active = 0: 1 to 1024");
  EXPECT_EQ(refusal([](macro_shape& s) { s.rows_active = 1025; }), "rows_active = 1025: 1 to 1024");
  EXPECT_EQ(refusal([](macro_shape& s) { s.bits_per_cell = 5; }), "bits_per_cell = 5: 1 to 4");
  EXPECT_EQ(refusal([](macro_shape& s) { s.dac_bits = 9; }), "dac_bits = 9: 1 to 8");
  EXPECT_EQ(refusal([](macro_shape& s) { s.adc_bits = 17; }), "adc_bits = 17: 1 to 16");
  EXPECT_EQ(refusal([](macro_shape& s) { s.combine_columns = 16; }), "combine_columns = 16: 1 to 15");
  EXPECT_NE(refusal([](macro_shape& s) { s.rows_active = 1024, s.combine_columns = 15; }).find("1 to 16777215"),
            std::string::npos);
}

TEST(macro_shape, sizes_of_the_default_macro) {
  const macro_shape shape;
  EXPECT_EQ(s_max(shape), 48);
  EXPECT_EQ(top_code(shape), 31);
  EXPECT_EQ(input_slices(shape, 8), 4);
  EXPECT_EQ(input_slices(shape, 7), 4);
  EXPECT_EQ(weight_columns(shape, 8), 8);
  EXPECT_EQ(weight_columns(shape, 1), 1);
  EXPECT_THROW(input_slices(shape, 0), std::invalid_argument);
  EXPECT_THROW(weight_columns(shape, 17), std::invalid_argument);
  macro_shape multi = shape;
  multi.bits_per_cell = 2;
  EXPECT_EQ(weight_columns(multi, 8), 5);
  EXPECT_EQ(weight_columns(multi, 2), 2);
  multi.combine_columns = 2;
  EXPECT_EQ(s_max(multi), 16 * 3 * 15);
}

TEST(macro_shape, default_partial_sum_is_proven_to_fit) {
  const macro_shape shape;
  const adc_transfer adc(shape, unit_step_sixteenths);
  const value_range range = partial_sum_range(shape, adc, 8, 8);
  EXPECT_EQ(range.high, 31 * 85 * 127);
  EXPECT_EQ(range.low, -31 * 85 * 128);
  EXPECT_TRUE(contains(two_complement_range(20), range));
  EXPECT_FALSE(contains(two_complement_range(19), range));
  EXPECT_EQ(safe_operations(shape, range), 2147483648LL / (31 * 85 * 128));
  EXPECT_EQ(safe_operations(shape, {0, 0}), std::int64_t{1} << 31);
  // An input narrower than its slices drives less: 8 rows of the last slice's one bit.
  EXPECT_EQ(partial_sum_range(shape, adc, 1, 2).high, 16);
}

TEST(cells, one_bit_slot_of_eight_is_the_byte_itself) {
  const macro_shape shape;
  for (int w = -128; w < 128; ++w) {
    std::uint8_t row[2] = {0xA5, 0};
    store_weight(shape, w, 8, 8, row);
    EXPECT_EQ(row[0], 0xA5);
    EXPECT_EQ(row[1], static_cast<std::uint8_t>(w));
    EXPECT_EQ(load_weight(shape, 8, 8, row), w);
  }
}

TEST(cells, paired_filters_share_a_slot) {
  const macro_shape shape;
  for (int low_bits = 1; low_bits < 8; ++low_bits) {
    const int high_bits = 8 - low_bits;
    for (int f = -(1 << (high_bits - 1)); f < 1 << (high_bits - 1); ++f) {
      for (int g = -(1 << (low_bits - 1)); g < 1 << (low_bits - 1); ++g) {
        std::uint8_t row = 0;
        store_weight(shape, g, low_bits, 0, &row);
        store_weight(shape, f, high_bits, low_bits, &row);
        const int mixed = ((f & ((1 << high_bits) - 1)) << low_bits) + (g & ((1 << low_bits) - 1));
        ASSERT_EQ(row, mixed);
        ASSERT_EQ(load_weight(shape, low_bits, 0, &row), g);
        ASSERT_EQ(load_weight(shape, high_bits, low_bits, &row), f);
      }
    }
  }
}

TEST(cells, one_bit_weight_is_minus_one_or_zero) {
  const macro_shape shape;
  std::uint8_t row = 0;
  store_weight(shape, -1, 1, 3, &row);
  EXPECT_EQ(row, 8);
  EXPECT_EQ(load_weight(shape, 1, 3, &row), -1);
  EXPECT_THROW(store_weight(shape, 1, 1, 0, &row), std::invalid_argument);
  EXPECT_THROW(store_weight(shape, 128, 8, 0, &row), std::invalid_argument);
}

TEST(cells, any_width_round_trips_and_leaves_its_neighbours) {
  const bool held = rc::check("store_weight, load_weight", [] {
    macro_shape shape;
    shape.bits_per_cell = *rc::gen::inRange(1, 5);
    const int bits = *rc::gen::inRange(1, 17);
    const int weight = *rc::gen::inRange(-(1 << (bits - 1)), 1 << (bits - 1));
    const int first = *rc::gen::inRange(0, 20);
    const std::size_t bytes = row_bytes(shape, 40);
    const auto fill = static_cast<std::uint8_t>(*rc::gen::inRange(0, 256));
    std::vector<std::uint8_t> row(bytes, fill);
    store_weight(shape, weight, bits, first, row.data());
    RC_ASSERT(load_weight(shape, bits, first, row.data()) == weight);
    const std::vector<std::uint8_t> untouched(bytes, fill);
    for (int c = 0; c < 40; ++c) {
      if (c >= first && c < first + weight_columns(shape, bits)) continue;
      RC_ASSERT(load_cell(shape, row.data(), c) == load_cell(shape, untouched.data(), c));
    }
  });
  EXPECT_TRUE(held);
}

// The digital weights of a filter's conversions rebuild the weight from its cells.
TEST(cells, conversions_rebuild_the_weight) {
  const bool held = rc::check("append_conversions", [] {
    macro_shape shape;
    shape.bits_per_cell = *rc::gen::inRange(1, 5);
    shape.combine_columns = *rc::gen::inRange(1, 4);
    const int bits = *rc::gen::inRange(1, 17);
    const int weight = *rc::gen::inRange(-(1 << (bits - 1)), 1 << (bits - 1));
    std::vector<std::uint8_t> row(row_bytes(shape, 40), 0);
    store_weight(shape, weight, bits, 3, row.data());
    std::vector<conversion> conversions;
    append_conversions(shape, 3, bits, 5, conversions);
    int rebuilt = 0;
    int columns = 0;
    for (const conversion& c : conversions) {
      int value = 0;
      for (int j = 0; j < c.columns; ++j) {
        value += load_cell(shape, row.data(), c.first_column + j) << (j * shape.bits_per_cell);
      }
      rebuilt += (c.negative ? -value : value) * (1 << c.shift);
      columns += c.columns;
      RC_ASSERT(c.output == 5);
      RC_ASSERT(!c.negative || c.columns == 1);
    }
    RC_ASSERT(rebuilt == weight);
    RC_ASSERT(columns == weight_columns(shape, bits));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace cimbalom::arithmetic
