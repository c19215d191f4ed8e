#pragma once

#include <string>

#include "sw/graph/graph.hpp"

namespace cimbalom::onnx {

/// The graph as an ONNX model (ai.onnx, opset of the canonical form: 17; IR version 8), weights inside, metadata as
/// metadata_props. import_bytes() gives the same graph. The same graph gives the same bytes on every machine.
/// Throws input_error when a value has no type.
std::string export_bytes(const graph::graph& g);

}  // namespace cimbalom::onnx
