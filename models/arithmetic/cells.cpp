#include "models/arithmetic/cells.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/arithmetic/adc.hpp"

namespace cimbalom::arithmetic {

std::size_t row_bytes(const macro_shape& shape, int columns) {
  return (static_cast<std::size_t>(columns) * static_cast<std::size_t>(shape.bits_per_cell) + 7) / 8;
}

int load_cell(const macro_shape& shape, const std::uint8_t* row, int column) {
  int value = 0;
  for (int k = 0; k < shape.bits_per_cell; ++k) {
    const int bit = column * shape.bits_per_cell + k;
    value |= ((row[bit / 8] >> (bit % 8)) & 1) << k;
  }
  return value;
}

void store_cell(const macro_shape& shape, int value, int column, std::uint8_t* row) {
  for (int k = 0; k < shape.bits_per_cell; ++k) {
    const int bit = column * shape.bits_per_cell + k;
    const int mask = 1 << (bit % 8);
    row[bit / 8] = static_cast<std::uint8_t>((row[bit / 8] & ~mask) | (((value >> k) & 1) != 0 ? mask : 0));
  }
}

namespace {

// The low `count` bits of `value` from bit `first` on: a weight in one-bit cells as it is.
void store_bits(unsigned value, int count, int first, std::uint8_t* row) {
  while (count > 0) {
    const int offset = first % 8;
    const int here = std::min(8 - offset, count);
    const unsigned mask = ((1U << here) - 1U) << offset;
    row[first / 8] = static_cast<std::uint8_t>((row[first / 8] & ~mask) | ((value << offset) & mask));
    value >>= here;
    first += here;
    count -= here;
  }
}

}  // namespace

void store_weight(const macro_shape& shape, int weight, int bits, int first_column, std::uint8_t* row) {
  const int columns = weight_columns(shape, bits);
  const int half = 1 << (bits - 1);
  if (weight < -half || weight >= half) {
    throw std::invalid_argument("weight = " + std::to_string(weight) + ": " + std::to_string(-half) + " to " +
                                std::to_string(half - 1) + " at " + std::to_string(bits) + " bits");
  }
  if (shape.bits_per_cell == 1) {
    store_bits(static_cast<unsigned>(weight), bits, first_column, row);
    return;
  }
  const int magnitude = weight & (half - 1);
  for (int c = 0; c + 1 < columns; ++c) {
    store_cell(shape, magnitude >> (c * shape.bits_per_cell), first_column + c, row);
  }
  store_cell(shape, weight < 0 ? 1 : 0, first_column + columns - 1, row);
}

int load_weight(const macro_shape& shape, int bits, int first_column, const std::uint8_t* row) {
  const int columns = weight_columns(shape, bits);
  int weight = 0;
  for (int c = 0; c + 1 < columns; ++c) {
    weight |= load_cell(shape, row, first_column + c) << (c * shape.bits_per_cell);
  }
  const bool negative = (load_cell(shape, row, first_column + columns - 1) & 1) != 0;
  return negative ? weight - (1 << (bits - 1)) : weight;
}

void append_conversions(const macro_shape& shape, int first_column, int bits, int output,
                        std::vector<conversion>& conversions) {
  const int magnitude_columns = weight_columns(shape, bits) - 1;
  for (int c = 0; c < magnitude_columns; c += shape.combine_columns) {
    const int combined = std::min(shape.combine_columns, magnitude_columns - c);
    conversions.push_back({first_column + c, combined, c * shape.bits_per_cell, false, output});
  }
  conversions.push_back({first_column + magnitude_columns, 1, bits - 1, true, output});
}

value_range conversion_range(const macro_shape& shape, const adc_transfer& adc, int input_bits, const conversion& c) {
  const int slices = input_slices(shape, input_bits);
  const int cell_bits = c.negative ? 1 : shape.bits_per_cell * c.columns;
  const std::int64_t cells = (std::int64_t{1} << cell_bits) - 1;
  std::int64_t sum = 0;
  for (int i = 0; i < slices; ++i) {
    const int driven_bits = std::min(shape.dac_bits, input_bits - i * shape.dac_bits);
    const std::int64_t drive = (std::int64_t{1} << driven_bits) - 1;
    sum += static_cast<std::int64_t>(adc.code(shape.rows_active * drive * cells)) << (i * shape.dac_bits);
  }
  sum <<= c.shift;
  return c.negative ? value_range{-sum, 0} : value_range{0, sum};
}

}  // namespace cimbalom::arithmetic
