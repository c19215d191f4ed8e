#pragma once

#include <cstdint>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Appends a node as the file of the given opset wrote it: brings it to the canonical form, infers its outputs'
/// types and shapes (the values exist, type undefined), and evaluates it at once when it is constant.
/// shapes_only: a ConstantOfShape weight above 64 KiB keeps no data. Throws input_error naming the node.
void append(graph& g, node n, std::int64_t opset, bool shapes_only = false);

/// Appends a node of the canonical form with one output, named as the node: what a program that makes graphs calls.
value_id add_node(graph& g, op kind, const std::string& name, std::vector<value_id> inputs,
                  std::map<std::string, attribute> attributes = {});

/// Adds a graph input; its first axis counts images when `batched`.
value_id add_input(graph& g, const std::string& name, data_type type, shape_t shape, bool batched = true);

/// The canonical form of a node of an older opset: attributes that became inputs move there, training forms are
/// refused. A Softmax of opset < 13 over a flattened tail may need nodes around it: they come in order.
std::vector<node> upgrade(graph& g, node n, std::int64_t opset);

}  // namespace cimbalom::graph
