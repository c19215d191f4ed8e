#include "models/arithmetic/mvm.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "models/arithmetic/kernels.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::size_t preparing_pays_from_pixels = 48;
constexpr int largest_lane = 32767;
using noise_arithmetic::fraction_bits;

// One run of one pass: the choice of path by pixel, operation and slice, and its scratch memory.
class pass_runner {
 public:
  pass_runner(const pass_operation& pass, const prepared_pass& prepared, activity& counts);
  void run();

 private:
  // Where a run finds what it sorts operations by.
  struct sources {
    const vector_summary* summaries;
    const std::uint32_t* slice_sums;
    std::size_t sum_stride;
    std::uint32_t multiplied;          // slices with at most this sum are multiplied; 0: none is
    const std::uint8_t* exact_groups;  // whose operations are multiplied whatever is driven
    const std::uint8_t* codes;         // of the products
    std::size_t code_stride;
    const std::uint8_t* weights;
    std::size_t weight_stride;
    const std::uint8_t* driven;  // by conversions: tables or planes; null: not every vector has them
    std::size_t driven_stride;
    std::size_t slice_stride;
  };

  void choose_paths();
  void find_sources();
  template <int kSlices>
  bool collect(const std::uint32_t* vectors);
  void count_drive();
  void count_digits(std::size_t group, std::uint64_t* totals) const;
  bool cannot_saturate(const std::int32_t* y) const;
  void run_pixel(std::size_t pixel);
  const void* kept_codes(std::size_t group, std::uint32_t vector, unsigned kept);
  const std::uint8_t* driven_form(std::size_t group, std::uint32_t vector);
  void run_lookups();
  bool run_batch();
  void run_columns(std::int32_t* y);
  void run_pixel_columns(std::size_t pixel);
  void fold_columns(std::int32_t* y);
  void add_lane_totals(std::int32_t* y) const;
  const std::uint32_t* planes_of(std::size_t group, std::uint32_t vector);
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
  kernels::lookup_plan lookup_plan_;
  int slices_;
  std::size_t rows_;  // padded
  bool digits_known_;
  bool products_ = false;    // slices that cannot clip take the integer product
  bool lookups_ = false;     // the others take lookups, else columns
  bool fast_ = false;        // one of the two serves every operation
  value_range start_range_;  // an accumulator that starts in here ends unsaturated

  std::vector<kernels::conversion_item> items_;  // [slice][group], of this pixel
  std::vector<std::uint32_t> item_counts_;       // one a slice
  std::vector<std::uint32_t> ones_;              // one a slice: sums that are not known
  std::vector<std::uint8_t> no_exact_groups_;    // without products
  std::vector<const void*> cells_;               // one a group, as the kernel in use wants them
  sources sources_{};
  std::vector<kernels::product_item> products_items_;
  std::size_t product_count_ = 0;
  aligned_vector<std::uint32_t> column_totals_;
  aligned_vector<std::uint32_t> fold_sums_;
  aligned_vector<std::uint32_t> lane_totals_;
  aligned_vector<std::uint8_t> made_tables_;   // [group][slice], for vectors that come without
  aligned_vector<std::uint32_t> made_planes_;  // [group]
  aligned_vector<std::uint16_t> kept_codes_;   // [group], vectors without the slices that may clip
  std::vector<std::int64_t> codes_of_slice_;   // one a conversion
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
  const bool clips = pass.adc->clip_from() <= pass.adc->largest_sum();
  plan_.clip_from =
      clips ? static_cast<int>(std::min<std::int64_t>(pass.adc->clip_from(), largest_lane + 1)) : largest_lane + 1;
  plan_.multiplier15 = pass.adc->multiplier15();
  const value_range room = two_complement_range(shape_.accumulator_bits);
  const value_range sum = times(prepared.operation_range, static_cast<std::int64_t>(pass.groups));
  start_range_ = {room.low - sum.low, room.high - sum.high};
  if (pass.noise != nullptr && pass.noise->any()) prepare_noise();
  choose_paths();
  item_counts_.resize(static_cast<std::size_t>(slices_));
  ones_.assign(static_cast<std::size_t>(slices_), 1);
  products_items_.resize(pass.groups);
  if (fast_) find_sources();
  column_totals_.resize(std::max(prepared.fold_columns, static_cast<std::size_t>(prepared.padded_columns)));
  fold_sums_.resize(prepared.fold_layers * prepared.fold_columns / kernels::fold_columns);
  lane_totals_.resize(prepared.padded_outputs);
  partial_sums_.resize(static_cast<std::size_t>(pass.outputs));
  codes_of_slice_.resize(pass.conversion_count);
}

void pass_runner::choose_paths() {
  const bool bytes = kernels_.bytes.byte_products != nullptr;
  products_ = prepared_.products && (bytes || !prepared_.byte_products);
  // Without a table, one input bit a slice is counted faster than looked up.
  const bool counting = kernels_.columns.counts_bits && shape_.dac_bits == 1;
  lookups_ = prepared_.lookup && kernels_.bytes.lookup_codes != nullptr && !counting;
  fast_ = !noisy_ && (prepared_.columnwise || (products_ && prepared_.all_exact));
  if (!lookups_) return;
  lookup_plan_.tables = pass_.inputs->words() * word_rows / kernels::table_rows;
  lookup_plan_.units = prepared_.unit_lanes.size();
  lookup_plan_.lanes = prepared_.unit_lanes.data();
  lookup_plan_.shifts = prepared_.unit_shifts.data();
  lookup_plan_.top = static_cast<int>(std::min<std::int64_t>(pass_.adc->top(), pass_.adc->largest_sum()));
  lookup_plan_.clip_from = pass_.adc->clip_from() > pass_.adc->largest_sum() ? 256 : plan_.clip_from;
  lookup_plan_.multiplier15 = plan_.multiplier15;
  lookup_plan_.codes = prepared_.lookup_codes.data();
  lookup_plan_.weights = prepared_.lookup_weights.data();
}

void pass_runner::find_sources() {
  const input_planes& inputs = *pass_.inputs;
  const std::size_t groups = pass_.groups;
  items_.resize(static_cast<std::size_t>(slices_) * groups + 1);  // one is written beyond a full list
  no_exact_groups_.assign(groups, 0);
  const std::size_t group_cells = lookups_ ? prepared_.lookup_cells.size() / groups : 0;
  for (std::size_t g = 0; g < groups; ++g) {
    cells_.push_back(lookups_ ? static_cast<const void*>(prepared_.lookup_cells.data() + g * group_cells)
                              : pass_.positions[g]->cell_words());
  }
  sources_.summaries = inputs.summaries();
  sources_.slice_sums = digits_known_ ? inputs.slice_sums(0) : ones_.data();
  sources_.sum_stride = digits_known_ ? static_cast<std::size_t>(inputs.slices()) : 0;
  sources_.multiplied = products_ && digits_known_ ? static_cast<std::uint32_t>(prepared_.exact_sum) : 0;
  sources_.exact_groups = products_ ? prepared_.exact_groups.data() : no_exact_groups_.data();
  const bool bytes = prepared_.byte_products;
  sources_.codes = bytes ? inputs.bytes(0) : reinterpret_cast<const std::uint8_t*>(inputs.codes(0));
  sources_.code_stride = rows_ * (bytes ? 1 : sizeof(std::uint16_t));
  sources_.weights = bytes ? reinterpret_cast<const std::uint8_t*>(prepared_.byte_weights.data())
                           : reinterpret_cast<const std::uint8_t*>(prepared_.word_weights.data());
  sources_.weight_stride = rows_ * prepared_.padded_outputs * (bytes ? 1 : sizeof(std::int16_t));
  if (lookups_) {
    sources_.driven = digits_known_ ? inputs.all_tables() : nullptr;
    sources_.driven_stride = inputs.table_stride() * static_cast<std::size_t>(inputs.slices());
    sources_.slice_stride = inputs.table_stride();
  } else {
    sources_.driven = reinterpret_cast<const std::uint8_t*>(inputs.all_planes());
    sources_.driven_stride = inputs.plane_stride() * sizeof(std::uint32_t);
    sources_.slice_stride = static_cast<std::size_t>(shape_.dac_bits * inputs.words()) * sizeof(std::uint32_t);
  }
}

void pass_runner::run() {
  const bool done = fast_ && run_batch();
  const bool all_columns = fast_ && !products_ && !lookups_ && kernels_.columns.pixel_codes != nullptr &&
                           pass_.inputs->all_planes() != nullptr;
  for (std::size_t p = 0; p < pass_.pixels && !done; ++p) {
    if (fast_ && cannot_saturate(pass_.y + p * pass_.y_stride)) {
      all_columns ? run_pixel_columns(p) : run_pixel(p);
    } else {
      for (std::size_t g = 0; g < pass_.groups; ++g) run_operation(p, g);
    }
  }
  count_drive();
}

// The counters that follow from what is driven and stored alone, whatever path computed the result.
void pass_runner::count_drive() {
  const std::uint64_t operations = std::uint64_t{pass_.pixels} * pass_.groups;
  const std::uint64_t sums = operations * static_cast<std::uint64_t>(slices_) * pass_.conversion_count;
  counts_.operations += operations * pass_.banks;
  counts_.column_sums += sums;
  if (shape_.kind == macro_kind::analog) counts_.conversions += sums;
  std::uint64_t ones = 0;
  for (std::uint64_t o = 0; o < operations; ++o) ones += pass_.inputs->summary(pass_.vectors[o]).ones;
  counts_.wordline_ones += ones * pass_.banks;
  std::vector<std::uint64_t> totals(rows_);
  for (std::size_t g = 0; g < pass_.groups; ++g) {
    std::fill(totals.begin(), totals.end(), 0);
    count_digits(g, totals.data());
    for (std::size_t r = 0; r < rows_; ++r) {
      counts_.wordline_sum += totals[r] * pass_.banks;
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

void pass_runner::run_pixel(std::size_t pixel) {
  const std::uint32_t* vectors = pass_.vectors + pixel * pass_.groups;
  bool converted = false;
  if (slices_ == 4) {
    converted = collect<4>(vectors);
  } else {
    converted = slices_ == 8 ? collect<8>(vectors) : collect<0>(vectors);
  }
  std::int32_t* y = pass_.y + pixel * pass_.y_stride;
  const bool lanes = product_count_ > 0 || (converted && lookups_);
  if (lanes) std::fill(lane_totals_.begin(), lane_totals_.end(), 0U);
  if (converted && lookups_) run_lookups();
  if (converted && !lookups_) run_columns(y);
  if (product_count_ > 0) {
    const auto multiply = prepared_.byte_products ? kernels_.bytes.byte_products : kernels_.word_products;
    multiply(products_items_.data(), product_count_, rows_, prepared_.padded_outputs, lane_totals_.data());
  }
  if (lanes) add_lane_totals(y);
}

// Sorts this pixel's operations: those that cannot clip are multiplied; of the others, the slices that can are
// converted. True if any is. kSlices: compile-time, or 0.
template <int kSlices>
bool pass_runner::collect(const std::uint32_t* vectors) {
  const sources from = sources_;  // local: no store below can change it
  const int slices = kSlices > 0 ? kSlices : slices_;
  const std::size_t groups = pass_.groups;
  kernels::conversion_item* const items = items_.data();
  kernels::product_item* const products = products_items_.data();
  std::array<std::uint32_t, max_operand_bits> counts{};
  std::size_t product_count = 0;
  bool converted = false;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::uint32_t v = vectors[g];
    const vector_summary summary = from.summaries[v];
    if (summary.ones == 0) continue;  // every code is 0
    if (summary.largest_slice_sum <= from.multiplied || from.exact_groups[g] != 0) {
      products[product_count++] = {from.codes + v * from.code_stride, from.weights + g * from.weight_stride};
      continue;
    }
    converted = true;
    const std::uint8_t* driven = from.driven != nullptr ? from.driven + v * from.driven_stride : driven_form(g, v);
    const std::uint32_t* sums = from.slice_sums + v * from.sum_stride;
    unsigned kept = 0;  // slices that are multiplied
    for (int i = 0; i < slices; ++i, driven += from.slice_stride) {
      const auto slice = static_cast<std::size_t>(i);
      const bool convert = sums[i] > from.multiplied;
      items[slice * groups + counts[slice]] = {driven, cells_[g]};  // stays if it counts
      counts[slice] += convert ? 1 : 0;
      kept |= convert ? 0U : 1U << i;
    }
    if (from.multiplied > 0 && kept != 0) {
      products[product_count++] = {kept_codes(g, v, kept), from.weights + g * from.weight_stride};
    }
  }
  std::copy_n(counts.begin(), slices, item_counts_.begin());
  product_count_ = product_count;
  return converted;
}

// The codes of a vector with the digits of the slices in `kept` alone.
const void* pass_runner::kept_codes(std::size_t group, std::uint32_t vector, unsigned kept) {
  const unsigned digit = (1U << shape_.dac_bits) - 1U;
  unsigned mask = 0;
  for (int i = 0; i < slices_; ++i) mask |= (kept >> i & 1U) != 0 ? digit << (i * shape_.dac_bits) : 0U;
  if (kept_codes_.empty()) kept_codes_.resize(pass_.groups * rows_);
  std::uint16_t* codes = kept_codes_.data() + group * rows_;
  if (prepared_.byte_products) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(codes);
    const std::uint8_t* from = pass_.inputs->bytes(vector);
    for (std::size_t r = 0; r < rows_; ++r) bytes[r] = static_cast<std::uint8_t>(from[r] & mask);
  } else {
    const std::uint16_t* from = pass_.inputs->codes(vector);
    for (std::size_t r = 0; r < rows_; ++r) codes[r] = static_cast<std::uint16_t>(from[r] & mask);
  }
  return codes;
}

// What an operation drives, in the form that the kernel in use wants.
const std::uint8_t* pass_runner::driven_form(std::size_t group, std::uint32_t vector) {
  const input_planes& inputs = *pass_.inputs;
  if (!lookups_) return reinterpret_cast<const std::uint8_t*>(planes_of(group, vector));
  const std::size_t stride = inputs.table_stride();
  const std::uint8_t* tables = digits_known_ ? inputs.tables(vector) : nullptr;
  if (tables != nullptr) return tables;
  const std::size_t a_vector = static_cast<std::size_t>(slices_) * stride;
  if (made_tables_.empty()) made_tables_.resize(pass_.groups * a_vector);
  std::uint8_t* made = made_tables_.data() + group * a_vector;
  for (int i = 0; i < slices_; ++i) {
    kernels_.bytes.tables(inputs.bytes(vector), static_cast<std::size_t>(inputs.words()), i * shape_.dac_bits,
                          shape_.dac_bits, made + static_cast<std::size_t>(i) * stride);
  }
  return made;
}

// The vector's planes; made here, where the inputs lack them.
const std::uint32_t* pass_runner::planes_of(std::size_t group, std::uint32_t vector) {
  const input_planes& inputs = *pass_.inputs;
  if (const std::uint32_t* planes = inputs.planes(vector); planes != nullptr) return planes;
  if (made_planes_.empty()) made_planes_.resize(pass_.groups * inputs.plane_stride());
  std::uint32_t* made = made_planes_.data() + group * inputs.plane_stride();
  inputs.make_planes(vector, made);
  return made;
}

void pass_runner::run_lookups() {
  const kernels::slice_items items{items_.data(), item_counts_.data(), pass_.groups, slices_, shape_.dac_bits};
  counts_.clipped += kernels_.bytes.lookup_codes(lookup_plan_, items, lane_totals_.data());
}

// Where every conversion of the pass is looked up, in one call; false if it cannot be.
bool pass_runner::run_batch() {
  const bool suits = lookups_ && kernels_.bytes.lookup_pass != nullptr && lookup_plan_.tables == 4 &&
                     (slices_ == 2 || slices_ == 4) && sources_.driven != nullptr && sources_.multiplied == 0 &&
                     prepared_.lanes_in_order;
  if (!suits || (products_ && prepared_.all_exact)) return false;
  for (std::size_t p = 0; p < pass_.pixels; ++p) {
    if (!cannot_saturate(pass_.y + p * pass_.y_stride)) return false;
  }
  kernels::lookup_batch batch;
  batch.vectors = pass_.vectors;
  batch.pixels = pass_.pixels;
  batch.groups = pass_.groups;
  batch.summaries = sources_.summaries;
  batch.tables = sources_.driven;
  batch.cells = prepared_.lookup_cells.data();
  batch.cell_stride = prepared_.lookup_cells.size() / pass_.groups;
  batch.slices = slices_;
  batch.dac_bits = shape_.dac_bits;
  batch.y = pass_.y;
  batch.y_stride = pass_.y_stride;
  batch.outputs = static_cast<std::size_t>(pass_.outputs);
  counts_.clipped += kernels_.bytes.lookup_pass(lookup_plan_, batch, lane_totals_.data());
  return true;
}

void pass_runner::run_columns(std::int32_t* y) {
  const kernels::slice_items items{items_.data(), item_counts_.data(), pass_.groups, slices_, shape_.dac_bits};
  counts_.clipped += kernels_.columns.column_codes(plan_, items, column_totals_.data());
  fold_columns(y);
}

// Every slice of every operation converted in columns, without lists.
void pass_runner::run_pixel_columns(std::size_t pixel) {
  const kernels::pixel_items items{pass_.vectors + pixel * pass_.groups,
                                   pass_.inputs->all_planes(),
                                   pass_.inputs->plane_stride(),
                                   cells_.data(),
                                   pass_.groups,
                                   slices_};
  counts_.clipped += kernels_.columns.pixel_codes(plan_, items, column_totals_.data());
  fold_columns(pass_.y + pixel * pass_.y_stride);
}

void pass_runner::fold_columns(std::int32_t* y) {
  const std::size_t blocks = prepared_.fold_columns / kernels::fold_columns;
  for (std::size_t layer = 0; layer < prepared_.fold_layers; ++layer) {
    kernels_.columns.fold(column_totals_.data(), prepared_.fold_weights.data() + layer * prepared_.fold_columns,
                          prepared_.fold_columns, fold_sums_.data() + layer * blocks);
  }
  for (const prepared_pass::fold_target& target : prepared_.fold_targets) {
    // Modulo 2^32 on the way; the true value was proven to fit.
    y[target.output] = static_cast<std::int32_t>(static_cast<std::uint32_t>(y[target.output]) + fold_sums_[target.sum]);
  }
}

void pass_runner::add_lane_totals(std::int32_t* y) const {
  const auto outputs = static_cast<std::size_t>(pass_.outputs);
  if (prepared_.lanes_in_order) {
    for (std::size_t o = 0; o < outputs; ++o) {
      y[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(y[o]) + lane_totals_[o]);
    }
    return;
  }
  for (std::size_t o = 0; o < outputs; ++o) {
    y[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(y[o]) + lane_totals_[prepared_.lanes[o]]);
  }
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
  kernels_.columns.column_sums(plan_, planes_of(group, vector), pass_.positions[group]->cell_words(), slice,
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
    kernels_.columns.column_sums(plan_, planes_of(group, vector), pass_.positions[group]->cell_words(), slice,
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

std::int64_t exact_slice_sum(const macro_shape& shape, const adc_transfer& adc, int columns) {
  if (!adc.pure_clip()) return 0;
  return (adc.clip_from() - 1) / ((std::int64_t{1} << (shape.bits_per_cell * columns)) - 1);
}

input_form conversion_form(const macro_shape& shape) {
  const kernels::kernel_set& set = kernels::current();
  const bool looked_up = set.bytes.lookup_codes != nullptr && shape.bits_per_cell == 1 && shape.combine_columns == 1 &&
                         s_max(shape) <= 255 && !(set.columns.counts_bits && shape.dac_bits == 1);
  return looked_up ? input_form::tables : input_form::planes;
}

void run_pass(const pass_operation& pass, activity& counts) {
  check_inputs(pass);
  if (pass.prepared != nullptr) {
    pass_runner(pass, *pass.prepared, counts).run();
  } else {
    const bool many = pass.pixels >= preparing_pays_from_pixels;
    pass_runner(pass, prepared_pass(pass, {many, many}), counts).run();
  }
}

}  // namespace cimbalom::arithmetic
