#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sw/graph/messages.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/torch/lower_parts.hpp"

namespace cimbalom::torch {
namespace {

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
