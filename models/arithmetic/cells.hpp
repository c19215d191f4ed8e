#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/arithmetic/macro_shape.hpp"

namespace cimbalom::arithmetic {

class adc_transfer;

// A position is what one row group of one column-mux position holds: rows_active rows of `columns` cells. Its image in
// DRAM and in the weight buffer has row_bytes() bytes a row, column c at bits [c * bits_per_cell, (c + 1) *
// bits_per_cell), little-endian.

/// Bytes of one row of a position's image: ceil(columns * bits_per_cell / 8).
std::size_t row_bytes(const macro_shape& shape, int columns);

/// The value of one cell, 0 .. 2^bits_per_cell - 1.
int load_cell(const macro_shape& shape, const std::uint8_t* row, int column);

/// Sets one cell to the low bits_per_cell bits of `value`; the others keep theirs.
void store_cell(const macro_shape& shape, int value, int column, std::uint8_t* row);

/// Stores a two's complement weight of `bits` in weight_columns(bits) columns from first_column: low bits first, the
/// sign alone in the last. bits = 1 holds {-1, 0}. A paired slot is two calls: filter g at slot * slot_bits, filter f
/// at slot * slot_bits + weight_columns(b_g). Throws std::invalid_argument if the weight does not fit.
void store_weight(const macro_shape& shape, int weight, int bits, int first_column, std::uint8_t* row);

/// Inverse of store_weight.
int load_weight(const macro_shape& shape, int bits, int first_column, const std::uint8_t* row);

/// One ADC conversion, made for every input slice: the analog sum of `columns` adjacent columns from first_column, with
/// digital weight +/- 2^shift, feeds accumulator `output`.
struct conversion {
  int first_column = 0;
  int columns = 1;
  int shift = 0;
  bool negative = false;
  int output = 0;
};

/// Appends the conversions of one filter, low columns first. Combined columns never cross the sign column.
void append_conversions(const macro_shape& shape, int first_column, int bits, int output,
                        std::vector<conversion>& conversions);

/// Every value that one conversion can add to its output over the slices of one operation. A sign column holds one bit
/// a cell.
value_range conversion_range(const macro_shape& shape, const adc_transfer& adc, int input_bits, const conversion& c);

}  // namespace cimbalom::arithmetic
