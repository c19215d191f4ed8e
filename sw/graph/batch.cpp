#include "sw/graph/batch.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

constexpr int none = -1;
constexpr int mixed = -2;  ///< the node combines images

struct walker {
  const graph& g;
  const std::vector<int>& axis;

  int of(const node& n, std::size_t k = 0) const {
    return n.has_input(k) ? axis[static_cast<std::size_t>(n.inputs[k])] : none;
  }
  const shape_t& shape(const node& n, std::size_t k = 0) const { return g.shape_of(n.inputs[k]); }

  /// No input from `first` on depends on the images.
  bool constant_from(const node& n, std::size_t first) const {
    for (std::size_t k = first; k < n.inputs.size(); ++k)
      if (of(n, k) != none) return false;
    return true;
  }

  int broadcast_axis(const node& n) const {
    const auto rank = static_cast<int>(g.shape_of(n.output()).size());
    int found = none;
    for (std::size_t k = 0; k < n.inputs.size(); ++k) {
      if (of(n, k) == none) continue;
      const int at = of(n, k) + rank - static_cast<int>(shape(n, k).size());
      if (found != none && found != at) return mixed;
      found = at;
    }
    return found >= 0 && g.shape_of(n.output())[static_cast<std::size_t>(found)] != 1 ? mixed : found;
  }

  int product_axis(const node& n, std::size_t b_input) const {
    if (of(n, b_input) != none) {
      if (shape(n).size() < 3 || shape(n, b_input).size() < 3) return mixed;
      const int from_end_a = static_cast<int>(shape(n).size()) - of(n);
      const int from_end_b = static_cast<int>(shape(n, b_input).size()) - of(n, b_input);
      if (of(n) == none || from_end_a != from_end_b || from_end_a < 3) return mixed;
    }
    const auto rank = static_cast<int>(shape(n).size());
    if (rank < 2 || of(n) == rank - 1 || shape(n, b_input).size() < 2) return mixed;
    const int out = of(n) + static_cast<int>(g.shape_of(n.output()).size()) - rank;
    return g.shape_of(n.output())[static_cast<std::size_t>(out)] == 1 ? out : mixed;
  }

  /// Reshape keeps the images apart when an output axis of extent 1 stands at the same place in memory.
  int reshape_axis(const node& n) const {
    const shape_t& out = g.shape_of(n.output());
    const std::int64_t before = element_count({shape(n).begin(), shape(n).begin() + of(n)});
    int found = mixed;
    std::int64_t prefix = 1;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i] == 1 && prefix == before && (found == mixed || static_cast<int>(i) == of(n)))
        found = static_cast<int>(i);
      prefix *= out[i];
    }
    return found;
  }

  int reduced_axis(const node& n) const {
    const std::vector<std::int64_t> axes =
        n.kind == op::arg_max ? std::vector<std::int64_t>{axis_of(g, n)} : axes_of(g, n);
    if (std::find(axes.begin(), axes.end(), of(n)) != axes.end()) return mixed;
    if (n.int_or("keepdims", 1) != 0) return of(n);
    return of(n) - static_cast<int>(std::count_if(axes.begin(), axes.end(), [&](std::int64_t a) { return a < of(n); }));
  }

  int squeezed_axis(const node& n) const {
    const std::vector<std::int64_t> axes = axes_of(g, n);
    int at = of(n);
    if (n.kind == op::unsqueeze) {
      for (std::int64_t added : axes) at += added <= at ? 1 : 0;
      return at;
    }
    if (std::find(axes.begin(), axes.end(), at) != axes.end()) return mixed;
    return at - static_cast<int>(std::count_if(axes.begin(), axes.end(), [&](std::int64_t a) { return a < of(n); }));
  }

  int gathered_axis(const node& n) const {
    if (of(n, 1) != none) return mixed;
    const auto at = static_cast<int>(axis_of(g, n));
    if (at == of(n)) return mixed;
    return at < of(n) ? of(n) + static_cast<int>(shape(n, 1).size()) - 1 : of(n);
  }

  int untouched_axis(const node& n) const {
    const auto a = static_cast<std::size_t>(of(n));
    if (n.kind == op::slice) {
      const slice_axis s = slice_of(g, n)[a];
      return s.count == 1 ? of(n) : mixed;
    }
    if (n.kind == op::pad) {
      const pad_parameters p = pad_of(g, n);
      return p.begin[a] == 0 && p.end[a] == 0 ? of(n) : mixed;
    }
    return constant_ints(g, n, 1)[a] == 1 ? of(n) : mixed;  // tile
  }

  int transposed_axis(const node& n) const {
    const std::vector<std::int64_t> perm = permutation_of(g, n);
    return static_cast<int>(std::find(perm.begin(), perm.end(), of(n)) - perm.begin());
  }

  int concat_axis(const node& n) const {
    for (std::size_t k = 0; k < n.inputs.size(); ++k)
      if (of(n, k) != of(n)) return mixed;
    return axis_of(g, n) == of(n) ? mixed : of(n);
  }

  int quantized_axis(const node& n) const {
    if (!constant_from(n, 1)) return mixed;
    return element_count(shape(n, 1)) != 1 && axis_of(g, n) == of(n) ? mixed : of(n);
  }

  int result(const node& n) const;
};

int walker::result(const node& n) const {
  if (constant_from(n, 0)) return none;
  switch (n.kind) {
    case op::conv:
    case op::conv_integer:
    case op::qlinear_conv:
    case op::average_pool:
    case op::max_pool:
    case op::global_average_pool:
    case op::global_max_pool:
    case op::batch_normalization:
    case op::lrn:
    case op::depth_to_space:
    case op::space_to_depth:
      return of(n) == 0 && constant_from(n, 1) ? 0 : mixed;
    case op::gemm:
      return of(n) == 0 && !gemm_of(g, n).transpose_a && constant_from(n, 1) ? 0 : mixed;
    case op::mat_mul:
    case op::mat_mul_integer:
      return of(n) == none || of(n, 2) != none || of(n, 3) != none ? mixed : product_axis(n, 1);
    case op::qlinear_mat_mul:
      return of(n) == none ? mixed : product_axis(n, 3);
    case op::reshape:
    case op::flatten:
      return reshape_axis(n);
    case op::squeeze:
    case op::unsqueeze:
      return squeezed_axis(n);
    case op::transpose:
      return transposed_axis(n);
    case op::concat:
      return concat_axis(n);
    case op::slice:
    case op::pad:
    case op::tile:
      return untouched_axis(n);
    case op::split:
    case op::softmax:
    case op::log_softmax:
      return axis_of(g, n) == of(n) ? mixed : of(n);
    case op::gather:
      return of(n) == none ? mixed : gathered_axis(n);
    case op::reduce_max:
    case op::reduce_mean:
    case op::reduce_min:
    case op::reduce_sum:
    case op::arg_max:
      return reduced_axis(n);
    case op::quantize_linear:
    case op::dequantize_linear:
      return quantized_axis(n);
    case op::dynamic_quantize_linear:
    case op::shape:
      return mixed;
    case op::expand:
      return broadcast_axis({op::expand, "", {n.inputs[0]}, n.outputs, {}});
    default:
      return broadcast_axis(n);  // element by element
  }
}

}  // namespace

batch_layout find_batch(const graph& g) {
  batch_layout layout;
  layout.axis.assign(g.values.size(), none);
  for (value_id in : g.inputs) {
    if (g.info(in).batch_axis < 0) {
      layout.why = "input " + g.info(in).name + " has no batch axis";
      return layout;
    }
    layout.axis[static_cast<std::size_t>(in)] = g.info(in).batch_axis;
  }
  const walker walk{g, layout.axis};
  for (const node& n : g.nodes) {
    const int found = walk.result(n);
    if (found == mixed) {
      layout.why = describe(g, n) + " combines images";
      return layout;
    }
    for (value_id out : n.outputs)
      if (out != no_value) layout.axis[static_cast<std::size_t>(out)] = found;
  }
  for (value_id out : g.outputs)
    if (layout.axis[static_cast<std::size_t>(out)] < 0) {
      layout.why = "output " + g.info(out).name + " does not depend on the images";
      return layout;
    }
  layout.ok = !g.inputs.empty();
  return layout;
}

}  // namespace cimbalom::graph
