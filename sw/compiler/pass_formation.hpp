#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/macro_config.hpp"
#include "models/registers/descriptor.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::compiler {

/// Filters that share positions, and the words of their row groups.
struct formed_pass {
  registers::pass_record record;    ///< filters: columns, bits and output channel; groups: those that are stored
  std::vector<int> filters;         ///< of the layer, in the order of record.filters
  std::vector<std::uint8_t> words;  ///< one position a group, in the order of record.groups
};

/// Puts filters into the slots of positions, and their weights into words (mixing). As the layer's slot_assignment
/// says, the filters of a slot side by side without a gap from its low columns up, unused columns 0; without one, one
/// filter to a slot, in ascending order. A filter wider than a slot takes several adjacent ones. With skip_zero_groups,
/// a group without a non-zero weight in any filter of its pass is left out. Throws input_error where a filter is wider
/// than a position, or where the assignment does not suit the layer or the macro.
/// `pack` false: the words are as many, all zero.
std::vector<formed_pass> form_passes(const quantization::layer& layer, const cim::macro_config& macro,
                                     bool skip_zero_groups, bool pack = true);

/// Inverse of form_passes: the weights of the layer from the words, in the layer's order; what is not stored is 0.
/// `shape_only` gives everything but the weights.
std::vector<std::int16_t> weights_of(const std::vector<formed_pass>& passes, const quantization::layer& shape_only,
                                     const cim::macro_config& macro);

}  // namespace cimbalom::compiler
