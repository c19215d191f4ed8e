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
  /// Positions of one shape side by side, in order; the first starts at column 0, every other where the one before it
  /// ends. Throws std::invalid_argument if their shapes differ.
  explicit packed_position(const std::vector<const packed_position*>& parts);

  int columns() const { return columns_; }
  int padded_columns() const { return padded_columns_; }
  int rows_active() const { return rows_active_; }
  int bits_per_cell() const { return bits_per_cell_; }
  int words() const { return row_words(rows_active_); }
  /// Bytes that this object holds, roughly.
  std::size_t footprint() const {
    return sizeof *this + cells_.size() * sizeof(cells_[0]) + column_sums_.size() * sizeof(column_sums_[0]);
  }
  /// [bit of a cell][word of rows][padded column]; bit r of a word is row 16 * word + r.
  const std::uint16_t* cell_words() const { return cells_.data(); }
  /// Value of one cell.
  int cell(int row, int column) const;
  /// All of them, [row][column].
  std::vector<std::uint8_t> cells() const;
  /// Sum of a row's cell values over all columns.
  std::uint32_t row_sum(int row) const { return row_sums_[static_cast<std::size_t>(row)]; }
  /// Sum of a column's cell values: what it answers when every wordline is driven with 1.
  std::uint32_t column_sum(int column) const { return column_sums_[static_cast<std::size_t>(column)]; }

 private:
  void pack_bits(const std::uint8_t* rows, std::size_t bytes);
  void pack_cells(const macro_shape& shape, const std::uint8_t* rows);

  int rows_active_;
  int bits_per_cell_;
  int columns_ = 0;
  int padded_columns_ = 0;
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
  /// Macro operations that one operation of this pass stands for: banks that see the same inputs may be put side by
  /// side as one wide position.
  std::uint64_t banks = 1;

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

/// The largest slice sum (input_planes) with which no conversion of `columns` combined columns can clip and every code
/// is the sum itself; 0 if the step is not 1.
std::int64_t exact_slice_sum(const macro_shape& shape, const adc_transfer& adc, int columns = 1);

/// The form of inputs that passes of this shape read where they convert.
input_form conversion_form(const macro_shape& shape);

/// What a prepared pass holds for speed.
struct prepare_options {
  bool products = true;  ///< integer weights, for slices that cannot clip; costs about as much as 50 pixels
  bool lookups = true;   ///< lookup patterns, for conversions; about as much
};

/// What run_pass derives from a pass before it sees an input. Independent of inputs, pixels and y; safe to share.
class prepared_pass {
 public:
  /// Throws std::invalid_argument if the pass contradicts itself (a column outside a position, an output outside
  /// 0..outputs - 1, positions of another shape).
  explicit prepared_pass(const pass_operation& pass, const prepare_options& options = {});

  /// A sum of 8 columns, at `sum` of [layer][block of 8 columns], that belongs to an output.
  struct fold_target {
    std::uint32_t sum = 0;
    std::uint32_t output = 0;
  };

  bool columnwise = false;      ///< sums may be kept a column over slices and groups: nothing saturates inside
  bool lookup = false;          ///< lookup_cells are there
  bool products = false;        ///< integer weights are there
  bool byte_products = false;   ///< they have 8 bits
  bool all_exact = false;       ///< no operation of this pass can clip, whatever the input
  std::int64_t exact_sum = 0;   ///< a slice whose digits sum to at most this cannot clip
  value_range operation_range;  ///< union over outputs of what one operation can give
  int padded_columns = 0;
  std::size_t padded_outputs = 0;
  std::vector<std::uint32_t> row_weights;      ///< [group][16 * words] sum of cell values a row drives into conversions
  std::size_t fold_layers = 0;                 ///< outputs that share a block of 8 columns, at most
  std::size_t fold_columns = 0;                ///< columns of a layer, padded
  aligned_vector<std::uint32_t> fold_weights;  ///< [layer][column] +/- 2^shift mod 2^32; one output a block and layer
  std::vector<fold_target> fold_targets;
  std::vector<std::uint32_t> lanes;  ///< [output] its place in units and weights: outputs with many columns first
  bool lanes_in_order = true;
  // A unit: four columns of each of 16 outputs, columns of weight 2^shift and up.
  std::vector<std::uint32_t> unit_lanes;       ///< [unit] lane of its first output
  std::vector<std::uint32_t> unit_shifts;      ///< [unit]
  aligned_vector<std::uint8_t> lookup_cells;   ///< [group][unit][table][output of the unit][4 columns]
  aligned_vector<std::int8_t> lookup_weights;  ///< [unit][output of the unit][4 columns], +/- 2^(shift mod 4)
  std::vector<std::uint8_t> lookup_codes;      ///< the code of every sum below 64, unless a pure clip
  aligned_vector<std::int16_t> word_weights;   ///< [group][pair of rows][lane][row of the pair]
  aligned_vector<std::int8_t> byte_weights;    ///< [group][four rows][lane][row of the four]
  std::vector<std::uint8_t> exact_groups;      ///< one a group: its position cannot clip

  /// Bytes that this object holds, roughly.
  std::size_t footprint() const;

 private:
  void check(const pass_operation& pass) const;
  void derive_range(const pass_operation& pass);
  void derive_columns(const pass_operation& pass);
  void derive_fold(const pass_operation& pass);
  void derive_row_weights(const pass_operation& pass);
  void derive_exactness(const pass_operation& pass);
  void derive_lanes(const pass_operation& pass);
  bool lookup_possible(const pass_operation& pass) const;
  std::size_t unit_of(std::size_t lane, int shift) const;
  void derive_lookup(const pass_operation& pass);
  void derive_products(const pass_operation& pass);
};

/// Runs a pass with the fastest path that gives the exact bits, and adds to the counters. Thread safe as long as the y
/// of concurrent calls do not overlap. Throws std::invalid_argument as prepared_pass does, and if the inputs do not
/// suit.
void run_pass(const pass_operation& pass, activity& counts);

/// The same, obviously: one operation, slice, conversion and cell at a time.
void run_pass_reference(const pass_operation& pass, activity& counts);

}  // namespace cimbalom::arithmetic
