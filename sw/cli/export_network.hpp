#pragma once

#include <string>

#include "sw/package/package.hpp"

namespace cimbalom::cli {

/// Throws input_error unless a file can be written there.
void check_export(const std::string& path);

/// Writes the package's integer network as ONNX QDQ (sw/quantization/qdq_graph.hpp) and, where the package has one, its
/// preprocessing beside it as PATH.yaml (extension replaced), where `--model PATH` looks for it. Throws input_error for
/// a network that QDQ cannot hold, run_error when the disk is full.
void export_network(const package::package& made, const std::string& path);

}  // namespace cimbalom::cli
