#pragma once

#include <string>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/cim/macro_config.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::runtime {

/// A line for every matrix-vector layer that clipped more than 0.1 % of its conversions, with what to change.
/// `activity`: by layer of the network; layers beyond its end count as idle.
std::vector<std::string> clip_warnings(const quantization::network& net,
                                       const std::vector<arithmetic::activity>& activity,
                                       const cim::macro_config& macro);

}  // namespace cimbalom::runtime
