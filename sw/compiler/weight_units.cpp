#include "sw/compiler/weight_units.hpp"

#include <algorithm>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/compiler/bounds.hpp"
#include "sw/compiler/channel_split.hpp"
#include "sw/compiler/pass_formation.hpp"
#include "sw/quantization/requantization.hpp"
#include "sw/quantization/row_grouping.hpp"

namespace cimbalom::compiler {

namespace {

using quantization::layer;
using quantization::layer_kind;
using quantization::network;

const quantization::tensor& tensor_at(const network& net, int number) {
  return net.tensors.at(static_cast<std::size_t>(number));
}

int input_bits_of(const registers::tensor_format& format) {
  return format.bits;  // u = q - minimum covers the whole range of codes
}

void set_constants(const network& net, const layer& source, std::vector<formed_pass>& passes) {
  const std::vector<quantization::constants> constants = quantization::mvm_constants(net, source);
  for (formed_pass& pass : passes) {
    for (std::size_t i = 0; i < pass.filters.size(); ++i) {
      const quantization::constants& from = constants.at(static_cast<std::size_t>(pass.filters[i]));
      registers::filter_record& to = pass.record.filters[i];
      to.bias = from.bias;
      to.multiplier = from.multiplier;
      to.second_multiplier = from.second_multiplier;
      to.shift = from.shift;
    }
  }
}

registers::mvm_descriptor descriptor_of(const network& net, const layer& source, int rows_active) {
  registers::mvm_descriptor d;
  d.input = tensor_at(net, source.inputs.at(0)).format;
  d.output = tensor_at(net, source.output).format;
  d.filter_window = source.mvm.filter_window;
  d.input_bits = static_cast<std::uint8_t>(input_bits_of(d.input));
  d.adc_step_sixteenths = source.mvm.adc_step_sixteenths;
  const int rows = quantization::rows_per_group(source.mvm, rows_active);
  d.group_rows = static_cast<std::uint16_t>(rows < rows_active ? rows : 0);
  d.requantize = source.requantize;
  d.has_second_input = source.has_residual;
  if (source.has_residual) d.second_input = tensor_at(net, source.inputs.at(1)).format;
  d.clamp_low = source.clamp_low;
  d.clamp_high = source.clamp_high;
  return d;
}

// Cuts the passes of a layer into rounds that hold at most `capacity` positions.
class round_maker {
 public:
  round_maker(int layer_number, const registers::mvm_descriptor& head, std::uint64_t position_bytes,
              std::vector<std::uint8_t>& words)
      : layer_(layer_number), head_(head), position_bytes_(position_bytes), words_(words) {}

  // Whole passes, as even as they go.
  void whole_passes(const std::vector<formed_pass>& passes, std::uint64_t capacity) {
    std::uint64_t entries = 0;
    for (const formed_pass& pass : passes) entries += pass.record.groups.size();
    const std::uint64_t rounds = std::max<std::uint64_t>(1, (entries + capacity - 1) / capacity);
    const std::uint64_t even = std::max<std::uint64_t>(1, (entries + rounds - 1) / rounds);
    begin();
    for (const formed_pass& pass : passes) {
      const std::uint64_t now = unit_.entries, added = pass.record.groups.size();
      if (!unit_.mvm.passes.empty() && (now + added > capacity || now + added / 2 >= even)) end();
      append(pass, 0, pass.record.groups.size());
    }
    end();
  }

  // One pass at a time, its groups cut: the sums wait in the accumulators.
  void cut_passes(const std::vector<formed_pass>& passes, std::uint64_t capacity) {
    for (const formed_pass& pass : passes) {
      const std::size_t groups = pass.record.groups.size();
      const std::size_t rounds = std::max<std::size_t>(1, (groups + capacity - 1) / capacity);
      for (std::size_t r = 0; r < rounds; ++r) {
        begin();
        append(pass, groups * r / rounds, groups * (r + 1) / rounds);
        unit_.accumulate = r > 0;
        unit_.keep = r + 1 < rounds;
        end();
      }
    }
  }

  std::vector<work_unit> units;

 private:
  void begin() {
    unit_ = work_unit();
    unit_.layer = layer_;
    unit_.on_macros = true;
    unit_.mvm = head_;
    unit_.words_offset = words_.size();
  }

  void append(const formed_pass& pass, std::size_t first, std::size_t last) {
    registers::pass_record record = pass.record;
    record.groups.assign(pass.record.groups.begin() + static_cast<std::ptrdiff_t>(first),
                         pass.record.groups.begin() + static_cast<std::ptrdiff_t>(last));
    unit_.entries += record.groups.size();
    unit_.mvm.passes.push_back(std::move(record));
    words_.insert(words_.end(), pass.words.begin() + static_cast<std::ptrdiff_t>(first * position_bytes_),
                  pass.words.begin() + static_cast<std::ptrdiff_t>(last * position_bytes_));
  }

  void end() {
    int low = unit_.mvm.output.channels, high = 0;
    for (const registers::pass_record& pass : unit_.mvm.passes) {
      for (const registers::filter_record& filter : pass.filters) {
        low = std::min(low, static_cast<int>(filter.output_channel));
        high = std::max(high, static_cast<int>(filter.output_channel) + 1);
      }
    }
    unit_.first_channel = low;
    unit_.channels = high - low;
    units.push_back(std::move(unit_));
    begin();
  }

  int layer_;
  const registers::mvm_descriptor& head_;
  std::uint64_t position_bytes_;
  std::vector<std::uint8_t>& words_;
  work_unit unit_;
};

// Units that begin with the same pass (cut ones) share their channels.
bool channels_interleave(const std::vector<work_unit>& units) {
  for (std::size_t i = 1; i < units.size(); ++i) {
    const work_unit &before = units[i - 1], &now = units[i];
    if (!now.accumulate && now.first_channel < before.first_channel + before.channels) return true;
  }
  // In order, so without overlap; a gap inside a unit is what another one writes.
  for (const work_unit& unit : units) {
    std::size_t filters = 0;
    for (const registers::pass_record& pass : unit.mvm.passes) filters += pass.filters.size();
    if (filters != static_cast<std::size_t>(unit.channels)) return true;
  }
  return false;
}

layer_units mvm_units(const network& net, int number, const target& hardware, bool ping_pong, bool skip_zero_groups,
                      std::vector<std::uint8_t>& words, bool pack) {
  const layer& source = net.layers[static_cast<std::size_t>(number)];
  const registers::mvm_descriptor head = descriptor_of(net, source, hardware.macro.rows_active);
  std::vector<formed_pass> passes = form_passes(source, hardware.macro, skip_zero_groups, pack);
  if (pack) prove_sums(source, head.input_bits, hardware.macro, passes);
  set_constants(net, source, passes);

  std::size_t largest_pass = 0;
  for (const formed_pass& pass : passes) largest_pass = std::max(largest_pass, pass.record.groups.size());
  const std::uint64_t all = hardware.banks() * hardware.positions();
  // With ping-pong a round leaves half of the positions to the next one.
  const std::uint64_t half = ping_pong ? std::max<std::uint64_t>(1, hardware.positions() / 2) * hardware.banks() : all;

  round_maker rounds(number, head, hardware.position_bytes(), words);
  layer_units result;
  if (largest_pass <= all) {
    rounds.whole_passes(passes, largest_pass <= half ? half : all);
  } else {
    rounds.cut_passes(passes, half);
    const registers::tensor_format& out = head.output;
    std::size_t most_filters = 0;
    for (const formed_pass& pass : passes) most_filters = std::max(most_filters, pass.filters.size());
    const std::uint64_t sums = static_cast<std::uint64_t>(out.height) * static_cast<std::uint64_t>(out.width) *
                               most_filters * sizeof(std::int32_t);
    result.tiles_outside = sums > static_cast<std::uint64_t>(hardware.accelerator.accumulator_bytes);
  }
  result.units = std::move(rounds.units);
  if (channels_interleave(result.units)) {
    result.interleaved = result.tiles_outside = true;
    for (work_unit& unit : result.units) {
      unit.first_channel = 0;
      unit.channels = head.output.channels;
    }
  }
  result.filters_stored = static_cast<std::uint64_t>(source.mvm.filters);
  return result;
}

registers::vector_kind kind_of(layer_kind kind) {
  switch (kind) {
    case layer_kind::max_pool:
      return registers::vector_kind::max_pool;
    case layer_kind::average_pool:
      return registers::vector_kind::average_pool;
    case layer_kind::slice_pad:
      return registers::vector_kind::slice_pad;
    case layer_kind::affine:
      return registers::vector_kind::affine;
    case layer_kind::add:
    case layer_kind::mvm:
    case layer_kind::host:
      break;
  }
  return registers::vector_kind::add;
}

work_unit vector_unit(const network& net, int number) {
  const layer& source = net.layers[static_cast<std::size_t>(number)];
  const quantization::vector_constants constants = quantization::constants_of(net, source);
  work_unit unit;
  unit.layer = number;
  registers::vector_descriptor& d = unit.vector;
  d.kind = kind_of(source.kind);
  d.input = tensor_at(net, source.inputs.at(0)).format;
  d.output = tensor_at(net, source.output).format;
  if (source.kind == layer_kind::add) d.second_input = tensor_at(net, source.inputs.at(1)).format;
  d.pool_window = source.pool_window;
  d.count_include_pad = source.count_include_pad;
  d.requantize = source.requantize;
  d.shift = constants.shift;
  d.multiplier = constants.multiplier;
  d.second_multiplier = constants.second_multiplier;
  d.clamp_low = source.clamp_low;
  d.clamp_high = source.clamp_high;
  d.channel_offset = source.channel_offset;
  d.output_channel = source.output_channel;
  d.channels_written = source.channels_written;
  for (const quantization::constants& from : constants.channels) {
    registers::filter_record record;
    record.bias = from.bias;
    record.multiplier = from.multiplier;
    record.shift = from.shift;
    d.channels.push_back(record);
  }
  d.reciprocal_multipliers = constants.reciprocal_multipliers;
  const bool part = source.kind == layer_kind::slice_pad;
  unit.first_channel = part ? source.output_channel : 0;
  unit.channels = part ? source.channels_written : d.output.channels;
  return unit;
}

}  // namespace

std::vector<layer_units> form_units(const network& net, const target& hardware, bool ping_pong, bool skip_zero_groups,
                                    std::vector<std::uint8_t>& words, bool pack) {
  std::vector<layer_units> result(net.layers.size());
  for (std::size_t i = 0; i < net.layers.size(); ++i) {
    const int number = static_cast<int>(i);
    switch (net.layers[i].kind) {
      case layer_kind::host:
        break;
      case layer_kind::mvm:
        result[i] = mvm_units(net, number, hardware, ping_pong, skip_zero_groups, words, pack);
        break;
      case layer_kind::add:
      case layer_kind::max_pool:
      case layer_kind::average_pool:
      case layer_kind::slice_pad:
      case layer_kind::affine:
        result[i] = vector_units(vector_unit(net, number), hardware);
        break;
    }
  }
  return result;
}

}  // namespace cimbalom::compiler
