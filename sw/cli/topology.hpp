#pragma once

#include "models/cim/macro_config.hpp"
#include "sw/graph/graph.hpp"
#include "sw/quantization/quantize.hpp"

namespace cimbalom::cli {

/// True if the file that holds some of the weights was not there.
bool lacks_weights(const graph::graph& imported);

/// The integer network of a topology, for time, area and default energy alone: these depend neither on values, so
/// absent weights are zero, nor on the ranges of activations, so every one gets the same. Consumes the graph: large
/// networks are held once.
/// Row groups of the first layer are split for `macro` as its weights ask for.
quantization::network quantize_topology(graph::graph&& imported, const quantization::quantization_settings& settings,
                                        const cim::macro_config& macro);

}  // namespace cimbalom::cli
