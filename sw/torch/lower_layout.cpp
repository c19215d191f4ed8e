#include "sw/graph/parameters.hpp"
#include "sw/torch/lower_parts.hpp"

namespace cimbalom::torch {
namespace {

/// The graph's shape of the output, the batch axis as large as the batch.
kernel lower_reshape(const graph::graph& g, const node& n, int batch_axis) {
  return
      [shape = g.shape_of(n.output()), batch_axis, x = at_index(n.inputs[0]), y = at_index(n.output())](workspace& w) {
        ints wanted = shape;
        if (batch_axis >= 0) wanted[static_cast<std::size_t>(batch_axis)] = w.images;
        w.values[y] = w.values[x].reshape(wanted);
      };
}

kernel lower_expand(const graph::graph& g, const node& n, int batch_axis) {
  return
      [shape = g.shape_of(n.output()), batch_axis, x = at_index(n.inputs[0]), y = at_index(n.output())](workspace& w) {
        ints wanted = shape;
        if (batch_axis >= 0) wanted[static_cast<std::size_t>(batch_axis)] = w.images;
        w.values[y] = w.values[x].expand(wanted);
      };
}

kernel lower_slice(const graph::graph& g, const node& n, int batch_axis) {
  const std::vector<graph::slice_axis> axes = graph::slice_of(g, n);
  return unary(n, [=](const Tensor& x) {
    Tensor y = x;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (static_cast<int>(i) == batch_axis) continue;
      const auto [start, step, count] = axes[i];
      const auto axis = static_cast<std::int64_t>(i);
      if (step > 0)
        y = y.slice(axis, start, count > 0 ? start + (count - 1) * step + 1 : start, step);
      else
        y = y.index_select(axis, start + step * at::arange(count, at::kLong));
    }
    return y;
  });
}

/// Source position of every output position along one axis, for edge and reflect padding.
Tensor padding_index(std::int64_t begin, std::int64_t end, std::int64_t extent, bool reflect) {
  ints index;
  for (std::int64_t i = -begin; i < extent + end; ++i) {
    const std::int64_t mirrored = i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i;
    index.push_back(reflect ? mirrored : std::clamp<std::int64_t>(i, 0, extent - 1));
  }
  return at::tensor(index, at::kLong);
}

kernel lower_pad(const graph::graph& g, const node& n) {
  const graph::pad_parameters p = graph::pad_of(g, n);
  if (p.mode == "constant") {
    const ints pairs = pairs_from_last(p.begin, p.end);
    return unary(n, [=](const Tensor& x) { return padded(x, pairs, p.value); });
  }
  std::vector<Tensor> index;
  for (std::size_t i = 0; i < p.begin.size(); ++i)
    index.push_back(p.begin[i] == 0 && p.end[i] == 0
                        ? Tensor()
                        : padding_index(p.begin[i], p.end[i], g.shape_of(n.inputs[0])[i], p.mode == "reflect"));
  return unary(n, [index](const Tensor& x) {
    Tensor y = x;
    for (std::size_t i = 0; i < index.size(); ++i)
      if (index[i].defined()) y = y.index_select(static_cast<std::int64_t>(i), index[i]);
    return y;
  });
}

kernel lower_gather(const graph::graph& g, const node& n) {
  const std::int64_t axis = graph::axis_of(g, n);
  return binary(n, [=](const Tensor& x, const Tensor& indices) {
    const Tensor flat = indices.to(at::kLong).reshape({-1});
    ints shape = x.sizes().vec();
    const Tensor wrapped = at::where(flat < 0, flat + shape[static_cast<std::size_t>(axis)], flat);
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, indices.sizes().begin(), indices.sizes().end());
    return x.index_select(axis, wrapped).reshape(shape);
  });
}

kernel lower_concat(const graph::graph& g, const node& n) {
  const std::int64_t axis = graph::axis_of(g, n);
  return [=, inputs = n.inputs, y = at_index(n.output())](workspace& w) {
    std::vector<Tensor> parts;
    parts.reserve(inputs.size());
    for (value_id id : inputs) parts.push_back(w.values[at_index(id)]);
    w.values[y] = at::cat(parts, axis);
  };
}

kernel lower_split(const graph::graph& g, const node& n) {
  const std::int64_t axis = graph::axis_of(g, n);
  ints lengths;
  for (value_id out : n.outputs) lengths.push_back(g.shape_of(out)[static_cast<std::size_t>(axis)]);
  return [=, outputs = n.outputs, x = at_index(n.inputs[0])](workspace& w) {
    std::int64_t start = 0;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      w.values[at_index(outputs[k])] = w.values[x].narrow(axis, start, lengths[k]);
      start += lengths[k];
    }
  };
}

kernel lower_blocks(const node& n) {
  const std::int64_t b = n.int_or("blocksize", 1);
  if (n.kind == op::space_to_depth)
    return unary(n, [b](const Tensor& x) {
      const std::int64_t c = x.size(1), h = x.size(2) / b, v = x.size(3) / b;
      return x.reshape({-1, c, h, b, v, b}).permute({0, 3, 5, 1, 2, 4}).reshape({-1, c * b * b, h, v});
    });
  const bool crd = n.string_or("mode", "DCR") == "CRD";
  return unary(n, [b, crd](const Tensor& x) {
    const std::int64_t c = x.size(1) / (b * b), h = x.size(2), v = x.size(3);
    const Tensor y = crd ? x.reshape({-1, c, b, b, h, v}).permute({0, 1, 4, 2, 5, 3})
                         : x.reshape({-1, b, b, c, h, v}).permute({0, 3, 4, 1, 5, 2});
    return y.reshape({-1, c, h * b, v * b});
  });
}

kernel lower_dropout(const node& n) {
  return [in = n](workspace& w) {
    const Tensor& x = w.values[at_index(in.inputs[0])];
    w.values[at_index(in.outputs[0])] = x;
    if (in.output(1) != no_value) w.values[at_index(in.outputs[1])] = at::ones(x.sizes(), at::kBool);
  };
}

}  // namespace

kernel lower_layout(const graph::graph& g, const node& n, int batch_axis) {
  switch (n.kind) {
    case op::identity:
      return unary(n, [](const Tensor& x) { return x; });
    case op::dropout:
      return lower_dropout(n);
    case op::reshape:
    case op::flatten:
    case op::squeeze:
    case op::unsqueeze:
      return lower_reshape(g, n, batch_axis);
    case op::expand:
      return lower_expand(g, n, batch_axis);
    case op::transpose:
      return unary(n, [perm = graph::permutation_of(g, n)](const Tensor& x) { return x.permute(perm); });
    case op::slice:
      return lower_slice(g, n, batch_axis);
    case op::pad:
      return lower_pad(g, n);
    case op::gather:
      return lower_gather(g, n);
    case op::concat:
      return lower_concat(g, n);
    case op::split:
      return lower_split(g, n);
    case op::tile:
      return unary(n, [repeats = graph::constant_ints(g, n, 1)](const Tensor& x) { return x.repeat(repeats); });
    case op::depth_to_space:
    case op::space_to_depth:
      return lower_blocks(n);
    default:
      return nullptr;
  }
}

}  // namespace cimbalom::torch
