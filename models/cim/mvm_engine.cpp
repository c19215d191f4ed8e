#include "models/cim/mvm_engine.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "models/cim/plan.hpp"

namespace cimbalom::cim {

namespace {

using registers::error_code;
using registers::tensor_format;
using registers::window;

// Vectors and table entries of one chunk of pixels: small enough to stay in the second-level cache.
constexpr std::size_t patch_vectors_a_chunk = 4096;
constexpr std::size_t table_entries_a_chunk = 32768;
// A pass that computes fewer pixels is prepared when it comes again: its dense weights cost about as much.
constexpr std::size_t prepare_from_pixels = 48;
// Beyond this many (output, tap) pairs every input row or column is packed: finding the needed ones would cost more.
constexpr std::size_t largest_mark_work = std::size_t{1} << 20;

std::vector<std::int32_t> distinct(std::vector<std::int32_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// slots[i] = rank of input line `origin + i` among those that a window line touches; returns how many do.
std::size_t mark_lines(const std::vector<std::int32_t>& taps, std::int64_t first, std::size_t count,
                       std::int64_t stride, std::int64_t pad, std::int64_t origin, std::vector<std::int32_t>& slots) {
  const auto lines = static_cast<std::int64_t>(slots.size());
  const bool mark = taps.size() * count <= largest_mark_work;
  std::fill(slots.begin(), slots.end(), mark ? -1 : 0);
  for (std::size_t o = 0; mark && o < count; ++o) {
    const std::int64_t base = (first + static_cast<std::int64_t>(o)) * stride - pad - origin;
    for (const std::int32_t tap : taps) {
      const std::int64_t line = base + tap;
      if (line >= 0 && line < lines) slots[static_cast<std::size_t>(line)] = 0;
    }
  }
  std::int32_t next = 0;
  for (std::int32_t& slot : slots) slot = slot == 0 ? next++ : -1;
  return static_cast<std::size_t>(next);
}

// True if pass b computes the filters after those of pass a, on positions as wide.
bool follows(const mvm_layer& layer, std::size_t a, std::size_t b) {
  const auto columns = [&](std::size_t p) { return layer.cache[p].positions[0]->columns(); };
  const auto same_width = [&](std::size_t p) {
    const auto& positions = layer.cache[p].positions;
    return std::all_of(positions.begin(), positions.end(),
                       [&](const shared_position& position) { return position->columns() == columns(p); });
  };
  return layer.passes[b].first_filter == layer.passes[a].first_filter + layer.passes[a].filters && same_width(a) &&
         same_width(b);
}

void describe(const wide_pass& wide, arithmetic::pass_operation& operation) {
  operation.conversions = wide.conversions.data();
  operation.conversion_count = wide.conversions.size();
  operation.outputs = static_cast<int>(wide.filters);
  operation.positions = wide.pointers.data();
  operation.banks = wide.passes;
}

// Codes that stand filter by filter go to their channels.
void scatter(const mvm_layer& layer, const arithmetic::post_pixels& from, std::uint8_t* to) {
  const std::uint8_t* codes = from.codes;
  for (std::size_t p = 0; p < from.count; ++p, to += pixel_bytes(layer.descriptor.output)) {
    for (const layer_filter& filter : layer.filters) {
      std::memcpy(to + filter.output_channel * from.code_bytes, codes, from.code_bytes);
      codes += from.code_bytes;
    }
  }
}

std::int32_t saturate(std::int64_t value, const arithmetic::value_range& range, std::uint64_t& count) {
  if (value < range.low || value > range.high) ++count;
  return static_cast<std::int32_t>(std::clamp(value, range.low, range.high));
}

}  // namespace

mvm_engine::mvm_engine(const macro_config& macro, std::int64_t accumulator_bytes,
                       const arithmetic::nonideality_config& nonideality)
    : macro_(macro),
      shape_(macro.shape()),
      noise_(nonideality),
      accumulators_(static_cast<std::size_t>(accumulator_bytes) / sizeof(std::int32_t)),
      codes_(static_cast<std::size_t>(arithmetic::row_words(macro.rows_active) * arithmetic::word_rows)),
      byte_codes_(codes_.size()) {}

void mvm_engine::clear() {
  std::fill(accumulators_.begin(), accumulators_.end(), 0);
}

error_code mvm_engine::run(const registers::command& command, mvm_layer& layer, const weight_store& weights,
                           buffers& memory, arithmetic::activity& counted) {
  const tile_shape shape(command, layer.descriptor.input.width, layer.descriptor.output.width);
  const auto pixels = std::size_t{command.output_rows} * static_cast<std::size_t>(shape.output_columns);
  tile t{command, layer, weights, memory, counted, shape, pixels, true};
  const error_code found = find_positions(t);
  if (found != error_code::none) return found;
  const std::size_t outputs = pixels * layer.filters.size();
  if (!command.keep && !command.accumulate) {
    sums_.assign(outputs, 0);
  } else if (!command.accumulate) {
    std::fill_n(sums(t), outputs, 0);
  }
  sum_vectors_ = layer.has_weight_zero_points;
  for (const vector_set& set : layer.sets) run_set(t, set);
  if (!command.keep) post_process(t);
  return error_code::none;
}

// Sums that wait between rounds live in the accumulators; the others in scratch.
std::int32_t* mvm_engine::sums(const tile& t) {
  const bool stored = t.command.keep || t.command.accumulate;
  return stored ? accumulators_.data() + t.command.accumulator / sizeof(std::int32_t) : sums_.data();
}

const shared_position& mvm_engine::position(const tile& t, std::size_t entry, std::size_t copy) const {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const std::size_t shard = entry / d.shard_positions;
  return t.weights.get(d.first_bank + shard * d.copies + copy, d.first_position + entry % d.shard_positions);
}

// Brings the layer's cache up to date with what the banks hold.
error_code mvm_engine::find_positions(tile& t) {
  mvm_layer& layer = t.layer;
  bool changed = false;
  for (std::size_t p = 0; p < layer.passes.size(); ++p) {
    const layer_pass& pass = layer.passes[p];
    pass_cache& cache = layer.cache[p];
    bool same = cache.positions.size() == pass.groups;
    cache.positions.resize(pass.groups);
    for (std::size_t g = 0; g < pass.groups; ++g) {
      const std::size_t entry = pass.first_entry + g;
      const shared_position& first = position(t, entry, 0);
      if (first == nullptr) return error_code::position_empty;
      for (std::size_t copy = 1; copy < layer.descriptor.copies; ++copy) {
        const shared_position& other = position(t, entry, copy);
        if (other == nullptr) return error_code::position_empty;
        t.uniform &= other == first;
      }
      same &= cache.positions[g] == first;
      cache.positions[g] = first;
    }
    if (!same) cache.prepared.reset();
    cache.seen = same;
    changed |= !same;
  }
  if (changed) {
    for (pass_cache& cache : layer.cache) cache.wide.reset();
  }
  return error_code::none;
}

arithmetic::input_planes& mvm_engine::planes_for(int input_bits) {
  const auto known = planes_.find(input_bits);
  if (known != planes_.end()) return known->second;
  return planes_.emplace(input_bits, arithmetic::input_planes(macro_.rows_active, input_bits, macro_.dac_bits))
      .first->second;
}

// What the passes of this tile are to find ready: vectors that cannot clip are multiplied as they are.
void mvm_engine::choose_forms(const tile& t, arithmetic::input_planes& planes) const {
  const bool ideal = t.uniform && !noise_.any();
  const std::int64_t exact = arithmetic::exact_slice_sum(shape_, *t.layer.adc, shape_.combine_columns);
  planes.make(ideal ? arithmetic::conversion_form(shape_) : arithmetic::input_form::planes,
              ideal ? static_cast<std::uint32_t>(exact) : 0);
}

void mvm_engine::run_set(tile& t, const vector_set& set) {
  arithmetic::input_planes& planes = planes_for(t.layer.descriptor.input_bits);
  choose_forms(t, planes);
  const std::size_t groups = set.groups.size();
  const std::size_t chunk = (set.flattened ? patch_vectors_a_chunk : table_entries_a_chunk) / groups + 1;
  if (!set.flattened) {
    find_locations(t, set);
    pack_locations(t, set, planes);
  }
  for (std::size_t first = 0; first < t.pixels; first += chunk) {
    const std::size_t count = std::min(chunk, t.pixels - first);
    vectors_.resize(count * groups);
    if (set.flattened) {
      pack_patches(t, set, planes, first, count);
    } else {
      list_channel_vectors(t, set, first, count);
    }
    run_chunk(t, set, planes, first, count);
  }
}

void mvm_engine::find_locations(const tile& t, const vector_set& set) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const window& w = d.filter_window;
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> columns;
  for (const group_source& group : set.groups) {
    rows.push_back(group.tap_row);
    columns.push_back(group.tap_column);
  }
  locations_.row_slots.resize(t.command.input_rows);
  locations_.column_slots.resize(static_cast<std::size_t>(t.shape.input_columns));
  locations_.rows = mark_lines(distinct(std::move(rows)), t.command.output_row, t.command.output_rows, w.stride_h,
                               w.pad_top, t.command.input_row, locations_.row_slots);
  locations_.columns =
      mark_lines(distinct(std::move(columns)), t.shape.output_column, static_cast<std::size_t>(t.shape.output_columns),
                 w.stride_w, w.pad_left, t.shape.input_column, locations_.column_slots);
}

void mvm_engine::pack(arithmetic::input_planes& planes, std::size_t vector, bool bytes) {
  if (bytes) {
    planes.pack(vector, byte_codes_.data());
  } else {
    planes.pack(vector, codes_.data());
  }
  if (!sum_vectors_) return;
  const std::uint16_t* codes = planes.codes(vector);
  vector_sums_[vector] = std::accumulate(codes, codes + planes.row_stride(), std::uint64_t{0});
}

// One vector for each slice and location, then one for each slice in the padding.
void mvm_engine::pack_locations(const tile& t, const vector_set& set, arithmetic::input_planes& planes) {
  const tensor_format& input = t.layer.descriptor.input;
  const std::size_t count = locations_.count();
  planes.resize(set.slices.size() * (count + 1));
  if (sum_vectors_) vector_sums_.resize(planes.size());
  const std::uint8_t* base = t.memory.planned(t.command.input);
  const std::size_t pitch = static_cast<std::size_t>(t.shape.input_columns) * pixel_bytes(input);
  const auto element = static_cast<std::size_t>(input.element_bytes());
  // A descriptor may drive more bits than its codes have; planes hold bytes up to 8.
  const bool bytes = element == 1 && t.layer.descriptor.input_bits <= 8;
  const auto real_zero = static_cast<std::uint16_t>(input.zero_point - input.minimum());
  for (std::size_t s = 0; s < set.slices.size(); ++s) {
    const channel_slice& slice = set.slices[s];
    std::fill(codes_.begin(), codes_.end(), std::uint16_t{0});
    std::fill(byte_codes_.begin(), byte_codes_.end(), std::uint8_t{0});
    std::size_t vector = s * (count + 1);
    for (std::size_t row = 0; row < locations_.row_slots.size(); ++row) {
      if (locations_.row_slots[row] < 0) continue;
      const std::uint8_t* from = base + row * pitch + slice.first_channel * element;
      for (std::size_t column = 0; column < locations_.column_slots.size(); ++column) {
        if (locations_.column_slots[column] < 0) continue;
        if (bytes) {
          load_driven(input, from + column * pixel_bytes(input), slice.rows, byte_codes_.data());
        } else {
          load_driven(input, from + column * pixel_bytes(input), slice.rows, codes_.data());
        }
        pack(planes, vector++, bytes);
      }
    }
    std::fill_n(codes_.begin(), slice.rows, real_zero);
    pack(planes, vector, false);
  }
}

void mvm_engine::list_channel_vectors(const tile& t, const vector_set& set, std::size_t first, std::size_t count) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const window& w = d.filter_window;
  const auto width = static_cast<std::size_t>(t.shape.output_columns);
  const auto rows = static_cast<std::int64_t>(locations_.row_slots.size());
  const std::size_t groups = set.groups.size();
  const std::size_t a_slice = locations_.count() + 1;
  std::uint32_t* out = vectors_.data();
  std::vector<std::int64_t> row_base(groups, -1);  // first location of the group's input row; -1: padding
  for (std::size_t pixel = first; pixel < first + count; ++pixel) {
    const std::size_t column = pixel % width;
    if (pixel == first || column == 0) {
      const std::int64_t top = (t.command.output_row + static_cast<std::int64_t>(pixel / width)) * w.stride_h -
                               w.pad_top - t.command.input_row;
      for (std::size_t g = 0; g < groups; ++g) {
        const std::int64_t row = top + set.groups[g].tap_row;
        const bool inside = row >= 0 && row < rows;
        row_base[g] =
            inside ? locations_.row_slots[static_cast<std::size_t>(row)] * static_cast<std::int64_t>(locations_.columns)
                   : -1;
      }
    }
    const std::int64_t left =
        (t.shape.output_column + static_cast<std::int64_t>(column)) * w.stride_w - w.pad_left - t.shape.input_column;
    for (std::size_t g = 0; g < groups; ++g) {
      const group_source& group = set.groups[g];
      const std::int64_t at = left + group.tap_column;
      const bool inside = row_base[g] >= 0 && at >= 0 && at < t.shape.input_columns;
      const std::size_t location =
          inside ? static_cast<std::size_t>(row_base[g] + locations_.column_slots[static_cast<std::size_t>(at)])
                 : a_slice - 1;
      *out++ = static_cast<std::uint32_t>(group.slice * a_slice + location);
    }
  }
}

// Flattened groups: every (pixel, group) has a vector of its own.
void mvm_engine::pack_patches(const tile& t, const vector_set& set, arithmetic::input_planes& planes, std::size_t first,
                              std::size_t count) {
  const std::size_t groups = set.groups.size();
  planes.resize(count * groups);
  if (sum_vectors_) vector_sums_.resize(planes.size());
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t vector = pixel * groups + g;
      gather(t, set.groups[g], first + pixel);
      pack(planes, vector, false);
      vectors_[vector] = static_cast<std::uint32_t>(vector);
    }
  }
}

void mvm_engine::gather(const tile& t, const group_source& group, std::size_t pixel) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const window& w = d.filter_window;
  const auto width = static_cast<std::size_t>(t.shape.output_columns);
  const std::int64_t top = (t.command.output_row + static_cast<std::int64_t>(pixel / width)) * w.stride_h - w.pad_top;
  const std::int64_t left =
      (t.shape.output_column + static_cast<std::int64_t>(pixel % width)) * w.stride_w - w.pad_left;
  const std::uint8_t* base = t.memory.planned(t.command.input);
  const auto real_zero = static_cast<std::uint16_t>(d.input.zero_point - d.input.minimum());
  for (const vector_run& run : group.runs) {
    const std::int64_t row = top + run.tap_row;
    const std::int64_t column = left + run.tap_column;
    std::uint16_t* to = codes_.data() + run.first_row;
    if (row < 0 || row >= d.input.height || column < 0 || column >= d.input.width) {
      std::fill_n(to, run.count, real_zero);
      continue;
    }
    const std::int64_t at = (row - t.command.input_row) * t.shape.input_columns + column - t.shape.input_column;
    const std::uint8_t* from = base + static_cast<std::size_t>(at) * pixel_bytes(d.input) +
                               run.first_channel * static_cast<std::size_t>(d.input.element_bytes());
    load_driven(d.input, from, run.count, to);
  }
  std::fill(codes_.begin() + group.rows, codes_.end(), std::uint16_t{0});
}

void mvm_engine::run_chunk(tile& t, const vector_set& set, const arithmetic::input_planes& planes, std::size_t first,
                           std::size_t count) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const std::size_t groups = set.groups.size();
  const std::size_t filters = t.layer.filters.size();
  const bool ideal = t.uniform && !noise_.any();
  for (std::size_t n = 0; n < set.passes.size();) {
    const std::size_t p = set.passes[n];
    const layer_pass& pass = t.layer.passes[p];
    arithmetic::pass_operation operation;
    operation.shape = &shape_;
    operation.input_bits = d.input_bits;
    operation.adc = t.layer.adc.get();
    operation.conversions = pass.conversions.data();
    operation.conversion_count = pass.conversions.size();
    operation.outputs = static_cast<int>(pass.filters);
    operation.groups = groups;
    operation.inputs = &planes;
    operation.vectors = vectors_.data();
    operation.pixels = count;
    operation.y = sums(t) + first * filters + pass.first_filter;
    operation.y_stride = filters;
    std::size_t together = ideal ? run_wide(t, set, n, operation) : 0;
    if (together == 0) {
      together = 1;
      ideal ? run_ideal(t, p, operation) : run_copies(t, p, first, operation);
    }
    for (std::size_t end = n + together; n < end; ++n) {
      if (sum_vectors_) correct_zero_points(t, set.passes[n], first, count);
    }
  }
}

// Which bank computes a pixel matters, and which pixel of the map it is: cuts the chunk at the runs of the copies, and
// at the rows of a tile that does not take whole ones.
void mvm_engine::run_copies(tile& t, std::size_t p, std::size_t first, const arithmetic::pass_operation& operation) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const auto width = static_cast<std::uint64_t>(d.output.width);
  const auto columns = static_cast<std::uint64_t>(t.shape.output_columns);
  const std::uint64_t run = columns == width ? t.pixels : columns;
  for (std::size_t copy = 0; copy < d.copies; ++copy) {
    const std::uint64_t last =
        std::min<std::uint64_t>(first + operation.pixels, run_begin(t.pixels, d.copies, copy + 1));
    std::uint64_t begin = std::max<std::uint64_t>(first, run_begin(t.pixels, d.copies, copy));
    while (begin < last) {
      const std::uint64_t end = std::min(last, (begin / run + 1) * run);
      arithmetic::pass_operation part = operation;
      part.pixels = end - begin;
      part.vectors += (begin - first) * operation.groups;
      part.y += (begin - first) * operation.y_stride;
      part.site.first_pixel = (t.command.output_row + begin / columns) * width +
                              static_cast<std::uint64_t>(t.shape.output_column) + begin % columns;
      run_noisy(t, p, copy, part);
      begin = end;
    }
  }
}

void mvm_engine::run_ideal(tile& t, std::size_t p, const arithmetic::pass_operation& operation) {
  pass_cache& cache = t.layer.cache[p];
  pointers_.clear();
  for (const shared_position& position : cache.positions) pointers_.push_back(position.get());
  arithmetic::pass_operation ready = operation;
  ready.positions = pointers_.data();
  if (cache.prepared == nullptr && (cache.seen || t.pixels >= prepare_from_pixels)) {
    cache.prepared = std::make_unique<arithmetic::prepared_pass>(ready);
  }
  ready.prepared = cache.prepared.get();
  arithmetic::run_pass(ready, t.counted);
}

// Runs the passes from the n-th on that go on where the one before ends, as one. Returns how many; 0 if there is but
// one or if putting them side by side would not pay.
std::size_t mvm_engine::run_wide(tile& t, const vector_set& set, std::size_t n,
                                 const arithmetic::pass_operation& operation) {
  pass_cache& cache = t.layer.cache[set.passes[n]];
  if (cache.wide == nullptr) {
    if (!cache.seen && t.pixels < prepare_from_pixels) return 0;
    std::size_t count = 1;
    while (n + count < set.passes.size() && follows(t.layer, set.passes[n + count - 1], set.passes[n + count])) ++count;
    if (count == 1) return 0;
    cache.wide = make_wide(t, set, n, count, operation);
  }
  const wide_pass& wide = *cache.wide;
  arithmetic::pass_operation all = operation;
  describe(wide, all);
  all.prepared = wide.prepared.get();
  arithmetic::run_pass(all, t.counted);
  return wide.passes;
}

std::unique_ptr<wide_pass> mvm_engine::make_wide(const tile& t, const vector_set& set, std::size_t n, std::size_t count,
                                                 const arithmetic::pass_operation& operation) {
  auto wide = std::make_unique<wide_pass>();
  wide->passes = count;
  int column = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const layer_pass& pass = t.layer.passes[set.passes[n + i]];
    for (arithmetic::conversion c : pass.conversions) {
      c.first_column += column;
      c.output += static_cast<int>(wide->filters);
      wide->conversions.push_back(c);
    }
    wide->filters += pass.filters;
    column += t.layer.cache[set.passes[n + i]].positions[0]->columns();
  }
  for (std::size_t g = 0; g < operation.groups; ++g) {
    pointers_.clear();
    for (std::size_t i = 0; i < count; ++i) pointers_.push_back(t.layer.cache[set.passes[n + i]].positions[g].get());
    wide->positions.emplace_back(pointers_);
  }
  for (const arithmetic::packed_position& position : wide->positions) wide->pointers.push_back(&position);
  arithmetic::pass_operation all = operation;
  describe(*wide, all);
  wide->prepared = std::make_unique<arithmetic::prepared_pass>(all);
  return wide;
}

// Group by group: two positions of a bank may differ in their column-mux setting, and so in their physical columns.
void mvm_engine::run_noisy(tile& t, std::size_t p, std::size_t copy, arithmetic::pass_operation operation) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const layer_pass& pass = t.layer.passes[p];
  const auto banks = static_cast<std::uint32_t>(macro_.banks);
  const auto mux = static_cast<std::uint32_t>(macro_.col_mux);
  const std::size_t groups = operation.groups;
  const std::uint32_t* table = operation.vectors;
  one_group_.resize(operation.pixels);
  operation.groups = 1;
  operation.vectors = one_group_.data();
  operation.noise = noise_.any() ? &noise_ : nullptr;
  operation.site.image = static_cast<std::uint32_t>(image_);
  operation.site.layer = static_cast<std::uint32_t>(t.command.layer);
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t entry = pass.first_entry + g;
    const arithmetic::packed_position* const held = position(t, entry, copy).get();
    const auto bank = static_cast<std::uint32_t>(d.first_bank + entry / d.shard_positions * d.copies + copy);
    const auto place = static_cast<std::uint32_t>(d.first_position + entry % d.shard_positions);
    operation.positions = &held;
    operation.site.macro = bank / banks;
    operation.site.bank = bank % banks;
    operation.site.mux = place % mux;
    operation.site.first_position = place / mux;
    // What is computed, not when: two rounds of a layer on the same cells draw different noise.
    operation.site.tile = t.layer.filters[pass.first_filter].output_channel << 16 | d.passes[p].groups[g];
    for (std::size_t pixel = 0; pixel < operation.pixels; ++pixel) one_group_[pixel] = table[pixel * groups + g];
    arithmetic::run_pass(operation, t.counted);
  }
}

void mvm_engine::correct_zero_points(tile& t, std::size_t p, std::size_t first, std::size_t count) {
  const layer_pass& pass = t.layer.passes[p];
  const std::size_t filters = t.layer.filters.size();
  const arithmetic::value_range range = arithmetic::two_complement_range(shape_.accumulator_bits);
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    std::uint64_t driven = 0;
    for (std::size_t g = 0; g < pass.groups; ++g) driven += vector_sums_[vectors_[pixel * pass.groups + g]];
    std::int32_t* y = sums(t) + (first + pixel) * filters + pass.first_filter;
    for (std::size_t f = 0; f < pass.filters; ++f) {
      const std::int64_t zero = t.layer.filters[pass.first_filter + f].weight_zero_point;
      if (zero == 0) continue;
      y[f] = saturate(y[f] - zero * static_cast<std::int64_t>(driven), range, t.counted.accumulator_saturations);
    }
  }
}

// One row of the second input as the filters want it.
const std::int32_t* mvm_engine::second_codes(const tile& t, const std::uint8_t* second) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const std::vector<layer_filter>& filters = t.layer.filters;
  const auto channels = static_cast<std::size_t>(d.second_input.channels);
  second_codes_.resize(static_cast<std::size_t>(t.shape.output_columns) * channels);
  load_codes(d.second_input, second, second_codes_.size(), d.second_input.zero_point, second_codes_.data());
  if (t.layer.channels_in_order) return second_codes_.data() + filters[0].output_channel;
  second_rows_.clear();
  for (std::size_t first = 0; first < second_codes_.size(); first += channels) {
    for (const layer_filter& filter : filters) second_rows_.push_back(second_codes_[first + filter.output_channel]);
  }
  return second_rows_.data();
}

void mvm_engine::post_process(const tile& t) {
  const registers::mvm_descriptor& d = t.layer.descriptor;
  const std::vector<layer_filter>& filters = t.layer.filters;
  if (filters.empty()) return;
  const bool in_order = t.layer.channels_in_order;
  const auto columns = static_cast<std::size_t>(t.shape.output_columns);
  const std::size_t pixel = pixel_bytes(d.output);
  arithmetic::post_pixels row;
  row.sums = sums(t);
  row.second_stride = in_order ? static_cast<std::size_t>(d.second_input.channels) : filters.size();
  row.count = columns;
  row.code_bytes = static_cast<std::size_t>(d.output.element_bytes());
  row.pitch_bytes = in_order ? pixel : filters.size() * row.code_bytes;
  row_codes_.resize(in_order ? 0 : columns * row.pitch_bytes);
  std::uint8_t* output = t.memory.planned(t.command.output);
  const std::uint8_t* second = d.has_second_input ? t.memory.planned(t.command.second_input) : nullptr;
  for (std::size_t r = 0; r < t.command.output_rows; ++r, row.sums += columns * filters.size()) {
    std::uint8_t* to = output + r * static_cast<std::size_t>(t.shape.output_pitch) * pixel;
    if (second != nullptr) {
      const std::size_t pitch = static_cast<std::size_t>(t.shape.second_pitch) * pixel_bytes(d.second_input);
      row.second = second_codes(t, second + r * pitch);
    }
    row.codes = in_order ? to + filters[0].output_channel * row.code_bytes : row_codes_.data();
    t.layer.post.run(row);
    if (!in_order) scatter(t.layer, row, to);
  }
}

}  // namespace cimbalom::cim
