#include "models/cim/mvm_layer.hpp"

#include <algorithm>

namespace cimbalom::cim {

namespace {

using registers::error_code;
using registers::mvm_descriptor;
using registers::pass_record;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t window_taps(const mvm_descriptor& d) {
  return static_cast<std::uint64_t>(d.filter_window.kernel_h) * static_cast<std::uint64_t>(d.filter_window.kernel_w);
}

// Rows of a row group that may hold weights.
int rows_per_group(const mvm_descriptor& d, const pass_record& pass, int rows_active) {
  return pass.flattened && d.group_rows > 0 ? d.group_rows : rows_active;
}

// Index codes that exist for a pass.
std::uint64_t group_codes(const mvm_descriptor& d, const pass_record& pass, int rows_active) {
  const auto rows = static_cast<std::uint64_t>(rows_per_group(d, pass, rows_active));
  return pass.flattened ? divide_up(window_taps(d) * pass.channels, rows)
                        : window_taps(d) * divide_up(pass.channels, rows);
}

// Columns inside the bank, none used twice.
bool columns_fit(const pass_record& pass, const macro_config& macro) {
  std::vector<bool> used(static_cast<std::size_t>(macro.columns_driven()), false);
  const arithmetic::macro_shape shape = macro.shape();
  for (const registers::filter_record& filter : pass.filters) {
    const auto first = static_cast<std::size_t>(filter.first_column);
    const auto count = static_cast<std::size_t>(arithmetic::weight_columns(shape, filter.bits));
    if (first + count > used.size()) return false;
    for (std::size_t c = first; c < first + count; ++c) {
      if (used[c]) return false;
      used[c] = true;
    }
  }
  return true;
}

// Every output channel at most once: so that a tile's sums are bounded by its outputs.
bool channels_differ(const mvm_descriptor& d) {
  std::vector<std::uint32_t> channels;
  for (const pass_record& pass : d.passes) {
    for (const registers::filter_record& filter : pass.filters) channels.push_back(filter.output_channel);
  }
  std::sort(channels.begin(), channels.end());
  return std::adjacent_find(channels.begin(), channels.end()) == channels.end();
}

bool suits(const mvm_descriptor& d, const macro_config& macro) {
  const std::int64_t largest_step = 16 * arithmetic::s_max(macro.shape()) + 16;
  if (macro.kind == arithmetic::macro_kind::analog && d.adc_step_sixteenths > largest_step) return false;
  if (d.group_rows > macro.rows_active) return false;
  for (const pass_record& pass : d.passes) {
    const std::uint64_t codes = group_codes(d, pass, macro.rows_active);
    if (codes > 65536 || (!pass.groups.empty() && pass.groups.back() >= codes) || !columns_fit(pass, macro)) {
      return false;
    }
  }
  return channels_differ(d);
}

error_code check_banks(const mvm_layer& layer, const macro_config& macro, int banks) {
  const mvm_descriptor& d = layer.descriptor;
  if (layer.entries == 0) return error_code::none;
  if (d.first_bank + layer.shards * d.copies > static_cast<std::size_t>(banks)) return error_code::bank_range;
  const std::size_t used = std::min<std::size_t>(layer.entries, d.shard_positions);
  if (d.first_position + used > static_cast<std::size_t>(macro.positions())) return error_code::position_range;
  return error_code::none;
}

group_source channel_source(const mvm_descriptor& d, vector_set& set, std::uint16_t code, int rows_active) {
  const auto active = static_cast<std::uint32_t>(rows_active);
  const auto groups_a_tap = static_cast<std::uint32_t>(divide_up(set.channels, active));
  const std::uint32_t tap = code / groups_a_tap;
  const std::uint32_t offset = code % groups_a_tap * active;
  const auto kernel_w = static_cast<std::uint32_t>(d.filter_window.kernel_w);
  group_source source;
  source.tap_row = static_cast<std::int32_t>(tap / kernel_w) * d.filter_window.dilation_h;
  source.tap_column = static_cast<std::int32_t>(tap % kernel_w) * d.filter_window.dilation_w;
  source.rows = std::min(active, set.channels - offset);
  const channel_slice slice{set.channel_base + offset, source.rows};
  const auto known = std::find_if(set.slices.begin(), set.slices.end(),
                                  [&](const channel_slice& s) { return s.first_channel == slice.first_channel; });
  source.slice = static_cast<std::uint32_t>(known - set.slices.begin());
  if (known == set.slices.end()) set.slices.push_back(slice);
  return source;
}

group_source flattened_source(const mvm_descriptor& d, const vector_set& set, std::uint16_t code, int rows) {
  const std::uint64_t all = window_taps(d) * set.channels;
  const std::uint64_t begin = std::uint64_t{code} * static_cast<std::uint64_t>(rows);
  const std::uint64_t end = std::min(all, begin + static_cast<std::uint64_t>(rows));
  const auto kernel_w = static_cast<std::uint64_t>(d.filter_window.kernel_w);
  group_source source;
  source.rows = static_cast<std::uint32_t>(end - begin);
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t tap = at / set.channels;
    const std::uint64_t channel = at % set.channels;
    const std::uint64_t count = std::min(end - at, set.channels - channel);
    vector_run run;
    run.tap_row = static_cast<std::int32_t>(tap / kernel_w) * d.filter_window.dilation_h;
    run.tap_column = static_cast<std::int32_t>(tap % kernel_w) * d.filter_window.dilation_w;
    run.first_channel = set.channel_base + static_cast<std::uint32_t>(channel);
    run.first_row = static_cast<std::uint16_t>(at - begin);
    run.count = static_cast<std::uint16_t>(count);
    source.runs.push_back(run);
    at += count;
  }
  return source;
}

// The set of a pass's inputs: a known one, or a new one.
vector_set& set_of(mvm_layer& layer, const pass_record& pass, int rows_active) {
  for (vector_set& set : layer.sets) {
    if (set.flattened == pass.flattened && set.channel_base == pass.channel_base && set.channels == pass.channels &&
        set.codes == pass.groups) {
      return set;
    }
  }
  vector_set& set = layer.sets.emplace_back();
  set.flattened = pass.flattened;
  set.channel_base = pass.channel_base;
  set.channels = pass.channels;
  set.codes = pass.groups;
  const int rows = rows_per_group(layer.descriptor, pass, rows_active);
  for (const std::uint16_t code : pass.groups) {
    set.groups.push_back(pass.flattened ? flattened_source(layer.descriptor, set, code, rows)
                                        : channel_source(layer.descriptor, set, code, rows));
  }
  return set;
}

void resolve_filters(mvm_layer& layer, const pass_record& pass, const arithmetic::macro_shape& shape,
                     layer_pass& resolved) {
  resolved.first_filter = layer.filters.size();
  resolved.filters = pass.filters.size();
  for (const registers::filter_record& record : pass.filters) {
    const auto output = static_cast<int>(layer.filters.size() - resolved.first_filter);
    arithmetic::append_conversions(shape, record.first_column, record.bits, output, resolved.conversions);
    layer_filter filter;
    filter.output_channel = record.output_channel;
    filter.weight_zero_point = record.weight_zero_point;
    layer.has_weight_zero_points |= record.weight_zero_point != 0;
    layer.filters.push_back(filter);
  }
}

void resolve_post_processing(mvm_layer& layer) {
  const mvm_descriptor& d = layer.descriptor;
  const bool fixed = d.requantize == registers::requantization::fixed_point;
  std::vector<arithmetic::post_filter> filters;
  for (const pass_record& pass : d.passes) {
    for (const registers::filter_record& record : pass.filters) {
      filters.push_back({record.bias, record.multiplier, record.second_multiplier, fixed ? record.shift : 0});
    }
  }
  layer.post = arithmetic::post_processing(fixed, filters, d.output.zero_point, d.clamp_low, d.clamp_high);
}

void resolve_pass(mvm_layer& layer, const pass_record& pass, const macro_config& macro) {
  const std::size_t index = layer.passes.size();
  layer_pass& resolved = layer.passes.emplace_back();
  resolved.first_entry = layer.entries;
  resolved.groups = pass.groups.size();
  layer.entries += resolved.groups;
  resolve_filters(layer, pass, macro.shape(), resolved);
  if (pass.groups.empty()) return;
  vector_set& set = set_of(layer, pass, macro.rows_active);
  set.passes.push_back(index);
  for (const group_source& group : set.groups) resolved.weight_rows += group.rows;
  // Block-diagonal passes: a filter uses its share of the rows.
  const std::uint64_t share = pass.filter_channels == 0 ? pass.channels : pass.filter_channels;
  resolved.weight_rows = resolved.weight_rows * share / pass.channels;
  for (const registers::filter_record& filter : pass.filters) resolved.used_bits += filter.bits * resolved.weight_rows;
}

}  // namespace

std::size_t mvm_layer::footprint() const {
  std::size_t bytes =
      sizeof(mvm_layer) + 2 * descriptor_bytes + filters.size() * sizeof(layer_filter) + post.footprint();
  for (const layer_pass& pass : passes) bytes += pass.conversions.size() * sizeof(arithmetic::conversion);
  for (const vector_set& set : sets) {
    for (const group_source& group : set.groups) bytes += sizeof group + group.runs.size() * sizeof(vector_run);
  }
  for (std::size_t p = 0; p < passes.size(); ++p) {
    bytes += cache[p].positions.size() * sizeof(cache[p].positions[0]);
    if (cache[p].prepared != nullptr) bytes += cache[p].prepared->footprint();
    if (cache[p].wide == nullptr) continue;
    const wide_pass& wide = *cache[p].wide;
    bytes += wide.prepared->footprint() + wide.conversions.size() * sizeof(wide.conversions[0]);
    for (const arithmetic::packed_position& position : wide.positions) bytes += position.footprint();
  }
  return bytes;
}

error_code resolve(const std::uint8_t* bytes, std::size_t size, const macro_config& macro, int banks,
                   mvm_layer& layer) {
  layer = mvm_layer{};
  const error_code decoded = registers::decode(bytes, size, layer.descriptor);
  if (decoded != error_code::none) return decoded;
  const mvm_descriptor& d = layer.descriptor;
  if (!suits(d, macro)) return error_code::bad_descriptor;
  layer.descriptor_bytes = registers::descriptor_bytes(bytes, size);
  for (const pass_record& pass : d.passes) resolve_pass(layer, pass, macro);
  resolve_post_processing(layer);
  layer.shards = divide_up(layer.entries, d.shard_positions);
  layer.cache.resize(layer.passes.size());
  layer.input_slices = arithmetic::input_slices(macro.shape(), d.input_bits);
  const int step =
      macro.kind == arithmetic::macro_kind::digital ? arithmetic::unit_step_sixteenths : d.adc_step_sixteenths;
  layer.adc = std::make_unique<arithmetic::adc_transfer>(macro.shape(), step);
  layer.channels_in_order = true;
  for (std::size_t f = 0; f < layer.filters.size(); ++f) {
    layer.channels_in_order &= layer.filters[f].output_channel == layer.filters[0].output_channel + f;
  }
  return check_banks(layer, macro, banks);
}

}  // namespace cimbalom::cim
