#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/arithmetic/adc.hpp"
#include "models/arithmetic/aligned.hpp"
#include "models/arithmetic/cells.hpp"
#include "models/arithmetic/inputs.hpp"
#include "models/arithmetic/macro_shape.hpp"
#include "models/arithmetic/nonideality.hpp"

namespace cimbalom::arithmetic {

/// A position in the kernels' layout: for each bit of a cell and each word of 16 rows, one 16-bit word a column.
class packed_position {
 public:
  /// `rows`: the image of cells.hpp, rows_active * row_bytes(shape, columns) bytes, copied.
  /// Throws std::invalid_argument if the shape is invalid or columns is outside 1..65536.
  packed_position(const macro_shape& shape, int columns, const std::uint8_t* rows);

  int columns() const { return columns_; }
  int padded_columns() const { return padded_columns_; }
  int rows_active() const { return rows_active_; }
  int bits_per_cell() const { return bits_per_cell_; }
  int words() const { return row_words(rows_active_); }
  /// [bit of a cell][word of rows][padded column]; bit r of a word is row 16 * word + r.
  const std::uint16_t* cell_words() const { return cells_.data(); }
  /// Value of one cell.
  int cell(int row, int column) const;
  /// Sum of a row's cell values over all columns.
  std::uint32_t row_sum(int row) const { return row_sums_[static_cast<std::size_t>(row)]; }
  /// Sum of a column's cell values: what it answers when every wordline is driven with 1.
  std::uint32_t column_sum(int column) const { return column_sums_[static_cast<std::size_t>(column)]; }

 private:
  int rows_active_;
  int bits_per_cell_;
  int columns_;
  int padded_columns_;
  aligned_vector<std::uint16_t> cells_;
  std::vector<std::uint32_t> row_sums_;
  std::vector<std::uint32_t> column_sums_;
};

/// What the hardware did: the counts that energy and reports are made of. Identical for every path and target.
struct activity {
  std::uint64_t operations = 0;               ///< row groups driven
  std::uint64_t column_sums = 0;              ///< operations x slices x conversions, analog or digital
  std::uint64_t conversions = 0;              ///< column_sums that went through an ADC: 0 in a digital macro
  std::uint64_t clipped = 0;                  ///< conversions cut by the ADC's range
  std::uint64_t partial_sum_saturations = 0;  ///< results of one operation cut to partial_sum_bits
  std::uint64_t accumulator_saturations = 0;  ///< accumulations cut to accumulator_bits
  std::uint64_t wordline_sum = 0;             ///< sum of u_i[r] over slices and rows
  std::uint64_t wordline_ones = 0;            ///< wordline bits driven to 1 over slices and rows
  std::uint64_t column_sum = 0;               ///< sum over slices and conversions of the ideal (combined) column sum s

  activity& operator+=(const activity& other);
  bool operator==(const activity& other) const;
  bool operator!=(const activity& other) const { return !(*this == other); }
};

class prepared_pass;

/// A bank pass: `groups` row groups, each with the position that holds its weights, over `pixels` output pixels.
/// y[pixel * y_stride + output] accumulates, group by group in order, the partial sum of every operation. Pointers are
/// borrowed.
struct pass_operation {
  const macro_shape* shape = nullptr;
  int input_bits = 8;
  const adc_transfer* adc = nullptr;
  const conversion* conversions = nullptr;
  std::size_t conversion_count = 0;
  int outputs = 0;

  const packed_position* const* positions = nullptr;  ///< one a group
  std::size_t groups = 0;

  const input_planes* inputs = nullptr;
  const std::uint32_t* vectors = nullptr;  ///< [pixels][groups], indices into inputs
  std::size_t pixels = 0;

  std::int32_t* y = nullptr;
  std::size_t y_stride = 0;

  const nonideality* noise = nullptr;  ///< null: ideal
  noise_site site;

  /// Made earlier from the same shape, input_bits, adc, conversions, outputs and positions; null: made anew. Worth
  /// keeping when a pass runs again, for instance for the next image.
  const prepared_pass* prepared = nullptr;
};

/// What run_pass derives from a pass before it sees an input. Independent of inputs, pixels and y; safe to share.
class prepared_pass {
 public:
  /// Throws std::invalid_argument if the pass contradicts itself (a column outside a position, an output outside
  /// 0..outputs - 1, positions of another shape). With `dense`, also the integer weights, for operations that cannot
  /// clip; costs about as much as 50 pixels.
  explicit prepared_pass(const pass_operation& pass, bool dense = true);

  /// A sum of 8 columns, at `sum` of [layer][block of 8 columns], that belongs to an output.
  struct fold_target {
    std::uint32_t sum = 0;
    std::uint32_t output = 0;
  };

  bool columnwise = false;      ///< sums may be kept a column over slices and groups: nothing saturates inside
  bool dense = false;           ///< dense_weights are there
  bool all_exact = false;       ///< no operation of this pass can clip, whatever the input
  std::int64_t exact_sum = 0;   ///< a vector whose slice sums are all <= this cannot clip
  value_range operation_range;  ///< union over outputs of what one operation can give
  int padded_columns = 0;
  std::size_t padded_outputs = 0;
  std::vector<std::uint32_t> row_weights;      ///< [group][16 * words] sum of cell values a row drives into conversions
  std::size_t fold_layers = 0;                 ///< outputs that share a block of 8 columns, at most
  std::size_t fold_columns = 0;                ///< columns of a layer, padded
  aligned_vector<std::uint32_t> fold_weights;  ///< [layer][column] +/- 2^shift mod 2^32; one output a block and layer
  std::vector<fold_target> fold_targets;
  aligned_vector<std::int16_t> dense_weights;  ///< [group][pair of rows][padded output][row of the pair]
  std::vector<std::uint8_t> exact_groups;      ///< one a group: its position cannot clip

 private:
  void check(const pass_operation& pass) const;
  void derive_range(const pass_operation& pass);
  void derive_columns(const pass_operation& pass);
  void derive_fold(const pass_operation& pass);
  void derive_row_weights(const pass_operation& pass);
  void derive_exactness(const pass_operation& pass);
  void derive_dense(const pass_operation& pass);
};

/// Runs a pass with the fastest path that gives the exact bits, and adds to the counters. Thread safe as long as the y
/// of concurrent calls do not overlap. Throws std::invalid_argument as prepared_pass does, and if the inputs do not
/// suit.
void run_pass(const pass_operation& pass, activity& counts);

/// The same, obviously: one operation, slice, conversion and cell at a time.
void run_pass_reference(const pass_operation& pass, activity& counts);

}  // namespace cimbalom::arithmetic
