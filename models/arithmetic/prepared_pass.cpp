#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "models/arithmetic/kernels.hpp"
#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::size_t output_padding = 16;  // 32-bit lanes of the widest vector
constexpr std::int64_t largest_lane_sum = 32767;
constexpr int layer_columns = 4;  // columns of an output in a lookup unit

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

// What the cells of a conversion contribute for one row of decoded cells, combined.
int combined_cell(const pass_operation& pass, const std::uint8_t* row, const conversion& c) {
  int value = 0;
  for (int j = 0; j < c.columns; ++j) value += row[c.first_column + j] << (j * pass.shape->bits_per_cell);
  return value;
}

}  // namespace

prepared_pass::prepared_pass(const pass_operation& pass, const prepare_options& options) {
  check(pass);
  padded_columns = pass.groups == 0 ? 0 : pass.positions[0]->padded_columns();
  padded_outputs = (static_cast<std::size_t>(pass.outputs) + output_padding - 1) / output_padding * output_padding;
  derive_range(pass);
  derive_columns(pass);
  derive_row_weights(pass);
  derive_exactness(pass);
  derive_lanes(pass);
  if (options.lookups && lookup_possible(pass)) derive_lookup(pass);
  if (options.products) derive_products(pass);
}

std::size_t prepared_pass::footprint() const {
  return sizeof *this + row_weights.size() * sizeof(std::uint32_t) + fold_weights.size() * sizeof(std::uint32_t) +
         lookup_cells.size() + word_weights.size() * sizeof(std::int16_t) + byte_weights.size();
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
    const packed_position& position = *pass.positions[g];
    const std::vector<std::uint8_t> cells = columnwise ? std::vector<std::uint8_t>() : position.cells();
    for (int r = 0; r < pass.shape->rows_active; ++r) {
      std::uint32_t sum = 0;
      if (columnwise) {  // every occupied column is converted once, alone
        sum = position.row_sum(r);
      } else {
        const std::uint8_t* row = cells.data() + std::ptrdiff_t{r} * position.columns();
        for (std::size_t n = 0; n < pass.conversion_count; ++n) {
          sum += static_cast<std::uint32_t>(combined_cell(pass, row, pass.conversions[n]));
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
  exact_sum = exact_slice_sum(shape, *pass.adc, combined);
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

// Outputs with many columns come first, so that blocks of outputs waste few columns.
void prepared_pass::derive_lanes(const pass_operation& pass) {
  std::vector<int> layers(static_cast<std::size_t>(pass.outputs), 0);
  for (std::size_t n = 0; n < pass.conversion_count; ++n) {
    const conversion& c = pass.conversions[n];
    int& most = layers[static_cast<std::size_t>(c.output)];
    most = std::max(most, c.shift / layer_columns + 1);
  }
  std::vector<std::uint32_t> order(layers.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return layers[a] > layers[b]; });
  lanes.resize(order.size());
  for (std::size_t lane = 0; lane < order.size(); ++lane) {
    lanes[order[lane]] = static_cast<std::uint32_t>(lane);
    lanes_in_order &= order[lane] == lane;
    if (lane % kernels::unit_outputs != 0) continue;  // the first of a block has the most layers
    for (int l = 0; l < layers[order[lane]]; ++l) {
      unit_lanes.push_back(static_cast<std::uint32_t>(lane));
      unit_shifts.push_back(static_cast<std::uint32_t>(l * layer_columns));
    }
  }
}

bool prepared_pass::lookup_possible(const pass_operation& pass) const {
  constexpr std::int64_t largest_byte = 255;
  constexpr std::int64_t largest_coded_sum = 63;
  const macro_shape& shape = *pass.shape;
  if (!columnwise || shape.bits_per_cell != 1 || pass.input_bits > 8 || s_max(shape) > largest_byte) return false;
  if (!pass.adc->pure_clip() && s_max(shape) > largest_coded_sum) return false;
  std::vector<std::uint32_t> shifts(static_cast<std::size_t>(pass.outputs), 0);
  for (std::size_t n = 0; n < pass.conversion_count; ++n) {
    const conversion& c = pass.conversions[n];
    std::uint32_t& seen = shifts[static_cast<std::size_t>(c.output)];
    if ((seen >> c.shift & 1U) != 0) return false;  // two columns of an output with one weight
    seen |= 1U << c.shift;
  }
  return true;
}

std::size_t prepared_pass::unit_of(std::size_t lane, int shift) const {
  std::size_t unit = 0;
  while (lane - unit_lanes[unit] >= kernels::unit_outputs) ++unit;  // a block's units lie together
  return unit + static_cast<std::size_t>(shift / layer_columns);
}

void prepared_pass::derive_lookup(const pass_operation& pass) {
  const auto words = static_cast<std::size_t>(row_words(pass.shape->rows_active));
  const std::size_t tables = words * word_rows / kernels::table_rows;
  const std::size_t group_bytes = unit_lanes.size() * tables * kernels::unit_columns;
  lookup_weights.assign(unit_lanes.size() * kernels::unit_columns, 0);
  lookup_cells.assign(pass.groups * group_bytes, 0);
  for (std::size_t n = 0; n < pass.conversion_count; ++n) {
    const conversion& c = pass.conversions[n];
    const std::size_t lane = lanes[static_cast<std::size_t>(c.output)];
    const std::size_t unit = unit_of(lane, c.shift);
    const std::size_t place =
        lane % kernels::unit_outputs * layer_columns + static_cast<std::size_t>(c.shift % layer_columns);
    const int weight = 1 << (c.shift % layer_columns);
    lookup_weights[unit * kernels::unit_columns + place] = static_cast<std::int8_t>(c.negative ? -weight : weight);
    for (std::size_t g = 0; g < pass.groups; ++g) {
      const std::uint16_t* column = pass.positions[g]->cell_words() + c.first_column;
      std::uint8_t* to = lookup_cells.data() + g * group_bytes + unit * tables * kernels::unit_columns + place;
      for (std::size_t t = 0; t < tables; ++t) {
        const unsigned word = column[t / 4 * static_cast<std::size_t>(padded_columns)];
        to[t * kernels::unit_columns] = static_cast<std::uint8_t>(word >> (t % 4 * kernels::table_rows) & 15U);
      }
    }
  }
  if (!pass.adc->pure_clip()) {
    lookup_codes.assign(kernels::unit_columns, 0);
    for (std::int64_t sum = 0; sum <= pass.adc->largest_sum(); ++sum) {
      lookup_codes[static_cast<std::size_t>(sum)] = static_cast<std::uint8_t>(pass.adc->code(sum));
    }
  }
  lookup = true;
}

namespace {

// The integer weights of one group, [row][lane]; rows and lanes padded with 0.
std::vector<std::int32_t> weights_of(const pass_operation& pass, const prepared_pass& prepared, std::size_t group) {
  const packed_position& position = *pass.positions[group];
  const std::vector<std::uint8_t> cells = position.cells();
  std::vector<std::int32_t> weights(row_stride(*pass.shape) * prepared.padded_outputs, 0);
  for (int r = 0; r < pass.shape->rows_active; ++r) {
    const std::uint8_t* row = cells.data() + std::ptrdiff_t{r} * position.columns();
    std::int32_t* to = weights.data() + static_cast<std::size_t>(r) * prepared.padded_outputs;
    for (std::size_t n = 0; n < pass.conversion_count; ++n) {
      const conversion& c = pass.conversions[n];
      const std::int32_t value = combined_cell(pass, row, c) << c.shift;
      to[prepared.lanes[static_cast<std::size_t>(c.output)]] += c.negative ? -value : value;
    }
  }
  return weights;
}

// Appends a group's weights as the products want them: kRows rows of a lane side by side.
template <std::size_t kRows, typename Weight>
void append_weights(const std::vector<std::int32_t>& weights, std::size_t outputs, aligned_vector<Weight>& to) {
  for (std::size_t row = 0; row < weights.size() / outputs; row += kRows) {
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t k = 0; k < kRows; ++k) to.push_back(static_cast<Weight>(weights[(row + k) * outputs + o]));
    }
  }
}

}  // namespace

void prepared_pass::derive_products(const pass_operation& pass) {
  const macro_shape& shape = *pass.shape;
  const bool proven = contains(two_complement_range(shape.partial_sum_bits), operation_range);
  if (!pass.adc->pure_clip() || !proven || pass.input_bits > 15 || pass.groups == 0 || pass.outputs == 0) return;
  std::vector<std::vector<std::int32_t>> groups;
  value_range range;
  for (std::size_t g = 0; g < pass.groups; ++g) {
    groups.push_back(weights_of(pass, *this, g));
    const auto ends = std::minmax_element(groups.back().begin(), groups.back().end());
    range = {std::min<std::int64_t>(range.low, *ends.first), std::max<std::int64_t>(range.high, *ends.second)};
  }
  if (!contains(two_complement_range(16), range)) return;
  byte_products = pass.input_bits <= 8 && contains(two_complement_range(8), range) &&
                  kernels::current().bytes.byte_products != nullptr;
  const std::size_t size = groups.size() * groups[0].size();
  byte_products ? byte_weights.reserve(size) : word_weights.reserve(size);
  for (const std::vector<std::int32_t>& weights : groups) {
    if (byte_products) {
      append_weights<4>(weights, padded_outputs, byte_weights);
    } else {
      append_weights<2>(weights, padded_outputs, word_weights);
    }
  }
  products = true;
}

}  // namespace cimbalom::arithmetic
