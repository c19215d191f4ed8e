#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// What the processor can run in float32, and at what cost.
bool host_supports(const graph::node& n);
/// For a node that neither the accelerator nor the processor runs: what would be needed. One line.
std::string host_needs(const graph::node& n);

/// Runs one node. `inputs`: one entry a node input, null for one that is left out. Constants come from the graph:
/// the entry may be null for them. Returns one tensor a node output.
std::vector<graph::tensor> run_host_node(const graph::graph& g, const graph::node& n,
                                         const std::vector<const graph::tensor*>& inputs);

/// Instructions of the processor for one run of the node: elements times a constant of the operator (docs).
std::uint64_t host_instructions(const graph::graph& g, const graph::node& n);
/// Instructions to convert between codes and float32: 8 an element (load, subtract, convert, multiply, round, clamp,
/// convert, store).
std::uint64_t conversion_instructions(const tensor& t);

/// A host layer. `inputs`: float32 values of its input tensors, each in the order of that tensor's shape. Returns the
/// values of its output tensor, in the order of its shape.
std::vector<float> run_host_layer(const network& net, const layer& l, const std::vector<std::vector<float>>& inputs);
/// Of a whole host layer: the node and the conversion of tensors that the accelerator holds.
std::uint64_t host_instructions(const network& net, const layer& l);

}  // namespace cimbalom::quantization
