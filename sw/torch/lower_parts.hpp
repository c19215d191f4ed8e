#pragma once

// Private to the libtorch plug-in: what the kernels of nodes have in common.

#include <algorithm>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/torch/plan.hpp"

namespace cimbalom::torch {

using at::Tensor;
using graph::no_value;
using graph::node;
using graph::op;
using graph::value_id;
using ints = std::vector<std::int64_t>;

inline std::size_t at_index(value_id id) {
  return static_cast<std::size_t>(id);
}

/// Kernels of one result.
template <class F>
kernel unary(const node& n, F f) {
  return [a = at_index(n.inputs[0]), y = at_index(n.output()), f](workspace& w) { w.values[y] = f(w.values[a]); };
}

template <class F>
kernel binary(const node& n, F f) {
  return [a = at_index(n.inputs[0]), b = at_index(n.inputs[1]), y = at_index(n.output()), f](workspace& w) {
    w.values[y] = f(w.values[a], w.values[b]);
  };
}

/// Folds all inputs with a binary function.
template <class F>
kernel n_ary(const node& n, F f) {
  return [inputs = n.inputs, y = at_index(n.output()), f](workspace& w) {
    Tensor sum = w.values[at_index(inputs[0])];
    for (std::size_t k = 1; k < inputs.size(); ++k) sum = f(sum, w.values[at_index(inputs[k])]);
    w.values[y] = sum;
  };
}

inline Tensor input_or_none(const workspace& w, value_id id) {
  return id == no_value ? Tensor() : w.values[at_index(id)];
}

/// Padding as constant_pad_nd takes it: pairs from the last axis on.
inline ints pairs_from_last(const ints& begin, const ints& end) {
  ints made;
  for (std::size_t i = begin.size(); i-- > 0;) made.insert(made.end(), {begin[i], end[i]});
  return made;
}

inline bool all_zero(const ints& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

inline Tensor padded(const Tensor& x, const ints& pairs, double value) {
  return all_zero(pairs) ? x : at::constant_pad_nd(x, pairs, value);
}

/// The kernel of an operator that moves elements; empty for others.
kernel lower_layout(const graph::graph& g, const graph::node& n, int batch_axis);

}  // namespace cimbalom::torch
