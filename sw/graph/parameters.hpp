#pragma once

#include <cstdint>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// What a node's attributes and constant inputs mean, resolved against the shapes: shape inference, the executors and
/// the compiler all read nodes through these. Each throws input_error naming the node when a parameter is out of
/// range or is not constant.

/// Sliding window of Conv, ConvInteger, QLinearConv, MaxPool, AveragePool; one entry a spatial axis.
/// Padding is explicit: auto_pad is resolved here.
struct window {
  std::vector<std::int64_t> kernel, stride, dilation, pad_begin, pad_end, output;
  std::int64_t groups = 1;
  bool ceil_mode = false;          ///< pools: the last window may begin inside and end outside
  bool count_include_pad = false;  ///< AveragePool
  bool is_2d() const { return kernel.size() == 2; }
};
window window_of(const graph& g, const node& n);

/// Y = alpha * A' * B' + beta * C; A' is m x k, B' is k x n.
struct gemm_parameters {
  float alpha = 1, beta = 1;
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, k = 0, n = 0;
};
gemm_parameters gemm_of(const graph& g, const node& n);

/// Transpose: output axis i is input axis permutation[i].
std::vector<std::int64_t> permutation_of(const graph& g, const node& n);

/// Slice, one entry an input axis: out[i] = in[start + i * step], i < count.
struct slice_axis {
  std::int64_t start = 0, step = 1, count = 0;
};
std::vector<slice_axis> slice_of(const graph& g, const node& n);

/// Pad, one entry an input axis; negative entries crop.
struct pad_parameters {
  std::vector<std::int64_t> begin, end;
  std::string mode;  ///< constant, reflect, edge
  double value = 0;
};
pad_parameters pad_of(const graph& g, const node& n);

/// Axis attribute of Concat, Split, Softmax, Gather, ArgMax, Flatten, ... in [0, rank] of the first input.
std::int64_t axis_of(const graph& g, const node& n);

/// Sorted axes of Squeeze, Unsqueeze (of the output), Reduce*; all axes where ONNX says so.
std::vector<std::int64_t> axes_of(const graph& g, const node& n);

/// Clip bounds; the type's limits where absent.
struct clip_bounds {
  double low = 0, high = 0;
};
clip_bounds clip_of(const graph& g, const node& n);

/// Elements of an integer parameter input (shape, axes, pads, ...); input_error when it is not constant.
std::vector<std::int64_t> constant_ints(const graph& g, const node& n, std::size_t input);

/// Shape after numpy broadcasting; input_error naming the node when they do not match.
shape_t broadcast(const graph& g, const node& n, const shape_t& a, const shape_t& b);

/// Multiply-accumulates of one node, dense, padding included (0 for operators without any).
std::int64_t macs_of(const graph& g, const node& n);

}  // namespace cimbalom::graph
