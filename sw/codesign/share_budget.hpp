#pragma once

#include "sw/codesign/flow_work.hpp"
#include "sw/codesign/initial_network.hpp"

namespace cimbalom::codesign {

/// Shares the policy's budget of bank operations or energy out over the network: how many passes each layer gets, and
/// how many input slices its inputs have. Loss of an option: how far the class probabilities move on training images
/// (mean Kullback-Leibler divergence) when this option alone is taken, before any training. The budget counts what
/// stays after pruning; the dense network with 8 bits everywhere is 1. Does nothing without such a budget. Throws
/// input_error for a budget below the least that passes and widths allow. Returns the images that its trials took.
image_passes share_budget(layer_table& table, const initial_network& initial, const image_set& train, const policy& how,
                          const macro_layout& macro);

}  // namespace cimbalom::codesign
