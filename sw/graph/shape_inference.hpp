#pragma once

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Types and shapes of a node's outputs from its inputs and constants, written into g.values.
/// Throws input_error that names file and node when types or shapes do not fit, or a parameter is not constant.
void infer_node(graph& g, const node& n);

/// All nodes in order.
void infer_shapes(graph& g);

}  // namespace cimbalom::graph
