#pragma once

#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "sw/quantization/row_grouping.hpp"

namespace cimbalom::quantization {

/// Filters side by side in the columns of a macro as wide as they need, one position a row group. What they compute
/// does not depend on the slots and passes that a compiler gives them.
struct packed_filters {
  int first_filter = 0, filters = 0;
  std::vector<arithmetic::conversion> conversions;     ///< output: the filter less first_filter
  std::vector<arithmetic::packed_position> positions;  ///< by index code
};

/// Packs filters of one convolution group.
packed_filters pack_filters(const mvm_parameters& layer, const row_grouping& grouping,
                            const arithmetic::macro_shape& shape, int first_filter, int filters);

}  // namespace cimbalom::quantization
