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

// Index of a weight inside its filter.
std::size_t index_in_filter(const mvm_parameters& p, const quantization::row_grouping::source& source) {
  return static_cast<std::size_t>((source.tap_h * p.filter_window.kernel_w + source.tap_w) * p.channels_per_group +
                                  source.channel % p.channels_per_group);
}

std::size_t weights_a_filter(const mvm_parameters& p) {
  return static_cast<std::size_t>(p.filter_window.kernel_h) * static_cast<std::size_t>(p.filter_window.kernel_w) *
         static_cast<std::size_t>(p.channels_per_group);
}

class former {
 public:
  former(const quantization::layer& layer, const cim::macro_config& macro, bool skip_zero_groups, bool pack)
      : layer_(layer),
        parameters_(layer.mvm),
        macro_(macro),
        shape_(macro.shape()),
        skip_(skip_zero_groups),
        pack_(pack) {
    filters_per_group_ = parameters_.filters / parameters_.groups;
    groups_per_pass_ = quantization::groups_per_pass(parameters_, macro.rows_active);
  }

  std::vector<formed_pass> run() {
    if (parameters_.slot_assignment.empty()) {
      for (int filter = 0; filter < parameters_.filters; ++filter) place(filter);
    } else {
      follow_assignment();
    }
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
  int columns_of(int filter) const {
    return arithmetic::weight_columns(shape_, parameters_.weight_bits[static_cast<std::size_t>(filter)]);
  }
  int slots_of_filter(int filter) const { return divide_up(columns_of(filter), macro_.slot_bits); }
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
    append_filter(passes_.back(), filter, next_slot_ * macro_.slot_bits);
    next_slot_ += slots;
  }

  void append_filter(formed_pass& pass, int filter, int first_column) const {
    registers::filter_record record;
    record.first_column = static_cast<std::uint16_t>(first_column);
    record.bits = parameters_.weight_bits[static_cast<std::size_t>(filter)];
    record.output_channel = static_cast<std::uint32_t>(filter);
    if (!parameters_.weight_zero_point.empty()) {
      record.weight_zero_point = parameters_.weight_zero_point[static_cast<std::size_t>(filter)];
    }
    pass.record.filters.push_back(record);
    pass.filters.push_back(filter);
  }

  [[noreturn]] void refuse_assignment(const std::string& what, const std::string& allowed) const {
    throw bad_input({}, "layer " + layer_.name + ": slot assignment", what, allowed);
  }

  void follow_assignment() {
    std::vector<bool> placed(static_cast<std::size_t>(parameters_.filters), false);
    for (const std::vector<std::vector<std::int32_t>>& slots : parameters_.slot_assignment) {
      passes_.emplace_back();
      next_slot_ = 0;
      for (const std::vector<std::int32_t>& filters : slots) follow_slot(filters, placed);
    }
    const auto lost = std::find(placed.begin(), placed.end(), false);
    if (lost != placed.end()) {
      refuse_assignment("filter " + std::to_string(lost - placed.begin()) + " has no slot", "every filter once");
    }
  }

  void follow_slot(const std::vector<std::int32_t>& filters, std::vector<bool>& placed) {
    if (filters.empty()) refuse_assignment("a slot without filters", "at least one");
    formed_pass& pass = passes_.back();
    int columns = 0;
    for (std::size_t i = filters.size(); i-- > 0;) {  // the last one lies lowest
      const int filter = filters[i];
      if (filter < 0 || filter >= parameters_.filters || placed[static_cast<std::size_t>(filter)]) {
        refuse_assignment("filter " + std::to_string(filter), "every filter of the layer once");
      }
      placed[static_cast<std::size_t>(filter)] = true;
      append_filter(pass, filter, next_slot_ * macro_.slot_bits + columns);
      columns += columns_of(filter);
      if (group_of(filter) / groups_per_pass_ != group_of(pass.filters.front()) / groups_per_pass_) {
        refuse_assignment("filters " + std::to_string(pass.filters.front()) + " and " + std::to_string(filter),
                          "filters of a pass see the same input channels");
      }
    }
    if (filters.size() > 1 && columns > macro_.slot_bits) {
      refuse_assignment(std::to_string(columns) + " columns in a slot",
                        "platform.macro.slot_bits is " + std::to_string(macro_.slot_bits) + ": pair again for it");
    }
    next_slot_ += divide_up(columns, macro_.slot_bits);
    if (next_slot_ > macro_.slots()) {
      refuse_assignment(std::to_string(next_slot_) + " slots in a pass",
                        "platform.macro has " + std::to_string(macro_.slots()) + ": pair again for it");
    }
  }

  void finish(formed_pass& pass) const {
    const auto ends = std::minmax_element(pass.filters.begin(), pass.filters.end());
    const int first_group = group_of(*ends.first);
    const int groups = group_of(*ends.second) - first_group + 1;
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
    for (int row = 0; row < macro_.rows_active && (pack_ || skip_); ++row) {
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
    const int channels = parameters_.channels_per_group;
    const int group = static_cast<int>(pass.record.channel_base) / channels + source.channel / channels;
    const std::size_t filter_size = weights_a_filter(parameters_), in_filter = index_in_filter(parameters_, source);
    bool any = false;
    for (std::size_t i = 0; i < pass.filters.size(); ++i) {
      const int filter = pass.filters[i];
      const registers::filter_record& record = pass.record.filters[i];
      // Outside its block a filter's weight is real zero, which is stored as its zero point.
      int weight = record.weight_zero_point;
      if (group_of(filter) == group) {
        weight = parameters_.weights[static_cast<std::size_t>(filter) * filter_size + in_filter];
      }
      any |= weight != 0 || record.weight_zero_point != 0;
      if (weight != 0 && pack_) arithmetic::store_weight(shape_, weight, record.bits, record.first_column, row);
    }
    return any;
  }

  const quantization::layer& layer_;
  const mvm_parameters& parameters_;
  const cim::macro_config& macro_;
  arithmetic::macro_shape shape_;
  bool skip_;
  bool pack_;
  int filters_per_group_ = 1;
  int groups_per_pass_ = 1;
  int next_slot_ = 0;
  std::vector<formed_pass> passes_;
};

}  // namespace

std::vector<std::int16_t> weights_of(const std::vector<formed_pass>& passes, const quantization::layer& shape_only,
                                     const cim::macro_config& macro) {
  const mvm_parameters& p = shape_only.mvm;
  const arithmetic::macro_shape shape = macro.shape();
  const auto position = static_cast<std::size_t>(macro.position_bytes());
  const std::size_t row_bytes = position / static_cast<std::size_t>(macro.rows_active);
  const int filters_a_group = p.filters / p.groups;
  std::vector<std::int16_t> weights(static_cast<std::size_t>(p.filters) * weights_a_filter(p));
  for (const formed_pass& pass : passes) {
    const registers::pass_record& record = pass.record;
    const quantization::row_grouping rows =
        quantization::grouping_of(p, macro.rows_active, static_cast<int>(record.channels) / p.channels_per_group);
    const int first_group = static_cast<int>(record.channel_base) / p.channels_per_group;
    for (std::size_t g = 0; g < record.groups.size(); ++g) {
      for (int row = 0; row < macro.rows_active; ++row) {
        const auto source = rows.at(record.groups[g], row);
        if (!source) continue;
        const std::uint8_t* cells = &pass.words[g * position + static_cast<std::size_t>(row) * row_bytes];
        for (std::size_t i = 0; i < pass.filters.size(); ++i) {
          const int filter = pass.filters[i];
          if (filter / filters_a_group != first_group + source->channel / p.channels_per_group) continue;
          const registers::filter_record& where = record.filters[i];
          weights[static_cast<std::size_t>(filter) * weights_a_filter(p) + index_in_filter(p, *source)] =
              static_cast<std::int16_t>(arithmetic::load_weight(shape, where.bits, where.first_column, cells));
        }
      }
    }
  }
  return weights;
}

std::vector<formed_pass> form_passes(const quantization::layer& layer, const cim::macro_config& macro,
                                     bool skip_zero_groups, bool pack) {
  return former(layer, macro, skip_zero_groups, pack).run();
}

}  // namespace cimbalom::compiler
