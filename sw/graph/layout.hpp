#pragma once

#include <cstdint>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Element moves on tensors of any type: what constant folding, the compiler and the processor's layout code share.
/// Parameters are as parameters.hpp resolved them (in range); misuse throws std::logic_error.

/// out[i...] = in[offset + sum i * stride], strides in elements, 0 and negative allowed.
tensor strided(const tensor& in, shape_t shape, const std::vector<std::int64_t>& strides, std::int64_t offset = 0);

tensor transposed(const tensor& in, const std::vector<std::int64_t>& permutation);
/// numpy broadcasting to a shape.
tensor expanded(const tensor& in, const shape_t& shape);
/// Copies `part` into `whole`, its first element at the given position.
void place_at(tensor& whole, const tensor& part, const shape_t& position);
/// Row-major strides, in elements.
std::vector<std::int64_t> strides_of(const shape_t& shape);

/// Moves data as a layout node says (Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Slice, Concat, Pad, Expand,
/// Tile, Split, Gather, DepthToSpace, SpaceToDepth, Identity, Dropout): one tensor an output. False: not a layout
/// node. `inputs` has one entry a node input, nullptr for constants that parameters.hpp reads itself.
bool move_layout(const graph& g, const node& n, const std::vector<const tensor*>& inputs, std::vector<tensor>& outputs);

}  // namespace cimbalom::graph
