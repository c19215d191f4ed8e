#pragma once

#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Where the batch runs: by value, the axis (of extent 1 in this graph) that would grow with the number of images;
/// -1 for values that do not depend on the inputs. `ok` is false when some node mixes images (a Softmax over the
/// batch axis, a Reshape that folds it into others): such a graph is run image by image. `why` names that node.
struct batch_layout {
  bool ok = false;
  std::vector<int> axis;
  std::string why;
};
batch_layout find_batch(const graph& g);

}  // namespace cimbalom::graph
