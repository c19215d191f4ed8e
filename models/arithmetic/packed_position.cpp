#include <stdexcept>
#include <string>

#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr int column_padding = 32;  // 16-bit lanes of the widest vector

}  // namespace

packed_position::packed_position(const macro_shape& shape, int columns, const std::uint8_t* rows)
    : rows_active_(shape.rows_active),
      bits_per_cell_(shape.bits_per_cell),
      columns_(columns),
      padded_columns_((columns + column_padding - 1) / column_padding * column_padding) {
  validate(shape);
  if (columns < 1 || columns > 65536) {
    throw std::invalid_argument("columns of a position = " + std::to_string(columns) + ": 1 to 65536");
  }
  const auto padded = static_cast<std::size_t>(padded_columns_);
  const auto words_count = static_cast<std::size_t>(words());
  cells_.assign(static_cast<std::size_t>(bits_per_cell_) * words_count * padded, 0);
  row_sums_.assign(static_cast<std::size_t>(rows_active_), 0);
  column_sums_.assign(static_cast<std::size_t>(columns), 0);
  const std::size_t bytes = row_bytes(shape, columns);
  for (int r = 0; r < rows_active_; ++r) {
    const std::uint8_t* row = rows + static_cast<std::size_t>(r) * bytes;
    for (int c = 0; c < columns; ++c) {
      const int value = load_cell(shape, row, c);
      if (value == 0) continue;
      const auto column = static_cast<std::size_t>(c);
      row_sums_[static_cast<std::size_t>(r)] += static_cast<std::uint32_t>(value);
      column_sums_[column] += static_cast<std::uint32_t>(value);
      for (int k = 0; k < bits_per_cell_; ++k) {
        const std::size_t word = static_cast<std::size_t>(k) * words_count + static_cast<std::size_t>(r / word_rows);
        const int bit = ((value >> k) & 1) << (r % word_rows);
        cells_[word * padded + column] = static_cast<std::uint16_t>(cells_[word * padded + column] | bit);
      }
    }
  }
}

int packed_position::cell(int row, int column) const {
  int value = 0;
  for (int k = 0; k < bits_per_cell_; ++k) {
    const std::size_t word =
        static_cast<std::size_t>(k) * static_cast<std::size_t>(words()) + static_cast<std::size_t>(row / word_rows);
    const unsigned bits = cells_[word * static_cast<std::size_t>(padded_columns_) + static_cast<std::size_t>(column)];
    value |= static_cast<int>((bits >> (row % word_rows)) & 1U) << k;
  }
  return value;
}

}  // namespace cimbalom::arithmetic
