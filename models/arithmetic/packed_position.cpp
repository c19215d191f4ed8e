#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/arithmetic/bit_transpose.hpp"
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
  if (bits_per_cell_ == 1) {
    pack_bits(rows, row_bytes(shape, columns));
  } else {
    pack_cells(shape, rows);
  }
}

packed_position::packed_position(const std::vector<const packed_position*>& parts)
    : rows_active_(parts.at(0)->rows_active_), bits_per_cell_(parts[0]->bits_per_cell_) {
  for (const packed_position* part : parts) {
    if (part->rows_active_ != rows_active_ || part->bits_per_cell_ != bits_per_cell_) {
      throw std::invalid_argument("rows and cell bits of a position = " + std::to_string(part->rows_active_) + ", " +
                                  std::to_string(part->bits_per_cell_) + ": those of its neighbours");
    }
    columns_ += part->columns_;
  }
  padded_columns_ = (columns_ + column_padding - 1) / column_padding * column_padding;
  const auto layers = static_cast<std::size_t>(bits_per_cell_) * static_cast<std::size_t>(words());
  cells_.assign(layers * static_cast<std::size_t>(padded_columns_), 0);
  row_sums_.assign(static_cast<std::size_t>(rows_active_), 0);
  std::uint16_t* to = cells_.data();
  for (const packed_position* part : parts) {
    for (std::size_t l = 0; l < layers; ++l) {
      std::copy_n(part->cells_.data() + l * static_cast<std::size_t>(part->padded_columns_), part->columns_,
                  to + l * static_cast<std::size_t>(padded_columns_));
    }
    to += part->columns_;
    for (std::size_t r = 0; r < row_sums_.size(); ++r) row_sums_[r] += part->row_sums_[r];
    column_sums_.insert(column_sums_.end(), part->column_sums_.begin(), part->column_sums_.end());
  }
}

// Eight rows of eight one-bit columns at once.
void packed_position::pack_bits(const std::uint8_t* rows, std::size_t bytes) {
  const auto columns = static_cast<std::size_t>(columns_);
  for (std::size_t first = 0; first < static_cast<std::size_t>(rows_active_); first += 8) {
    const std::size_t count = std::min<std::size_t>(8, static_cast<std::size_t>(rows_active_) - first);
    std::uint16_t* words = cells_.data() + first / word_rows * static_cast<std::size_t>(padded_columns_);
    for (std::size_t b = 0; b < bytes; ++b) {
      const std::size_t left = std::min<std::size_t>(8, columns - 8 * b);
      const auto inside = static_cast<std::uint8_t>((1U << left) - 1U);
      std::uint64_t block = 0;
      for (std::size_t r = 0; r < count; ++r) {
        const auto byte = static_cast<std::uint8_t>(rows[(first + r) * bytes + b] & inside);
        row_sums_[first + r] += static_cast<std::uint32_t>(__builtin_popcount(byte));
        block |= std::uint64_t{byte} << (8 * r);
      }
      if (block == 0) continue;
      const std::uint64_t by_column = transpose_bits(block);
      for (std::size_t c = 0; c < left; ++c) {
        const auto of_column = static_cast<std::uint16_t>((by_column >> (8 * c)) & 0xFF);
        column_sums_[8 * b + c] += static_cast<std::uint32_t>(__builtin_popcount(of_column));
        words[8 * b + c] = static_cast<std::uint16_t>(words[8 * b + c] | of_column << (first % word_rows));
      }
    }
  }
}

void packed_position::pack_cells(const macro_shape& shape, const std::uint8_t* rows) {
  const auto padded = static_cast<std::size_t>(padded_columns_);
  const auto words_count = static_cast<std::size_t>(words());
  const std::size_t bytes = row_bytes(shape, columns_);
  for (int r = 0; r < rows_active_; ++r) {
    const std::uint8_t* row = rows + static_cast<std::size_t>(r) * bytes;
    for (int c = 0; c < columns_; ++c) {
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

std::vector<std::uint8_t> packed_position::cells() const {
  const auto columns = static_cast<std::size_t>(columns_);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(rows_active_) * columns);
  const std::uint16_t* word = cells_.data();
  for (int k = 0; k < bits_per_cell_; ++k) {
    for (int w = 0; w < words(); ++w, word += padded_columns_) {
      const int rows = std::min(word_rows, rows_active_ - w * word_rows);
      for (int r = 0; r < rows; ++r) {
        std::uint8_t* row = values.data() + static_cast<std::size_t>(w * word_rows + r) * columns;
        for (std::size_t c = 0; c < columns; ++c) {
          row[c] = static_cast<std::uint8_t>(row[c] | ((static_cast<unsigned>(word[c]) >> r) & 1U) << k);
        }
      }
    }
  }
  return values;
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
