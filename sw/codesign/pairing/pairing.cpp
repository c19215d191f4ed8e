#include "sw/codesign/pairing/pairing.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

#include "models/arithmetic/cells.hpp"
#include "sw/codesign/pairing/pass_composition.hpp"
#include "sw/quantization/row_grouping.hpp"

namespace cimbalom::codesign {

namespace {

using quantization::mvm_parameters;

// All filters of one block, under patterns that may be wider than their own.
class block_pairing {
 public:
  block_pairing(const std::vector<const filter_demand*>& filters, const cim::macro_config& macro,
                const pairing_options& options)
      : filters_(filters), macro_(macro), options_(options) {
    for (const filter_demand* f : filters) sensitive_ |= f->sensitivity > 0;
  }

  composition run() const {
    std::vector<group_pattern> patterns;
    for (const filter_demand* f : filters_) patterns.push_back(f->pattern);
    composition best = solve(patterns);
    if (options_.rule == pattern_rule::equal) return best;
    for (const std::vector<group_pattern>& wider : {supersets(patterns), unions(patterns)}) {
      if (wider == patterns) continue;
      composition other = solve(wider);
      if (other.operations < best.operations) {
        other.operations_bound = best.operations_bound;
        best = std::move(other);
      }
    }
    return best;
  }

 private:
  composition solve(const std::vector<group_pattern>& patterns) const {
    std::map<group_pattern, std::vector<std::size_t>> classes;
    for (std::size_t i = 0; i < filters_.size(); ++i) classes[patterns[i]].push_back(i);
    composer composing(macro_.slots());
    for (const auto& [pattern, members] : classes) add_class(members, composing);
    return composing.run(sensitive_);
  }

  void add_class(const std::vector<std::size_t>& members, composer& composing) const {
    std::vector<const filter_demand*> narrow;
    std::vector<composed_slot> slots;
    std::vector<int> columns;
    std::vector<double> sensitivity;
    std::size_t bound = 0;
    for (const std::size_t m : members) {
      const filter_demand* f = filters_[m];
      if (f->columns > macro_.slot_bits) {
        slots.push_back({{f}, (f->columns + macro_.slot_bits - 1) / macro_.slot_bits});
        bound += static_cast<std::size_t>(slots.back().size);
        continue;
      }
      narrow.push_back(f);
      columns.push_back(f->columns);
      if (sensitive_) sensitivity.push_back(f->sensitivity);
    }
    const packing packed =
        pack_slots(columns, sensitivity, {macro_.slot_bits, options_.filters_per_slot, options_.search_nodes});
    for (const slot_items& items : packed.slots) {
      composed_slot& slot = slots.emplace_back();
      for (const int item : items) slot.filters.push_back(narrow[static_cast<std::size_t>(item)]);
    }
    composing.add_class(std::move(slots), bound + packed.bound);
  }

  // Every pattern becomes the largest one that holds it.
  static std::vector<group_pattern> supersets(std::vector<group_pattern> patterns) {
    const std::vector<group_pattern> all = patterns;
    for (group_pattern& mine : patterns) {
      for (const group_pattern& other : all) {
        const bool larger = other.size() > mine.size() || (other.size() == mine.size() && other < mine);
        if (larger && std::includes(other.begin(), other.end(), mine.begin(), mine.end())) mine = other;
      }
    }
    return patterns;
  }

  static std::vector<group_pattern> unions(const std::vector<group_pattern>& patterns) {
    group_pattern all;
    for (const group_pattern& one : patterns) all = pattern_union(all, one);
    return std::vector<group_pattern>(patterns.size(), all);
  }

  const std::vector<const filter_demand*>& filters_;
  const cim::macro_config& macro_;
  const pairing_options& options_;
  bool sensitive_ = false;
};

void check(const std::vector<filter_demand>& demands, const cim::macro_config& macro, const pairing_options& options) {
  if (options.filters_per_slot < 1) {
    throw std::invalid_argument("filters_per_slot = " + std::to_string(options.filters_per_slot) + ": at least 1");
  }
  for (const filter_demand& f : demands) {
    if (f.columns < 1 || f.columns > macro.slots() * macro.slot_bits) {
      throw std::invalid_argument("filter " + std::to_string(f.filter) + " of " + std::to_string(f.columns) +
                                  " columns: 1 to " + std::to_string(macro.slots() * macro.slot_bits));
    }
  }
}

void append(composition block, pairing& result) {
  for (const composed_pass& pass : block.passes) {
    auto& slots = result.assignment.emplace_back();
    for (const composed_slot& slot : pass.slots) {
      auto& filters = slots.emplace_back();
      for (const filter_demand* f : slot.filters) filters.push_back(f->filter);
      result.filters += slot.filters.size();
      result.slots += static_cast<std::uint64_t>(slot.size);
      result.risk += risk_of(slot);
    }
  }
  result.operations += block.operations;
  result.operations_bound += block.operations_bound;
}

group_pattern pattern_of(const mvm_parameters& p, const quantization::row_grouping& rows, int filter, int rows_active) {
  const std::size_t size = p.weights.size() / static_cast<std::size_t>(p.filters);
  const std::size_t first = static_cast<std::size_t>(filter) * size;
  const bool all = !p.weight_zero_point.empty() && p.weight_zero_point[static_cast<std::size_t>(filter)] != 0;
  group_pattern pattern;
  for (int code = 0; code < rows.codes(); ++code) {
    bool any = all;
    for (int row = 0; row < rows_active && !any; ++row) {
      const auto source = rows.at(code, row);
      if (!source) continue;
      const int index =
          (source->tap_h * p.filter_window.kernel_w + source->tap_w) * p.channels_per_group + source->channel;
      any = p.weights[first + static_cast<std::size_t>(index)] != 0;
    }
    if (any) pattern.push_back(static_cast<std::uint16_t>(code));
  }
  return pattern;
}

}  // namespace

pairing pair_filters(const std::vector<filter_demand>& demands, const cim::macro_config& macro,
                     const pairing_options& options) {
  check(demands, macro, options);
  std::map<int, std::vector<const filter_demand*>> blocks;
  for (const filter_demand& f : demands) blocks[f.block].push_back(&f);
  pairing result;
  for (const auto& [number, filters] : blocks) append(block_pairing(filters, macro, options).run(), result);
  return result;
}

std::vector<filter_demand> demands_of(const mvm_parameters& layer, const cim::macro_config& macro,
                                      const std::vector<group_pattern>& masks, const std::vector<double>& sensitivity) {
  const auto filters = static_cast<std::size_t>(layer.filters);
  if ((!masks.empty() && masks.size() != filters) || (!sensitivity.empty() && sensitivity.size() != filters)) {
    throw std::invalid_argument("masks or sensitivities: one a filter (" + std::to_string(filters) + "), or none");
  }
  const quantization::row_grouping rows = quantization::grouping_of(layer, macro.rows_active);
  const int filters_a_group = layer.filters / layer.groups;
  const int groups_a_pass = quantization::groups_per_pass(layer, macro.rows_active);
  std::vector<filter_demand> demands;
  for (std::size_t f = 0; f < filters; ++f) {
    filter_demand demand;
    demand.filter = static_cast<int>(f);
    demand.columns = arithmetic::weight_columns(macro.shape(), layer.weight_bits[f]);
    demand.block = demand.filter / filters_a_group / groups_a_pass;
    demand.pattern = pattern_of(layer, rows, demand.filter, macro.rows_active);
    if (!sensitivity.empty()) demand.sensitivity = sensitivity[f];
    if (!masks.empty()) {
      if (!std::includes(masks[f].begin(), masks[f].end(), demand.pattern.begin(), demand.pattern.end())) {
        throw std::invalid_argument("mask of filter " + std::to_string(f) + " leaves out weights that are not zero");
      }
      demand.pattern = masks[f];
    }
    demands.push_back(std::move(demand));
  }
  return demands;
}

pairing pair_layer(mvm_parameters& layer, const cim::macro_config& macro, const pairing_options& options,
                   const std::vector<group_pattern>& masks, const std::vector<double>& sensitivity) {
  pairing result = pair_filters(demands_of(layer, macro, masks, sensitivity), macro, options);
  layer.slot_assignment = result.assignment;
  return result;
}

std::vector<pairing> pair_network(quantization::network& network, const cim::macro_config& macro,
                                  const pairing_options& options) {
  std::vector<pairing> results(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (network.layers[i].kind == quantization::layer_kind::mvm) {
      results[i] = pair_layer(network.layers[i].mvm, macro, options);
    }
  }
  return results;
}

}  // namespace cimbalom::codesign
