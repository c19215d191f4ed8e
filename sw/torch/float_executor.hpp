#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::torch {

/// Runs a typed graph in floating point (and its integer operators exactly). One object a thread of use.
class float_executor {
 public:
  /// A value and its content, by reference: valid during the call.
  using observer = std::function<void(graph::value_id, const graph::tensor&)>;

  virtual ~float_executor() = default;

  /// One tensor a graph input, in order; one a graph output back. Any batch extent is taken on the inputs' batch axes
  /// (the same one on all); a graph that mixes images is run image by image and its outputs are joined.
  /// Throws input_error when number, type or shape of the inputs are not the graph's.
  virtual std::vector<graph::tensor> run(const std::vector<graph::tensor>& inputs) = 0;

  /// As run, and shows every value as it is computed (graph inputs first, initializers not), for calibration.
  virtual std::vector<graph::tensor> run_all(const std::vector<graph::tensor>& inputs, const observer& see) = 0;
};

/// Loads libcimbalom_torch.so (from the executable's folder, its ../lib, else the library path) on first use and
/// builds an executor. The graph may go afterwards. threads: of libtorch's pool, one setting a process; 0 keeps it.
/// Throws run_error when the library is not there, input_error for a node that it does not run.
std::unique_ptr<float_executor> load_float_executor(const graph::graph& g, int threads = 1);

}  // namespace cimbalom::torch
