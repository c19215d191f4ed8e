#include "models/arithmetic/mvm.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/arithmetic/kernels.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::size_t dense_pays_from_pixels = 48;
constexpr int largest_lane = 32767;
using noise_arithmetic::fraction_bits;

// One run of one pass: the choice of path by pixel and operation, and its scratch memory.
class pass_runner {
 public:
  pass_runner(const pass_operation& pass, const prepared_pass& prepared, activity& counts);
  void run();

 private:
  void count_drive();
  void count_digits(std::size_t group, std::uint64_t* totals) const;
  bool cannot_saturate(const std::int32_t* y) const;
  bool exact(std::size_t group, std::uint32_t vector) const;
  void run_pixel(std::size_t pixel);
  void run_columns(std::size_t count, std::int32_t* y);
  void run_dense(std::size_t count, std::int32_t* y);
  void run_operations(std::size_t pixel);
  void run_operation(std::size_t pixel, std::size_t group);
  void noisy_columns(std::size_t group, std::uint32_t vector, int slice);
  void ideal_codes(std::size_t group, std::uint32_t vector, int slice);
  void noisy_codes(std::size_t group, std::uint32_t vector, const conversion_instant& when);
  void prepare_noise();

  const pass_operation& pass_;
  const macro_shape& shape_;
  const prepared_pass& prepared_;
  activity& counts_;
  const kernels::kernel_set& kernels_;
  kernels::column_plan plan_;
  int slices_;
  std::size_t rows_;  // padded
  bool digits_known_;
  value_range start_range_;  // an accumulator that starts in here ends unsaturated

  std::vector<const std::uint32_t*> planes_;  // of this pixel's operations that take the column path
  std::vector<const std::uint16_t*> cells_;
  std::vector<const std::uint16_t*> codes_;  // of those that take the dense path
  std::vector<const std::int16_t*> weights_;
  aligned_vector<std::uint32_t> column_totals_;
  aligned_vector<std::uint32_t> fold_sums_;
  aligned_vector<std::uint32_t> output_totals_;
  std::vector<std::int64_t> codes_of_slice_;  // one a conversion
  std::vector<std::int64_t> partial_sums_;

  bool noisy_ = false;  // what follows is used only then; 1/65536 units
  bool noisy_cells_ = false;
  std::uint64_t noise_key_ = 0;
  std::vector<std::int32_t> cell_values_;  // [group][row][column]
  std::vector<std::int64_t> analog_sums_;  // one a column
  std::vector<std::int64_t> gains_;
  std::vector<std::int64_t> offsets_;
  std::vector<std::uint64_t> first_columns_;  // one a conversion
  std::vector<std::int64_t> bows_;
  std::vector<std::int64_t> combined_sums_;
};

pass_runner::pass_runner(const pass_operation& pass, const prepared_pass& prepared, activity& counts)
    : pass_(pass),
      shape_(*pass.shape),
      prepared_(prepared),
      counts_(counts),
      kernels_(kernels::current()),
      slices_(input_slices(*pass.shape, pass.input_bits)),
      rows_(pass.inputs->row_stride()),
      digits_known_(pass.inputs->dac_bits() == pass.shape->dac_bits) {
  plan_.words = pass.inputs->words();
  plan_.bits_per_cell = shape_.bits_per_cell;
  plan_.dac_bits = shape_.dac_bits;
  plan_.input_bits = pass.input_bits;
  plan_.padded_columns = prepared.padded_columns;
  plan_.top = static_cast<int>(std::min<std::uint32_t>(pass.adc->top(), largest_lane));
  plan_.clip_from = static_cast<int>(std::min<std::int64_t>(pass.adc->clip_from(), largest_lane + 1));
  plan_.multiplier15 = pass.adc->multiplier15();
  const value_range room = two_complement_range(shape_.accumulator_bits);
  const value_range sum = times(prepared.operation_range, static_cast<std::int64_t>(pass.groups));
  start_range_ = {room.low - sum.low, room.high - sum.high};
  planes_.resize(pass.groups);
  cells_.resize(pass.groups);
  codes_.resize(pass.groups);
  weights_.resize(pass.groups);
  column_totals_.resize(std::max(prepared.fold_columns, static_cast<std::size_t>(prepared.padded_columns)));
  fold_sums_.resize(prepared.fold_layers * prepared.fold_columns / kernels::fold_columns);
  output_totals_.resize(prepared.padded_outputs);
  partial_sums_.resize(static_cast<std::size_t>(pass.outputs));
  codes_of_slice_.resize(pass.conversion_count);
  if (pass.noise != nullptr && pass.noise->any()) prepare_noise();
}

void pass_runner::run() {
  const bool fast = !noisy_ && (prepared_.columnwise || (prepared_.dense && prepared_.all_exact));
  for (std::size_t p = 0; p < pass_.pixels; ++p) {
    if (fast && cannot_saturate(pass_.y + p * pass_.y_stride)) {
      run_pixel(p);
    } else {
      run_operations(p);
    }
  }
  count_drive();
}

// The counters that follow from what is driven and stored alone, whatever path computed the result.
void pass_runner::count_drive() {
  const std::uint64_t operations = std::uint64_t{pass_.pixels} * pass_.groups;
  const std::uint64_t sums = operations * static_cast<std::uint64_t>(slices_) * pass_.conversion_count;
  counts_.operations += operations;
  counts_.column_sums += sums;
  if (shape_.kind == macro_kind::analog) counts_.conversions += sums;
  for (std::uint64_t o = 0; o < operations; ++o) counts_.wordline_ones += pass_.inputs->ones(pass_.vectors[o]);
  std::vector<std::uint64_t> totals(rows_);
  for (std::size_t g = 0; g < pass_.groups; ++g) {
    std::fill(totals.begin(), totals.end(), 0);
    count_digits(g, totals.data());
    for (std::size_t r = 0; r < rows_; ++r) {
      counts_.wordline_sum += totals[r];
      counts_.column_sum += totals[r] * prepared_.row_weights[g * rows_ + r];
    }
  }
}

// totals[r] += every digit that row r of the group is driven with, over pixels and slices.
void pass_runner::count_digits(std::size_t group, std::uint64_t* totals) const {
  const input_planes& inputs = *pass_.inputs;
  if (digits_known_) {
    const int digit = (1 << shape_.dac_bits) - 1;
    const auto largest = static_cast<std::uint32_t>(std::min(digit * slices_, (1 << pass_.input_bits) - 1));
    if (inputs.size() > 0) {
      kernels_.digits(inputs.digit_sums(0), rows_, pass_.vectors + group, pass_.groups, pass_.pixels, largest, totals);
    }
    return;
  }
  const unsigned mask = (1U << shape_.dac_bits) - 1U;
  for (std::size_t p = 0; p < pass_.pixels; ++p) {
    const std::uint16_t* codes = inputs.codes(pass_.vectors[p * pass_.groups + group]);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (int i = 0; i < slices_; ++i) totals[r] += (static_cast<unsigned>(codes[r]) >> (i * shape_.dac_bits)) & mask;
    }
  }
}

bool pass_runner::cannot_saturate(const std::int32_t* y) const {
  bool fits = true;
  for (int o = 0; o < pass_.outputs; ++o) fits &= y[o] >= start_range_.low && y[o] <= start_range_.high;
  return fits;
}

bool pass_runner::exact(std::size_t group, std::uint32_t vector) const {
  if (prepared_.exact_groups[group] != 0) return true;
  return digits_known_ && pass_.inputs->largest_slice_sum(vector) <= prepared_.exact_sum;
}

void pass_runner::run_pixel(std::size_t pixel) {
  const input_planes& inputs = *pass_.inputs;
  const std::uint32_t* vectors = pass_.vectors + pixel * pass_.groups;
  const std::size_t weights_stride = rows_ * prepared_.padded_outputs;
  std::size_t columns = 0;
  std::size_t dense = 0;
  for (std::size_t g = 0; g < pass_.groups; ++g) {
    const std::uint32_t v = vectors[g];
    if (inputs.ones(v) == 0) continue;  // every code is 0
    if (prepared_.dense && exact(g, v)) {
      codes_[dense] = inputs.codes(v);
      weights_[dense++] = prepared_.dense_weights.data() + g * weights_stride;
    } else {
      planes_[columns] = inputs.plane_words(v);
      cells_[columns++] = pass_.positions[g]->cell_words();
    }
  }
  std::int32_t* y = pass_.y + pixel * pass_.y_stride;
  if (columns > 0) run_columns(columns, y);
  if (dense > 0) run_dense(dense, y);
}

void pass_runner::run_columns(std::size_t count, std::int32_t* y) {
  std::fill(column_totals_.begin(), column_totals_.end(), 0U);
  counts_.clipped += kernels_.column_codes(plan_, planes_.data(), cells_.data(), count, column_totals_.data());
  const std::size_t blocks = prepared_.fold_columns / kernels::fold_columns;
  for (std::size_t layer = 0; layer < prepared_.fold_layers; ++layer) {
    kernels_.fold(column_totals_.data(), prepared_.fold_weights.data() + layer * prepared_.fold_columns,
                  prepared_.fold_columns, fold_sums_.data() + layer * blocks);
  }
  for (const prepared_pass::fold_target& target : prepared_.fold_targets) {
    // Modulo 2^32 on the way; the true value was proven to fit.
    y[target.output] = static_cast<std::int32_t>(static_cast<std::uint32_t>(y[target.output]) + fold_sums_[target.sum]);
  }
}

void pass_runner::run_dense(std::size_t count, std::int32_t* y) {
  std::fill(output_totals_.begin(), output_totals_.end(), 0U);
  kernels_.dense(codes_.data(), weights_.data(), count, rows_ / 2, prepared_.padded_outputs, output_totals_.data());
  for (int o = 0; o < pass_.outputs; ++o) {
    y[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(y[o]) + output_totals_[static_cast<std::size_t>(o)]);
  }
}

void pass_runner::run_operations(std::size_t pixel) {
  for (std::size_t g = 0; g < pass_.groups; ++g) run_operation(pixel, g);
}

std::int64_t saturate(std::int64_t value, const value_range& range, std::uint64_t& count) {
  count += value < range.low || value > range.high ? 1 : 0;
  return std::clamp(value, range.low, range.high);
}

// The general path: any shape, ADC step, noise and saturation.
void pass_runner::run_operation(std::size_t pixel, std::size_t group) {
  const std::uint32_t vector = pass_.vectors[pixel * pass_.groups + group];
  conversion_instant when{pass_.site.first_pixel + pixel, pass_.site.first_position + static_cast<std::uint32_t>(group),
                          0};
  std::fill(partial_sums_.begin(), partial_sums_.end(), 0);
  for (int i = 0; i < slices_; ++i) {
    when.slice = static_cast<std::uint32_t>(i);
    if (noisy_) {
      noisy_codes(group, vector, when);
    } else {
      ideal_codes(group, vector, i);
    }
    for (std::size_t n = 0; n < pass_.conversion_count; ++n) {
      const conversion& c = pass_.conversions[n];
      const std::int64_t weighted = codes_of_slice_[n] << (i * shape_.dac_bits + c.shift);
      partial_sums_[static_cast<std::size_t>(c.output)] += c.negative ? -weighted : weighted;
    }
  }
  std::int32_t* y = pass_.y + pixel * pass_.y_stride;
  const value_range partial_range = two_complement_range(shape_.partial_sum_bits);
  const value_range accumulator_range = two_complement_range(shape_.accumulator_bits);
  for (std::size_t o = 0; o < partial_sums_.size(); ++o) {
    const std::int64_t partial = saturate(partial_sums_[o], partial_range, counts_.partial_sum_saturations);
    y[o] = static_cast<std::int32_t>(saturate(y[o] + partial, accumulator_range, counts_.accumulator_saturations));
  }
}

void pass_runner::ideal_codes(std::size_t group, std::uint32_t vector, int slice) {
  kernels_.column_sums(plan_, pass_.inputs->plane_words(vector), pass_.positions[group]->cell_words(), slice,
                       column_totals_.data());
  for (std::size_t n = 0; n < pass_.conversion_count; ++n) {
    const conversion& c = pass_.conversions[n];
    const std::uint32_t* columns = column_totals_.data() + c.first_column;
    std::int64_t sum = 0;
    for (int j = 0; j < c.columns; ++j) sum += std::int64_t{columns[j]} << (j * shape_.bits_per_cell);
    codes_of_slice_[n] = pass_.adc->code(sum);
    counts_.clipped += pass_.adc->clips(sum) ? 1 : 0;
  }
}

// The analog sums of one slice, before gain and offset.
void pass_runner::noisy_columns(std::size_t group, std::uint32_t vector, int slice) {
  const std::size_t columns = analog_sums_.size();
  if (!noisy_cells_) {
    kernels_.column_sums(plan_, pass_.inputs->plane_words(vector), pass_.positions[group]->cell_words(), slice,
                         column_totals_.data());
    for (std::size_t c = 0; c < columns; ++c) analog_sums_[c] = std::int64_t{column_totals_[c]} << fraction_bits;
    return;
  }
  const std::uint16_t* codes = pass_.inputs->codes(vector);
  const unsigned mask = (1U << shape_.dac_bits) - 1U;
  std::fill(analog_sums_.begin(), analog_sums_.end(), 0);
  for (int r = 0; r < shape_.rows_active; ++r) {
    const std::int64_t digit = (static_cast<unsigned>(codes[r]) >> (slice * shape_.dac_bits)) & mask;
    if (digit == 0) continue;
    const std::size_t row = group * static_cast<std::size_t>(shape_.rows_active) + static_cast<std::size_t>(r);
    kernels_.add_row(digit, cell_values_.data() + row * columns, columns, analog_sums_.data());
  }
}

void pass_runner::noisy_codes(std::size_t group, std::uint32_t vector, const conversion_instant& when) {
  noisy_columns(group, vector, static_cast<int>(when.slice));
  const bool digital = shape_.kind == macro_kind::digital;
  if (!digital) {
    kernels_.disturb(pass_.noise->column_terms(shape_), gains_.data(), offsets_.data(), analog_sums_.size(),
                     analog_sums_.data());
  }
  for (std::size_t n = 0; n < pass_.conversion_count; ++n) {
    const conversion& c = pass_.conversions[n];
    const std::int64_t* columns = analog_sums_.data() + c.first_column;
    std::int64_t sum = columns[0];
    for (int j = 1; j < c.columns; ++j) sum += columns[j] * (std::int64_t{1} << (j * shape_.bits_per_cell));
    combined_sums_[n] = sum;
  }
  if (digital) {
    for (std::size_t n = 0; n < codes_of_slice_.size(); ++n) codes_of_slice_[n] = combined_sums_[n] >> fraction_bits;
    return;
  }
  const std::uint64_t key = nonideality::noise_key(noise_key_, when);
  kernels_.noisy_levels(pass_.noise->converter_terms(*pass_.adc), key, first_columns_.data(), bows_.data(),
                        combined_sums_.data(), pass_.conversion_count, codes_of_slice_.data());
  const std::int64_t top = pass_.adc->top();
  for (std::int64_t& code : codes_of_slice_) {
    counts_.clipped += code < 0 || code > top ? 1 : 0;
    code = std::clamp<std::int64_t>(code, 0, top);
  }
}

// All errors that stay the same over the pass.
void pass_runner::prepare_noise() {
  if (pass_.groups == 0) return;
  noisy_ = true;
  noisy_cells_ = pass_.noise->disturbs_cells();
  noise_key_ = pass_.noise->noise_key(pass_.site);
  int columns = pass_.positions[0]->columns();
  for (std::size_t g = 1; g < pass_.groups; ++g) columns = std::min(columns, pass_.positions[g]->columns());
  analog_sums_.resize(static_cast<std::size_t>(columns));
  for (int c = 0; c < columns; ++c) {
    gains_.push_back(pass_.noise->gain(pass_.site, c));
    offsets_.push_back(pass_.noise->offset(pass_.site, c));
  }
  for (std::size_t n = 0; n < pass_.conversion_count; ++n) {
    const int first = pass_.conversions[n].first_column;
    first_columns_.push_back(static_cast<std::uint64_t>(first));
    bows_.push_back(pass_.noise->bow(pass_.site, first));
  }
  combined_sums_.resize(pass_.conversion_count);
  if (!noisy_cells_) return;
  cell_values_.reserve(pass_.groups * static_cast<std::size_t>(shape_.rows_active) * analog_sums_.size());
  for (std::size_t g = 0; g < pass_.groups; ++g) {
    const std::uint32_t position = pass_.site.first_position + static_cast<std::uint32_t>(g);
    for (int r = 0; r < shape_.rows_active; ++r) {
      for (int c = 0; c < columns; ++c) {
        const std::int64_t held = pass_.noise->cell(shape_, pass_.site, position, r, c, pass_.positions[g]->cell(r, c));
        cell_values_.push_back(static_cast<std::int32_t>(held));  // at most 15 * (1 + 7.1 sigma)
      }
    }
  }
}

void check_inputs(const pass_operation& pass) {
  if (pass.inputs->rows_active() != pass.shape->rows_active) {
    throw std::invalid_argument("rows of the inputs = " + std::to_string(pass.inputs->rows_active()) +
                                ": rows_active = " + std::to_string(pass.shape->rows_active));
  }
  if (pass.inputs->input_bits() != pass.input_bits) {
    throw std::invalid_argument("bits of the inputs = " + std::to_string(pass.inputs->input_bits()) +
                                ": input_bits = " + std::to_string(pass.input_bits));
  }
  const std::uint32_t* end = pass.vectors + pass.pixels * pass.groups;
  const std::uint32_t* largest = std::max_element(pass.vectors, end);
  if (largest != end && *largest >= pass.inputs->size()) {
    throw std::invalid_argument("vector = " + std::to_string(*largest) + ": below " +
                                std::to_string(pass.inputs->size()));
  }
}

}  // namespace

activity& activity::operator+=(const activity& other) {
  operations += other.operations;
  column_sums += other.column_sums;
  conversions += other.conversions;
  clipped += other.clipped;
  partial_sum_saturations += other.partial_sum_saturations;
  accumulator_saturations += other.accumulator_saturations;
  wordline_sum += other.wordline_sum;
  wordline_ones += other.wordline_ones;
  column_sum += other.column_sum;
  return *this;
}

bool activity::operator==(const activity& other) const {
  return operations == other.operations && column_sums == other.column_sums && conversions == other.conversions &&
         clipped == other.clipped && partial_sum_saturations == other.partial_sum_saturations &&
         accumulator_saturations == other.accumulator_saturations && wordline_sum == other.wordline_sum &&
         wordline_ones == other.wordline_ones && column_sum == other.column_sum;
}

void run_pass(const pass_operation& pass, activity& counts) {
  check_inputs(pass);
  if (pass.prepared != nullptr) {
    pass_runner(pass, *pass.prepared, counts).run();
  } else {
    pass_runner(pass, prepared_pass(pass, pass.pixels >= dense_pays_from_pixels), counts).run();
  }
}

}  // namespace cimbalom::arithmetic
