#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sw/graph/messages.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/torch/plan.hpp"

namespace cimbalom::torch {
namespace {

using at::Tensor;
using graph::no_value;
using graph::node;
using graph::op;
using graph::value_id;
using ints = std::vector<std::int64_t>;

std::size_t at_index(value_id id) {
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

Tensor input_or_none(const workspace& w, value_id id) {
  return id == no_value ? Tensor() : w.values[at_index(id)];
}

/// Padding as constant_pad_nd takes it: pairs from the last axis on.
ints pairs_from_last(const ints& begin, const ints& end) {
  ints made;
  for (std::size_t i = begin.size(); i-- > 0;) made.insert(made.end(), {begin[i], end[i]});
  return made;
}

bool all_zero(const ints& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

Tensor padded(const Tensor& x, const ints& pairs, double value) {
  return all_zero(pairs) ? x : at::constant_pad_nd(x, pairs, value);
}

/// A convolution as a function of input, weight and bias; padding that is not symmetric is put around the input.
std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> convolution(const graph::window& win) {
  ints outside(2 * win.kernel.size(), 0);
  ints inside = win.pad_begin;
  if (win.pad_begin != win.pad_end) {
    outside = pairs_from_last(win.pad_begin, win.pad_end);
    std::fill(inside.begin(), inside.end(), 0);
  }
  const ints none(win.kernel.size(), 0);
  return [=](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const c10::optional<Tensor> b = bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt;
    return at::convolution(padded(x, outside, 0), weight, b, win.stride, inside, win.dilation, false, none, win.groups);
  };
}

kernel lower_conv(const graph::graph& g, const node& n) {
  const auto conv = convolution(graph::window_of(g, n));
  return [=, x = n.input(0), weight = n.input(1), bias = n.input(2), y = at_index(n.output())](workspace& w) {
    w.values[y] = conv(w.values[at_index(x)], w.values[at_index(weight)], input_or_none(w, bias));
  };
}

/// Zero point as doubles, shaped to stand along `axis` of a tensor of this rank.
Tensor along(const Tensor& values, std::int64_t axis, std::int64_t rank) {
  if (!values.defined() || values.numel() == 1) return values.defined() ? values.reshape({}) : values;
  ints shape(static_cast<std::size_t>(rank), 1);
  shape[static_cast<std::size_t>(axis)] = values.numel();
  return values.reshape(shape);
}

Tensor centred(const Tensor& x, const Tensor& zero) {
  const Tensor wide = x.to(at::kDouble);
  return zero.defined() ? wide - zero.to(at::kDouble) : wide;
}

/// Integer products run in double: every partial sum is below 2^53, so the result is exact in any order.
using product = std::function<Tensor(const Tensor&, const Tensor&)>;

product integer_product(const graph::graph& g, const node& n) {
  if (n.kind == op::mat_mul_integer || n.kind == op::qlinear_mat_mul)
    return [](const Tensor& a, const Tensor& b) { return at::matmul(a, b); };
  const auto conv = convolution(graph::window_of(g, n));
  return [conv](const Tensor& x, const Tensor& weight) { return conv(x, weight, Tensor()); };
}

/// Zero point of operand a (matrices: one a row) or b (convolutions: one a filter; matrices: one a column).
Tensor operand_zero(const Tensor& zero, const Tensor& operand, bool is_conv, bool is_a) {
  if (is_conv) return along(zero, 0, operand.dim());
  return along(zero, is_a ? operand.dim() - 2 : operand.dim() - 1, operand.dim());
}

kernel lower_integer_product(const graph::graph& g, const node& n) {
  const bool is_conv = n.kind == op::conv_integer;
  return [=, times = integer_product(g, n), in = n, y = at_index(n.output())](workspace& w) {
    const Tensor& a = w.values[at_index(in.input(0))];
    const Tensor& b = w.values[at_index(in.input(1))];
    const Tensor a_zero = operand_zero(input_or_none(w, in.input(2)), a, is_conv, true);
    const Tensor b_zero = operand_zero(input_or_none(w, in.input(3)), b, is_conv, false);
    w.values[y] = times(centred(a, a_zero), centred(b, b_zero)).to(at::kInt);
  };
}

/// round half to even, add the zero point, saturate.
Tensor saturated(const Tensor& real, const Tensor& zero, at::ScalarType to) {
  Tensor y = at::round(real);
  if (zero.defined()) y = y + zero.to(y.scalar_type());
  return to == at::kByte ? y.clamp(0, 255).to(to) : y.clamp(-128, 127).to(to);
}

/// y = saturate(round(acc * (a_scale * b_scale / y_scale)) + y_zero), the factor and the product in float32.
kernel lower_qlinear_product(const graph::graph& g, const node& n) {
  const bool is_conv = n.kind == op::qlinear_conv;
  return [=, times = integer_product(g, n), in = n, y = at_index(n.output())](workspace& w) {
    const auto value = [&](std::size_t k) { return input_or_none(w, in.input(k)); };
    const Tensor a = value(0);
    const Tensor b = value(3);
    const Tensor a_zero = operand_zero(value(2), a, is_conv, true);
    const Tensor b_zero = operand_zero(value(5), b, is_conv, false);
    Tensor sum = times(centred(a, a_zero), centred(b, b_zero));
    if (value(8).defined()) sum = sum + along(value(8), 1, sum.dim()).to(at::kDouble);
    const Tensor a_scale = is_conv ? value(1).reshape({}) : along(value(1), sum.dim() - 2, sum.dim());
    const Tensor b_scale = along(value(4), is_conv ? 1 : sum.dim() - 1, sum.dim());
    const Tensor factor = a_scale * b_scale / value(6).reshape({});
    w.values[y] = saturated(sum.to(at::kFloat) * factor, value(7).reshape({}), value(7).scalar_type());
  };
}

kernel lower_quantize(const graph::graph& g, const node& n) {
  const std::int64_t axis = graph::axis_of(g, n);
  const auto to = scalar_type(g.info(n.output()).type);
  const bool back = n.kind == op::dequantize_linear;
  return [=, in = n, y = at_index(n.output())](workspace& w) {
    const Tensor& x = w.values[at_index(in.input(0))];
    const Tensor scale = along(w.values[at_index(in.input(1))], axis, x.dim());
    const Tensor zero = along(input_or_none(w, in.input(2)), axis, x.dim());
    if (back)
      w.values[y] = (zero.defined() ? x.to(at::kLong) - zero.to(at::kLong) : x).to(at::kFloat) * scale;
    else
      w.values[y] = saturated(x.to(at::kFloat) / scale, zero, to);
  };
}

kernel lower_dynamic_quantize(const node& n) {
  return [in = n](workspace& w) {
    const Tensor& x = w.values[at_index(in.input(0))];
    const Tensor zero = at::zeros({}, at::kFloat);
    const Tensor low = at::minimum(x.min(), zero);
    const Tensor high = at::maximum(x.max(), zero);
    const Tensor scale = at::where(high == low, at::ones({}, at::kFloat), (high - low) / 255);
    const Tensor point = at::round((-low / scale).clamp(0, 255)).to(at::kByte);
    w.values[at_index(in.outputs[0])] = saturated(x / scale, point, at::kByte);
    w.values[at_index(in.outputs[1])] = scale;
    w.values[at_index(in.outputs[2])] = point;
  };
}

kernel lower_gemm(const graph::graph& g, const node& n) {
  const graph::gemm_parameters p = graph::gemm_of(g, n);
  return [=, in = n, y = at_index(n.output())](workspace& w) {
    const Tensor& a = w.values[at_index(in.input(0))];
    const Tensor& b = w.values[at_index(in.input(1))];
    Tensor sum = at::matmul(p.transpose_a ? a.t() : a, p.transpose_b ? b.t() : b);
    if (p.alpha != 1) sum = sum * p.alpha;
    if (in.has_input(2)) sum = sum + w.values[at_index(in.input(2))] * p.beta;
    w.values[y] = sum;
  };
}

/// End padding that makes the last window fit: the pools below then need neither ceil mode nor padding of their own.
ints needed_end(const graph::window& win, const graph::shape_t& x) {
  ints end;
  for (std::size_t i = 0; i < win.kernel.size(); ++i)
    end.push_back((win.output[i] - 1) * win.stride[i] + (win.kernel[i] - 1) * win.dilation[i] + 1 - x[i + 2] -
                  win.pad_begin[i]);
  return end;
}

Tensor max_pooled(const Tensor& x, const graph::window& win) {
  const ints none(win.kernel.size(), 0);
  if (win.kernel.size() == 1) return at::max_pool1d(x, win.kernel, win.stride, none, win.dilation);
  if (win.kernel.size() == 2) return at::max_pool2d(x, win.kernel, win.stride, none, win.dilation);
  return at::max_pool3d(x, win.kernel, win.stride, none, win.dilation);
}

Tensor sum_pooled(const Tensor& x, const graph::window& win) {
  const ints none(win.kernel.size(), 0);
  if (win.kernel.size() == 1)
    return at::avg_pool2d(x.unsqueeze(2), {1, win.kernel[0]}, {1, win.stride[0]}, 0, false, true, 1).squeeze(2);
  if (win.kernel.size() == 2) return at::avg_pool2d(x, win.kernel, win.stride, none, false, true, 1);
  return at::avg_pool3d(x, win.kernel, win.stride, none, false, true, 1);
}

kernel lower_max_pool(const graph::graph& g, const node& n) {
  const graph::window win = graph::window_of(g, n);
  const ints pads = pairs_from_last(win.pad_begin, needed_end(win, g.shape_of(n.inputs[0])));
  const auto type = scalar_type(g.info(n.output()).type);
  return unary(n, [=](const Tensor& x) {
    const Tensor real = at::isFloatingType(type) ? x : x.to(at::kFloat);
    return max_pooled(padded(real, pads, -std::numeric_limits<double>::infinity()), win).to(type);
  });
}

kernel lower_average_pool(const graph::graph& g, const node& n) {
  const graph::window win = graph::window_of(g, n);
  const graph::shape_t& x_shape = g.shape_of(n.inputs[0]);
  const ints end = needed_end(win, x_shape);
  const ints pads = pairs_from_last(win.pad_begin, end);
  // Elements of each window that count: those of the padding are left out, or only what ceil mode added.
  graph::shape_t spatial = {1, 1};
  spatial.insert(spatial.end(), x_shape.begin() + 2, x_shape.end());
  Tensor counted = at::ones(spatial, at::TensorOptions().dtype(scalar_type(g.info(n.output()).type)));
  ints outside_begin = win.pad_begin;
  ints outside_end = end;
  if (win.count_include_pad) {
    counted = padded(counted, pairs_from_last(win.pad_begin, win.pad_end), 1);
    for (std::size_t i = 0; i < outside_end.size(); ++i) {
      outside_begin[i] = 0;
      outside_end[i] -= win.pad_end[i];
    }
  }
  const Tensor count = sum_pooled(padded(counted, pairs_from_last(outside_begin, outside_end), 0), win);
  return unary(n, [=](const Tensor& x) { return sum_pooled(padded(x, pads, 0), win) / count; });
}

ints spatial_axes(const graph::graph& g, const node& n) {
  ints axes(g.shape_of(n.inputs[0]).size() - 2);
  std::iota(axes.begin(), axes.end(), 2);
  return axes;
}

kernel lower_batch_norm(const node& n) {
  const double epsilon = static_cast<double>(n.float_or("epsilon", 1e-5F));
  return [=, in = n, y = at_index(n.output())](workspace& w) {
    const auto value = [&](std::size_t k) { return w.values[at_index(in.inputs[k])]; };
    w.values[y] = at::batch_norm(value(0), value(1), value(2), value(3), value(4), false, 0, epsilon, false);
  };
}

kernel lower_lrn(const graph::graph& g, const node& n) {
  const std::int64_t size = n.int_or("size", 0);
  if (size < 1 || size > 65536) graph::refuse(g, n, "size", std::to_string(size), "must be in [1, 65536]");
  const double alpha = static_cast<double>(n.float_or("alpha", 1e-4F));
  const double beta = static_cast<double>(n.float_or("beta", 0.75F));
  const double bias = static_cast<double>(n.float_or("bias", 1));
  ints pads(2 * (g.shape_of(n.inputs[0]).size() - 1), 0);
  pads[pads.size() - 2] = (size - 1) / 2;
  pads[pads.size() - 1] = size - 1 - (size - 1) / 2;
  return unary(n, [=](const Tensor& x) {
    const Tensor sum = padded(x.square(), pads, 0).unfold(1, size, 1).sum(-1);
    return x / at::pow(sum * (alpha / static_cast<double>(size)) + bias, beta);
  });
}

kernel lower_clip(const graph::graph& g, const node& n) {
  const graph::clip_bounds bounds = graph::clip_of(g, n);
  if (graph::is_floating(g.info(n.inputs[0]).type))
    return unary(n, [=](const Tensor& x) {
      if (std::isinf(bounds.low)) return std::isinf(bounds.high) ? x : x.clamp_max(bounds.high);
      return std::isinf(bounds.high) ? x.clamp_min(bounds.low) : x.clamp(bounds.low, bounds.high);
    });
  const auto bound = [](double v) {  // of 64-bit types the limits are no int64
    return v >= 0x1p63 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(v);
  };
  return unary(n, [low = bound(bounds.low), high = bound(bounds.high)](const Tensor& x) { return x.clamp(low, high); });
}

kernel lower_pow(const graph::graph& g, const node& n) {
  const auto type = scalar_type(g.info(n.output()).type);
  return binary(
      n, [=](const Tensor& a, const Tensor& b) { return at::pow(a.to(at::kDouble), b.to(at::kDouble)).to(type); });
}

kernel lower_arg_max(const graph::graph& g, const node& n) {
  const std::int64_t axis = graph::axis_of(g, n);
  const bool keep = n.int_or("keepdims", 1) != 0;
  if (n.int_or("select_last_index", 0) == 0) return unary(n, [=](const Tensor& x) { return x.argmax(axis, keep); });
  return unary(n, [=](const Tensor& x) { return x.size(axis) - 1 - x.flip(axis).argmax(axis, keep); });
}

kernel lower_reduce(const graph::graph& g, const node& n) {
  const ints axes = graph::axes_of(g, n);
  const bool keep = n.int_or("keepdims", 1) != 0;
  if (axes.empty()) return unary(n, [](const Tensor& x) { return x; });
  switch (n.kind) {
    case op::reduce_max:
      return unary(n, [=](const Tensor& x) { return x.amax(axes, keep); });
    case op::reduce_min:
      return unary(n, [=](const Tensor& x) { return x.amin(axes, keep); });
    case op::reduce_mean:
      return unary(n, [=](const Tensor& x) { return x.mean(axes, keep); });
    default:
      return unary(n, [=](const Tensor& x) { return x.sum(axes, keep, x.scalar_type()); });
  }
}

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

kernel lower_products(const graph::graph& g, const node& n) {
  switch (n.kind) {
    case op::conv:
      return lower_conv(g, n);
    case op::conv_integer:
    case op::mat_mul_integer:
      return lower_integer_product(g, n);
    case op::qlinear_conv:
    case op::qlinear_mat_mul:
      return lower_qlinear_product(g, n);
    case op::gemm:
      return lower_gemm(g, n);
    case op::mat_mul:
      return binary(n, [](const Tensor& a, const Tensor& b) { return at::matmul(a, b); });
    case op::max_pool:
      return lower_max_pool(g, n);
    case op::average_pool:
      return lower_average_pool(g, n);
    case op::global_average_pool:
      return unary(n, [axes = spatial_axes(g, n)](const Tensor& x) { return x.mean(axes, true); });
    case op::global_max_pool:
      return unary(n, [axes = spatial_axes(g, n)](const Tensor& x) { return x.amax(axes, true); });
    case op::batch_normalization:
      return lower_batch_norm(n);
    case op::lrn:
      return lower_lrn(g, n);
    case op::quantize_linear:
    case op::dequantize_linear:
      return lower_quantize(g, n);
    case op::dynamic_quantize_linear:
      return lower_dynamic_quantize(n);
    default:
      return nullptr;
  }
}

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

kernel lower_binary(const graph::graph& g, const node& n) {
  switch (n.kind) {
    case op::add:
      return binary(n, [](const Tensor& a, const Tensor& b) { return a + b; });
    case op::sub:
      return binary(n, [](const Tensor& a, const Tensor& b) { return a - b; });
    case op::mul:
      return binary(n, [](const Tensor& a, const Tensor& b) { return a * b; });
    case op::div:
      if (graph::is_floating(g.info(n.output()).type))
        return binary(n, [](const Tensor& a, const Tensor& b) { return a / b; });
      return binary(n, [](const Tensor& a, const Tensor& b) { return at::div(a, b, "trunc"); });
    case op::pow:
      return lower_pow(g, n);
    case op::max:
      return n_ary(n, [](const Tensor& a, const Tensor& b) { return at::maximum(a, b); });
    case op::min:
      return n_ary(n, [](const Tensor& a, const Tensor& b) { return at::minimum(a, b); });
    case op::sum:
      return n_ary(n, [](const Tensor& a, const Tensor& b) { return a + b; });
    case op::p_relu:
      return binary(n, [](const Tensor& x, const Tensor& slope) { return at::where(x < 0, slope * x, x); });
    case op::where:
      return [in = n, y = at_index(n.output())](workspace& w) {
        w.values[y] = at::where(w.values[at_index(in.inputs[0])], w.values[at_index(in.inputs[1])],
                                w.values[at_index(in.inputs[2])]);
      };
    default:
      return nullptr;
  }
}

kernel lower_unary(const graph::graph& g, const node& n) {
  const auto real = [&](const char* key, float fallback) { return static_cast<double>(n.float_or(key, fallback)); };
  switch (n.kind) {
    case op::relu:
      return unary(n, [](const Tensor& x) { return at::relu(x); });
    case op::clip:
      return lower_clip(g, n);
    case op::abs:
      return unary(n, [](const Tensor& x) { return at::abs(x); });
    case op::neg:
      return unary(n, [](const Tensor& x) { return at::neg(x); });
    case op::exp:
      return unary(n, [](const Tensor& x) { return at::exp(x); });
    case op::log:
      return unary(n, [](const Tensor& x) { return at::log(x); });
    case op::sqrt:
      return unary(n, [](const Tensor& x) { return at::sqrt(x); });
    case op::floor:
      return unary(n, [](const Tensor& x) { return at::floor(x); });
    case op::ceil:
      return unary(n, [](const Tensor& x) { return at::ceil(x); });
    case op::tanh:
      return unary(n, [](const Tensor& x) { return at::tanh(x); });
    case op::sigmoid:
      return unary(n, [](const Tensor& x) { return at::sigmoid(x); });
    case op::leaky_relu:
      return unary(n, [slope = real("alpha", 0.01F)](const Tensor& x) { return at::leaky_relu(x, slope); });
    case op::hard_sigmoid:
      return unary(
          n, [a = real("alpha", 0.2F), b = real("beta", 0.5F)](const Tensor& x) { return (x * a + b).clamp(0, 1); });
    case op::hard_swish:
      return unary(n, [](const Tensor& x) { return x * (x / 6 + 0.5).clamp(0, 1); });
    case op::softmax:
      return unary(n, [axis = graph::axis_of(g, n)](const Tensor& x) { return at::softmax(x, axis); });
    case op::log_softmax:
      return unary(n, [axis = graph::axis_of(g, n)](const Tensor& x) { return at::log_softmax(x, axis); });
    case op::cast:
      return unary(n, [to = scalar_type(g.info(n.output()).type)](const Tensor& x) { return x.to(to); });
    case op::arg_max:
      return lower_arg_max(g, n);
    case op::reduce_max:
    case op::reduce_mean:
    case op::reduce_min:
    case op::reduce_sum:
      return lower_reduce(g, n);
    default:
      return nullptr;
  }
}

}  // namespace

kernel lower(const graph::graph& g, const node& n, int batch_axis) {
  if (kernel made = lower_products(g, n)) return made;
  if (kernel made = lower_layout(g, n, batch_axis)) return made;
  if (kernel made = lower_binary(g, n)) return made;
  if (kernel made = lower_unary(g, n)) return made;
  graph::refuse(g, n, "operator", graph::name_of(n.kind), "is not run in floating point");
}

}  // namespace cimbalom::torch
