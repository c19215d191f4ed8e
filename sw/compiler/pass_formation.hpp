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

/// Puts filters into the slots of positions, one filter to a slot (or to several adjacent ones where it is wider), in
/// ascending order, and their weights into words. With skip_zero_groups, a group without a non-zero weight in any
/// filter of its pass is left out. Throws input_error where a filter is wider than a position.
std::vector<formed_pass> form_passes(const quantization::layer& layer, const cim::macro_config& macro,
                                     bool skip_zero_groups);

}  // namespace cimbalom::compiler
