#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::pruning {

/// Pruning units of a matrix-vector layer: a unit is one weight group of the hardware
/// (sw/quantization/row_grouping.hpp) across the filters that share a bank pass. What is zero in a whole unit is not
/// stored, fetched or computed.
struct unit_layout {
  int passes = 1;                  ///< sets of filters
  int groups = 1;                  ///< index codes of a pass
  std::vector<int> pass;           ///< [filter]; filters of a pass are neighbours
  std::vector<std::int64_t> unit;  ///< [filters * length], weights in the order of mvm_parameters: pass * groups + code

  std::int64_t units() const { return std::int64_t{passes} * groups; }
};

/// How many passes a number of filters takes, at least one.
using pass_count = std::function<int(int filters)>;

/// Splits the filters into runs of equal length (they differ by one at most), `passes` says how many. A run never
/// crosses from one block of convolution groups that share rows to the next: each block is split on its own.
unit_layout layout_units(const quantization::mvm_parameters& layer, int rows_active, const pass_count& passes);

}  // namespace cimbalom::pruning
