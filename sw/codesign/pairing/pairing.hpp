#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/macro_config.hpp"
#include "sw/codesign/pairing/slot_packing.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::codesign {

/// Index codes of weight groups, ascending (models/registers/descriptor.hpp).
using group_pattern = std::vector<std::uint16_t>;

/// What one filter asks of the columns.
struct filter_demand {
  int filter = 0;
  int columns = 8;         ///< weight_columns() of its width; more than a slot: adjacent slots of its own
  int block = 0;           ///< filters of one block may share a pass (convolution groups)
  group_pattern pattern;   ///< groups that it keeps
  double sensitivity = 0;  ///< what an error in it costs, any unit, >= 0
};

/// Which filters may share a slot.
enum class pattern_rule {
  equal,  ///< those that keep the same groups
  shared  ///< also others, which then store zeros in the groups of their partners, where that takes fewer operations
};

struct pairing_options {
  int filters_per_slot = 2;  ///< 1: no pairing
  pattern_rule rule = pattern_rule::equal;
  std::uint64_t search_nodes = 100'000;  ///< packing_limits
};

/// An assignment (quantized_network.hpp, slot_assignment) and what it is worth.
struct pairing {
  std::vector<std::vector<std::vector<std::int32_t>>> assignment;
  std::uint64_t filters = 0, slots = 0;  ///< slots: physical ones that hold a filter
  std::uint64_t operations = 0;          ///< passes x groups that they keep: bank operations a pixel, and positions
  std::uint64_t operations_bound = 0;    ///< rule equal: no assignment takes fewer
  double risk = 0;                       ///< sum over shared slots of the products of sensitivities
};

/// Slots and passes for the filters, for the fewest operations first and the least risk second. The risk: what shares
/// a slot shares its columns' errors and its shift-add, so two sensitive filters are kept apart where that is free;
/// slots that stay empty in a pass take filters out of the riskiest pairs.
/// Filters of a block and pattern are packed by pack_slots; passes are filled pattern by pattern, then what is left
/// over is joined where patterns overlap most. std::invalid_argument for a filter wider than a pass.
pairing pair_filters(const std::vector<filter_demand>& demands, const cim::macro_config& macro,
                     const pairing_options& options);

/// The demands of a layer. `masks`: the groups that each filter may keep, as trained; empty: the groups in which a
/// filter has a weight other than zero (a filter with a weight zero point keeps all). `sensitivity`: one a filter, or
/// empty. std::invalid_argument when a mask leaves out a weight that is not zero.
std::vector<filter_demand> demands_of(const quantization::mvm_parameters& layer, const cim::macro_config& macro,
                                      const std::vector<group_pattern>& masks = {},
                                      const std::vector<double>& sensitivity = {});

/// demands_of and pair_filters; sets the layer's slot_assignment.
pairing pair_layer(quantization::mvm_parameters& layer, const cim::macro_config& macro,
                   const pairing_options& options = {}, const std::vector<group_pattern>& masks = {},
                   const std::vector<double>& sensitivity = {});

/// Pairs every matrix-vector layer by its own weights; the result of each layer, empty for other kinds.
std::vector<pairing> pair_network(quantization::network& network, const cim::macro_config& macro,
                                  const pairing_options& options = {});

}  // namespace cimbalom::codesign
