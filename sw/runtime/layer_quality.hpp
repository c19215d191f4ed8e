#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "models/arithmetic/nonideality.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "sw/compiler/program.hpp"
#include "sw/runtime/image_source.hpp"

namespace cimbalom::runtime {

/// Told of a float value of the network: the graph's name, and the elements in the order of its shape.
using value_observer = std::function<void(const std::string& name, const float* values, std::size_t count)>;
/// Runs the float network on one image and tells every value.
using float_reference = std::function<void(const float* image, const value_observer& see)>;

/// Signal to quantisation noise of every layer of the network over the first `count` images, dB:
/// 10 log10(sum of r^2 / sum of (r - h)^2), r the float network's value and h what the accelerator's codes stand for.
/// NaN where the layer has no accelerator output of its own, no float value of that name, or no error.
std::vector<double> layer_sqnr_db(const quantization::network& network, const compiler::program& program,
                                  const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                                  const arithmetic::nonideality_config& nonideality, const image_source& images,
                                  std::size_t count, const float_reference& reference);

}  // namespace cimbalom::runtime
