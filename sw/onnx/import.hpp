#pragma once

#include <map>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::onnx {

/// Reads an ONNX model (opset 1 to 17 forms of the operators in sw/graph/operators.hpp, IR version 3 to 8) with its
/// weights, external data included, into a checked, canonical graph: shapes static, constants folded, padding
/// explicit; batch normalisation is kept. A symbolic batch extent becomes 1 and is remembered.
/// Throws input_error (one line) for anything else: see docs/onnx.md.
graph::graph import_file(const std::string& path);

/// As import_file, but weights whose external data is absent keep type and shape only.
graph::graph import_topology(const std::string& path);

/// As import_file, from bytes in memory; `bind` turns graph inputs into constants by name. External data is looked for
/// beside `path`, which also names the model in messages.
graph::graph import_bytes(const std::string& bytes, const std::string& path,
                          const std::map<std::string, graph::tensor>& bind = {});

/// What a model file asks for, without reading its weights or checking that it can be imported.
struct model_summary {
  std::vector<std::string> inputs;  ///< names, in file order, without initializers
  std::vector<std::string>
      parameters;                      ///< those of them that must be bound to constants (shapes, axes, bounds, scales)
  std::vector<std::string> operators;  ///< distinct, sorted; with the domain when it is not ONNX's
  /// Files beside the model that hold weights: distinct, sorted, relative to its folder.
  std::vector<std::string> data_files;
};
model_summary summarize_file(const std::string& path);

/// A TensorProto file (as in ONNX test data); input_error when it is none, or of an unsupported type.
graph::tensor import_tensor(const std::string& path);

}  // namespace cimbalom::onnx
