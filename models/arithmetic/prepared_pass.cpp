#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/arithmetic/kernels.hpp"
#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::size_t output_padding = 16;  // 32-bit lanes of the widest vector
constexpr std::int64_t largest_lane_sum = 32767;

[[noreturn]] void refuse(const std::string& key, std::int64_t value, const std::string& allowed) {
  throw std::invalid_argument(key + " = " + std::to_string(value) + ": " + allowed);
}

std::size_t row_stride(const macro_shape& shape) {
  return static_cast<std::size_t>(row_words(shape.rows_active)) * word_rows;
}

// The largest combined sum of a conversion's columns when every wordline is driven with 1, in one group.
std::int64_t combined_column_sum(const pass_operation& pass, std::size_t group, const conversion& c) {
  std::int64_t sum = 0;
  for (int j = 0; j < c.columns; ++j) {
    sum += std::int64_t{pass.positions[group]->column_sum(c.first_column + j)} << (j * pass.shape->bits_per_cell);
  }
  return sum;
}

// The most that a conversion whose column sums reach `column_sum` can add to its output over the slices.
std::int64_t largest_contribution(const pass_operation& pass, std::int64_t column_sum, int shift) {
  const int dac_bits = pass.shape->dac_bits;
  std::int64_t total = 0;
  for (int first = 0; first < pass.input_bits; first += dac_bits) {
    const std::int64_t drive = (std::int64_t{1} << std::min(dac_bits, pass.input_bits - first)) - 1;
    total += std::int64_t{pass.adc->code(column_sum * drive)} << first;
  }
  return total << shift;
}

// What the cells of a conversion contribute for one row, combined.
int combined_cell(const pass_operation& pass, std::size_t group, const conversion& c, int row) {
  int value = 0;
  for (int j = 0; j < c.columns; ++j) {
    value += pass.positions[group]->cell(row, c.first_column + j) << (j * pass.shape->bits_per_cell);
  }
  return value;
}

}  // namespace

prepared_pass::prepared_pass(const pass_operation& pass, bool with_dense) {
  check(pass);
  padded_columns = pass.groups == 0 ? 0 : pass.positions[0]->padded_columns();
  padded_outputs = (static_cast<std::size_t>(pass.outputs) + output_padding - 1) / output_padding * output_padding;
  derive_range(pass);
  derive_columns(pass);
  derive_row_weights(pass);
  derive_exactness(pass);
  if (with_dense) derive_dense(pass);
}

void prepared_pass::check(const pass_operation& pass) const {
  const macro_shape& shape = *pass.shape;
  validate(shape);
  input_slices(shape, pass.input_bits);
  if (pass.outputs < 0) refuse("outputs", pass.outputs, "0 or more");
  if (pass.adc->largest_sum() != s_max(shape) || pass.adc->top() != static_cast<std::uint64_t>(top_code(shape))) {
    throw std::invalid_argument("adc: made for another macro shape");
  }
  int columns = 65536;
  for (std::size_t g = 0; g < pass.groups; ++g) {
    const packed_position& position = *pass.positions[g];
    const bool same = position.rows_active() == shape.rows_active && position.bits_per_cell() == shape.bits_per_cell &&
                      position.padded_columns() == pass.positions[0]->padded_columns();
    if (!same) refuse("position of group", static_cast<std::int64_t>(g), "the pass's rows, cells and columns");
    columns = std::min(columns, position.columns());
  }
  for (std::size_t n = 0; n < pass.conversion_count; ++n) {
    const conversion& c = pass.conversions[n];
    if (c.output < 0 || c.output >= pass.outputs) refuse("output", c.output, "0 to outputs - 1");
    if (c.shift < 0 || c.shift >= max_operand_bits) refuse("shift", c.shift, "0 to 15");
    if (c.columns < 1 || c.columns > shape.combine_columns)
      refuse("combined columns", c.columns, "1 to combine_columns");
    if (c.first_column < 0 || c.first_column > columns - c.columns) {
      refuse("first_column", c.first_column, "inside the position's " + std::to_string(columns) + " columns");
    }
  }
}

// From the stored weights themselves: tighter than what any weight could give, and true of any image.
void prepared_pass::derive_range(const pass_operation& pass) {
  std::vector<value_range> ranges(static_cast<std::size_t>(pass.outputs));
  for (std::size_t g = 0; g < pass.groups; ++g) {
    std::fill(ranges.begin(), ranges.end(), value_range{});
    for (std::size_t n = 0; n < pass.conversion_count; ++n) {
      const conversion& c = pass.conversions[n];
      const std::int64_t most = largest_contribution(pass, combined_column_sum(pass, g, c), c.shift);
      value_range& range = ranges[static_cast<std::size_t>(c.output)];
      (c.negative ? range.low : range.high) += c.negative ? -most : most;
    }
    for (const value_range& range : ranges) {
      operation_range.low = std::min(operation_range.low, range.low);
      operation_range.high = std::max(operation_range.high, range.high);
    }
  }
}

void prepared_pass::derive_columns(const pass_operation& pass) {
  const macro_shape& shape = *pass.shape;
  std::vector<std::uint8_t> converted(static_cast<std::size_t>(padded_columns), 0);
  columnwise = pass.adc->largest_sum() <= largest_lane_sum && (pass.adc->pure_clip() || pass.adc->multiplier15() > 0) &&
               pass.groups > 0;
  for (std::size_t n = 0; n < pass.conversion_count && pass.groups > 0; ++n) {
    const conversion& c = pass.conversions[n];
    const auto column = static_cast<std::size_t>(c.first_column);
    if (c.columns != 1 || converted[column] != 0) columnwise = false;
    converted[column] = 1;
  }
  if (!contains(two_complement_range(shape.partial_sum_bits), operation_range)) columnwise = false;
  for (std::size_t g = 0; g < pass.groups && columnwise; ++g) {
    for (int c = 0; c < pass.positions[g]->columns(); ++c) {
      if (pass.positions[g]->column_sum(c) > 0 && converted[static_cast<std::size_t>(c)] == 0) columnwise = false;
    }
  }
  if (columnwise) derive_fold(pass);
}

// Filters of any width lie anywhere, yet whole blocks of columns are to be summed at once: each block has a layer of
// weights for every output in it.
void prepared_pass::derive_fold(const pass_operation& pass) {
  fold_columns = (static_cast<std::size_t>(padded_columns) + kernels::fold_padding - 1) / kernels::fold_padding *
                 kernels::fold_padding;
  const std::size_t blocks = fold_columns / kernels::fold_columns;
  std::vector<std::vector<int>> outputs(blocks);  // of each block, in order of layers
  for (std::size_t n = 0; n < pass.conversion_count; ++n) {
    const conversion& c = pass.conversions[n];
    const std::size_t block = static_cast<std::size_t>(c.first_column) / kernels::fold_columns;
    std::vector<int>& here = outputs[block];
    const auto found = std::find(here.begin(), here.end(), c.output);
    const auto layer = static_cast<std::size_t>(found - here.begin());
    if (found == here.end()) {
      here.push_back(c.output);
      fold_targets.push_back(
          {static_cast<std::uint32_t>(layer * blocks + block), static_cast<std::uint32_t>(c.output)});
    }
    if (layer >= fold_layers) {
      fold_layers = layer + 1;
      fold_weights.resize(fold_layers * fold_columns, 0);
    }
    const std::uint32_t weight = 1U << c.shift;
    fold_weights[layer * fold_columns + static_cast<std::size_t>(c.first_column)] = c.negative ? 0U - weight : weight;
  }
}

void prepared_pass::derive_row_weights(const pass_operation& pass) {
  const std::size_t stride = row_stride(*pass.shape);
  row_weights.assign(pass.groups * stride, 0);
  for (std::size_t g = 0; g < pass.groups; ++g) {
    for (int r = 0; r < pass.shape->rows_active; ++r) {
      std::uint32_t sum = 0;
      if (columnwise) {  // every occupied column is converted once, alone
        sum = pass.positions[g]->row_sum(r);
      } else {
        for (std::size_t n = 0; n < pass.conversion_count; ++n) {
          sum += static_cast<std::uint32_t>(combined_cell(pass, g, pass.conversions[n], r));
        }
      }
      row_weights[g * stride + static_cast<std::size_t>(r)] = sum;
    }
  }
}

void prepared_pass::derive_exactness(const pass_operation& pass) {
  const macro_shape& shape = *pass.shape;
  exact_groups.assign(pass.groups, 0);
  if (!pass.adc->pure_clip()) return;
  int combined = 1;
  for (std::size_t n = 0; n < pass.conversion_count; ++n) combined = std::max(combined, pass.conversions[n].columns);
  const std::int64_t largest = pass.adc->clip_from() - 1;
  exact_sum = largest / ((std::int64_t{1} << (shape.bits_per_cell * combined)) - 1);
  const std::int64_t drive = (std::int64_t{1} << std::min(shape.dac_bits, pass.input_bits)) - 1;
  all_exact = true;
  for (std::size_t g = 0; g < pass.groups; ++g) {
    std::int64_t sum = 0;
    for (std::size_t n = 0; n < pass.conversion_count; ++n) {
      sum = std::max(sum, combined_column_sum(pass, g, pass.conversions[n]));
    }
    exact_groups[g] = sum * drive <= largest ? 1 : 0;
    all_exact = all_exact && exact_groups[g] != 0;
  }
}

void prepared_pass::derive_dense(const pass_operation& pass) {
  const macro_shape& shape = *pass.shape;
  const bool proven = contains(two_complement_range(shape.partial_sum_bits), operation_range);
  if (!pass.adc->pure_clip() || !proven || pass.input_bits > 15 || pass.groups == 0) return;
  const std::size_t rows = row_stride(shape);
  dense_weights.assign(pass.groups * rows * padded_outputs, 0);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(pass.outputs));
  for (std::size_t g = 0; g < pass.groups; ++g) {
    for (int r = 0; r < shape.rows_active; ++r) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::size_t n = 0; n < pass.conversion_count; ++n) {
        const conversion& c = pass.conversions[n];
        const std::int64_t value = std::int64_t{combined_cell(pass, g, c, r)} << c.shift;
        sums[static_cast<std::size_t>(c.output)] += c.negative ? -value : value;
      }
      const auto row = static_cast<std::size_t>(r);
      for (std::size_t o = 0; o < sums.size(); ++o) {
        if (sums[o] < -32768 || sums[o] > 32767) return;  // more than a weight of 16 bits: dense stays false
        dense_weights[((g * rows / 2 + row / 2) * padded_outputs + o) * 2 + row % 2] =
            static_cast<std::int16_t>(sums[o]);
      }
    }
  }
  dense = true;
}

}  // namespace cimbalom::arithmetic
