#include "models/arithmetic/macro_shape.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/arithmetic/adc.hpp"
#include "models/arithmetic/cells.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::int64_t largest_sum = (std::int64_t{1} << 24) - 1;

void check(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(key) + " = " + std::to_string(value) + ": " + std::to_string(low) + " to " +
                              std::to_string(high));
}

}  // namespace

void validate(const macro_shape& shape) {
  check("rows_active", shape.rows_active, 1, 1024);
  check("bits_per_cell", shape.bits_per_cell, 1, 4);
  check("dac_bits", shape.dac_bits, 1, 8);
  check("adc_bits", shape.adc_bits, 1, 16);
  check("slot_bits", shape.slot_bits, 1, 16);
  check("combine_columns", shape.combine_columns, 1, 15 / shape.bits_per_cell);
  check("partial_sum_bits", shape.partial_sum_bits, 2, 48);
  check("accumulator_bits", shape.accumulator_bits, 2, 32);
  check("rows_active * (2^dac_bits - 1) * (2^(bits_per_cell * combine_columns) - 1)", s_max(shape), 1, largest_sum);
}

int input_slices(const macro_shape& shape, int input_bits) {
  check("input_bits", input_bits, 1, max_operand_bits);
  return (input_bits + shape.dac_bits - 1) / shape.dac_bits;
}

int weight_columns(const macro_shape& shape, int weight_bits) {
  check("weight_bits", weight_bits, 1, max_operand_bits);
  return 1 + (weight_bits - 1 + shape.bits_per_cell - 1) / shape.bits_per_cell;
}

std::int64_t s_max(const macro_shape& shape) {
  const std::int64_t drive = (std::int64_t{1} << shape.dac_bits) - 1;
  const std::int64_t cells = (std::int64_t{1} << (shape.bits_per_cell * shape.combine_columns)) - 1;
  return shape.rows_active * drive * cells;
}

std::int64_t top_code(const macro_shape& shape) {
  return shape.kind == macro_kind::digital ? s_max(shape) : (std::int64_t{1} << shape.adc_bits) - 1;
}

value_range two_complement_range(int bits) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return {-half, half - 1};
}

bool contains(const value_range& outer, const value_range& inner) {
  return outer.low <= inner.low && inner.high <= outer.high;
}

value_range times(const value_range& range, std::int64_t count) {
  return {range.low * count, range.high * count};
}

value_range partial_sum_range(const macro_shape& shape, const adc_transfer& adc, int input_bits, int weight_bits) {
  std::vector<conversion> conversions;
  append_conversions(shape, 0, weight_bits, 0, conversions);
  value_range range;
  for (const conversion& c : conversions) {
    const value_range one = conversion_range(shape, adc, input_bits, c);
    range.low += one.low;
    range.high += one.high;
  }
  return range;
}

std::int64_t safe_operations(const macro_shape& shape, const value_range& partial_sum) {
  const value_range room = two_complement_range(shape.accumulator_bits);
  std::int64_t count = std::int64_t{1} << 31;
  if (partial_sum.high > 0) count = std::min(count, room.high / partial_sum.high);
  if (partial_sum.low < 0) count = std::min(count, room.low / partial_sum.low);
  return count;
}

}  // namespace cimbalom::arithmetic
