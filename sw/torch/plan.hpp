#pragma once

// Private to the libtorch plug-in: the only header here that needs libtorch's.

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "sw/graph/batch.hpp"
#include "sw/graph/graph.hpp"

namespace cimbalom::torch {

/// Element type in libtorch. It has no uint16, uint32 and uint64: those are held as int64.
at::ScalarType scalar_type(graph::data_type type);
at::Tensor to_torch(const graph::tensor& from);
graph::tensor from_torch(const at::Tensor& from, graph::data_type type);

/// What a kernel works on: one tensor a graph value, by value_id, and the number of images.
struct workspace {
  std::vector<at::Tensor> values;
  std::int64_t images = 1;
};
using kernel = std::function<void(workspace&)>;

/// One node as a function: parameters resolved, nothing looked up when it runs, nothing changed in place (autograd
/// may record it). batch_axis: of output 0, -1 when it has none. Throws input_error for a node that is not run.
kernel lower(const graph::graph& g, const graph::node& n, int batch_axis);

/// A graph as a list of kernels in order. Training can put parameters in place of initializers in the workspace.
class plan {
 public:
  /// `wrap` may put another kernel in the place of a node's usual one (training does).
  using wrapper = std::function<kernel(const graph::node& n, const kernel& usual)>;
  explicit plan(const graph::graph& g, const wrapper& wrap = {});

  const graph::graph& source() const { return g_; }
  const graph::batch_layout& batch() const { return batch_; }

  /// Initializers in place, the other values empty.
  workspace start(std::int64_t images) const;
  /// Runs all kernels. `made` is called after each node, for each of its outputs; values that nobody needs any more
  /// are dropped unless keep. Throws run_error that names the node.
  void run(workspace& work, bool keep, const std::function<void(graph::value_id)>& made) const;

 private:
  struct step {
    kernel run;
    std::vector<graph::value_id> outputs;
    std::vector<graph::value_id> last_uses;
  };
  graph::graph g_;
  graph::batch_layout batch_;
  std::vector<at::Tensor> constants_;
  std::vector<step> steps_;
};

}  // namespace cimbalom::torch
