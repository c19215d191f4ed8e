#pragma once

#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Bytes above which a ConstantOfShape result is kept as shape only (topologies) or refused.
constexpr std::int64_t most_constant_bytes = std::int64_t{1} << 30;

/// Computes a node whose inputs are all constants with data (Shape needs only its input's shape). False: the node is
/// of a kind that is not folded (QuantizeLinear, DequantizeLinear, products), or an input is no such constant.
bool evaluate_constant(const graph& g, const node& n, std::vector<tensor>& outputs);

}  // namespace cimbalom::graph
