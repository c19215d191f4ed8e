#include "sw/compiler/pass_formation.hpp"

#include <algorithm>
#include <string>

#include "models/arithmetic/cells.hpp"
#include "platform/configuration/error.hpp"
#include "sw/quantization/row_grouping.hpp"

namespace cimbalom::compiler {

namespace {

using quantization::mvm_parameters;

int divide_up(int a, int b) {
  return (a + b - 1) / b;
}

class former {
 public:
  former(const quantization::layer& layer, const cim::macro_config& macro, bool skip_zero_groups)
      : layer_(layer), parameters_(layer.mvm), macro_(macro), shape_(macro.shape()), skip_(skip_zero_groups) {
    filters_per_group_ = parameters_.filters / parameters_.groups;
    groups_per_pass_ = quantization::groups_per_pass(parameters_, macro.rows_active);
  }

  std::vector<formed_pass> run() {
    for (int filter = 0; filter < parameters_.filters; ++filter) place(filter);
    for (formed_pass& pass : passes_) finish(pass);
    return std::move(passes_);
  }

 private:
  int group_of(int filter) const { return filter / filters_per_group_; }

  // A pass holds filters of one group, or (block-diagonal) of a few whole groups.
  bool may_join(int filter) const {
    if (passes_.empty()) return false;
    const std::vector<int>& held = passes_.back().filters;
    if (group_of(filter) == group_of(held.back())) return true;
    const bool begins_whole = held.front() % filters_per_group_ == 0;
    return begins_whole && group_of(filter) - group_of(held.front()) < groups_per_pass_ &&
           slots_of_group(filter) <= macro_.slots() - next_slot_;
  }
  int slots_of_filter(int filter) const {
    const int bits = parameters_.weight_bits[static_cast<std::size_t>(filter)];
    return divide_up(arithmetic::weight_columns(shape_, bits), macro_.slot_bits);
  }
  int slots_of_group(int first) const {
    int sum = 0;
    for (int i = 0; i < filters_per_group_; ++i) sum += slots_of_filter(first + i);
    return sum;
  }

  void place(int filter) {
    const int slots = slots_of_filter(filter);
    if (slots > macro_.slots()) {
      throw bad_input({}, "layer " + layer_.name,
                      std::to_string(parameters_.weight_bits[static_cast<std::size_t>(filter)]) + " weight bits",
                      "a position (platform.macro.cols / col_mux) has room for " + std::to_string(macro_.slots()) +
                          " slots, one filter needs " + std::to_string(slots));
    }
    if (!may_join(filter) || next_slot_ + slots > macro_.slots()) {
      passes_.emplace_back();
      next_slot_ = 0;
    }
    formed_pass& pass = passes_.back();
    registers::filter_record record;
    record.first_column = static_cast<std::uint16_t>(next_slot_ * macro_.slot_bits);
    record.bits = parameters_.weight_bits[static_cast<std::size_t>(filter)];
    record.output_channel = static_cast<std::uint32_t>(filter);
    if (!parameters_.weight_zero_point.empty()) {
      record.weight_zero_point = parameters_.weight_zero_point[static_cast<std::size_t>(filter)];
    }
    pass.record.filters.push_back(record);
    pass.filters.push_back(filter);
    next_slot_ += slots;
  }

  void finish(formed_pass& pass) const {
    const int first_group = group_of(pass.filters.front());
    const int groups = group_of(pass.filters.back()) - first_group + 1;
    registers::pass_record& record = pass.record;
    record.channel_base = static_cast<std::uint32_t>(first_group * parameters_.channels_per_group);
    record.channels = static_cast<std::uint32_t>(groups * parameters_.channels_per_group);
    record.filter_channels = groups > 1 ? static_cast<std::uint32_t>(parameters_.channels_per_group) : 0;
    record.flattened = quantization::is_flattened(parameters_, macro_.rows_active);
    const quantization::row_grouping rows = quantization::grouping_of(parameters_, macro_.rows_active, groups);
    if (rows.codes() > 65536) {
      throw bad_input({}, "layer " + layer_.name, std::to_string(rows.codes()) + " row groups",
                      "at most 65536; raise platform.macro.rows_active");
    }
    for (int code = 0; code < rows.codes(); ++code) append_group(pass, rows, code);
  }

  void append_group(formed_pass& pass, const quantization::row_grouping& rows, int code) const {
    const std::size_t bytes = static_cast<std::size_t>(macro_.position_bytes());
    const std::size_t row_bytes = bytes / static_cast<std::size_t>(macro_.rows_active);
    const std::size_t start = pass.words.size();
    pass.words.resize(start + bytes);
    bool any = false;
    for (int row = 0; row < macro_.rows_active; ++row) {
      const auto source = rows.at(code, row);
      if (!source) continue;
      any |= store_row(pass, *source, &pass.words[start + static_cast<std::size_t>(row) * row_bytes]);
    }
    if (!any && skip_) {
      pass.words.resize(start);
    } else {
      pass.record.groups.push_back(static_cast<std::uint16_t>(code));
    }
  }

  // Stores one row of every filter of the pass; true if anything is to be kept.
  bool store_row(const formed_pass& pass, const quantization::row_grouping::source& source, std::uint8_t* row) const {
    const registers::window& window = parameters_.filter_window;
    const int channels = parameters_.channels_per_group;
    const int group = group_of(pass.filters.front()) + source.channel / channels;
    const int in_filter = (source.tap_h * window.kernel_w + source.tap_w) * channels + source.channel % channels;
    const std::size_t filter_size = parameters_.weights.size() / static_cast<std::size_t>(parameters_.filters);
    bool any = false;
    for (std::size_t i = 0; i < pass.filters.size(); ++i) {
      const int filter = pass.filters[i];
      const registers::filter_record& record = pass.record.filters[i];
      // Outside its block a filter's weight is real zero, which is stored as its zero point.
      int weight = record.weight_zero_point;
      if (group_of(filter) == group) {
        const std::size_t index = static_cast<std::size_t>(filter) * filter_size + static_cast<std::size_t>(in_filter);
        weight = parameters_.weights[index];
      }
      any |= weight != 0 || record.weight_zero_point != 0;
      if (weight != 0) arithmetic::store_weight(shape_, weight, record.bits, record.first_column, row);
    }
    return any;
  }

  const quantization::layer& layer_;
  const mvm_parameters& parameters_;
  const cim::macro_config& macro_;
  arithmetic::macro_shape shape_;
  bool skip_;
  int filters_per_group_ = 1;
  int groups_per_pass_ = 1;
  int next_slot_ = 0;
  std::vector<formed_pass> passes_;
};

}  // namespace

std::vector<formed_pass> form_passes(const quantization::layer& layer, const cim::macro_config& macro,
                                     bool skip_zero_groups) {
  return former(layer, macro, skip_zero_groups).run();
}

}  // namespace cimbalom::compiler
