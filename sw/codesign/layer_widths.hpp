#pragma once

#include <cstdint>
#include <vector>

#include "sw/codesign/layer_table.hpp"

namespace cimbalom::codesign {

/// Widths of a layer's filters, and the steps that round them best.
struct layer_widths {
  std::vector<std::uint8_t> bits;
  std::vector<float> step;
};

/// Widths that the filters of each pass can be paired with (bit_allocator.hpp), by the policy's method. `learned`: the
/// real-valued widths of that method, one a filter, which are met as closely as the slots allow (least squares).
layer_widths choose_widths(const designed_layer& layer, const torch::product_weights& now, const policy& how,
                           const macro_layout& macro, const std::vector<float>& learned = {});

}  // namespace cimbalom::codesign
