#include <algorithm>
#include <cmath>

#include "sw/quantization/host_operators.hpp"
#include "sw/quantization/lowering.hpp"
#include "sw/quantization/qdq_graph.hpp"

namespace cimbalom::quantization {

using graph::node;
using graph::op;
using graph::value_id;

namespace {

activation_scale scale_of(const tensor& t) {
  return {t.scale, t.format.zero_point, t.format.bits, t.format.is_signed};
}

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

}  // namespace

bool lowering::lower_vector(int index) {
  const node& n = node_at(index);
  switch (n.kind) {
    case op::add:
    case op::sum:
      return lower_add(index) || lower_affine(index);
    case op::max_pool:
    case op::global_max_pool:
    case op::average_pool:
    case op::global_average_pool:
    case op::reduce_mean:
      return lower_pool(index);
    case op::slice:
    case op::pad:
      return lower_slice_pad(index);
    case op::concat:
      return lower_concat(index);
    case op::batch_normalization:
    case op::relu:
    case op::clip:
    case op::mul:
    case op::sub:
    case op::div:
      return lower_affine(index);
    default:
      return false;
  }
}

bool lowering::lower_add(int index) {
  const node& n = node_at(index);
  if (n.inputs.size() != 2 || g_.shape_of(n.input(0)) != g_.shape_of(n.input(1))) return false;
  if (g_.is_constant(n.input(0)) || g_.is_constant(n.input(1))) return false;
  registers::tensor_format ignored;
  if (!image_format(g_.shape_of(n.output()), false, ignored)) return false;
  const view a = views_.at(n.input(0)), b = views_.at(n.input(1));
  if (tensor_at(a.tensor).on_host && tensor_at(b.tensor).on_host) return false;
  layer l;
  l.kind = layer_kind::add;
  l.name = n.name;
  l.inputs = {image_tensor(n.input(0), n), image_tensor(n.input(1), n)};
  real_bounds bounds;
  const value_id result = absorb_activation(n.output(), bounds);
  l.output = new_tensor(result, false, scale_for(result));
  finish(l, result, bounds, false);
  push(std::move(l));
  return true;
}

bool lowering::lower_pool(int index) {
  const node& n = node_at(index);
  const value_id x = n.input(0);
  registers::tensor_format in;
  if (!image_format(g_.shape_of(x), false, in) || g_.shape_of(x).size() < 3) return false;
  const bool largest = n.kind == op::max_pool || n.kind == op::global_max_pool;
  layer l;
  l.kind = largest ? layer_kind::max_pool : layer_kind::average_pool;
  l.name = n.name;
  registers::window& to = l.pool_window;
  if (n.kind == op::max_pool || n.kind == op::average_pool) {
    const graph::window w = graph::window_of(g_, n);
    const std::size_t axes = w.kernel.size();
    const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
    bool inside = true;  // no window reaches beyond the padded map
    for (std::size_t k = 0; k < axes; ++k) {
      const std::int64_t extent = g_.shape_of(x)[k + 2] + w.pad_begin[k] + w.pad_end[k];
      inside = inside && (w.output[k] - 1) * w.stride[k] + (w.kernel[k] - 1) * w.dilation[k] + 1 <= extent;
    }
    const bool padded = !all_zero(w.pad_begin) || !all_zero(w.pad_end);
    if (!largest && w.count_include_pad && !inside)
      refuse(n, "ceil_mode with count_include_pad; one of them must be 0");
    l.count_include_pad = (w.count_include_pad || !padded) && inside;
    to.kernel_w = narrow(w.kernel[axes - 1]);
    to.stride_w = narrow(w.stride[axes - 1]);
    to.dilation_w = narrow(w.dilation[axes - 1]);
    to.pad_left = narrow(w.pad_begin[axes - 1]);
    if (axes == 2) {
      to.kernel_h = narrow(w.kernel[0]);
      to.stride_h = narrow(w.stride[0]);
      to.dilation_h = narrow(w.dilation[0]);
      to.pad_top = narrow(w.pad_begin[0]);
    }
  } else {
    if (n.kind == op::reduce_mean) {
      const std::vector<std::int64_t> axes = graph::axes_of(g_, n);
      const bool spatial =
          g_.shape_of(x).size() == 4 ? axes == std::vector<std::int64_t>{2, 3} : axes == std::vector<std::int64_t>{2};
      if (!spatial) return false;
    }
    l.count_include_pad = true;
    to.kernel_h = in.height;
    to.kernel_w = in.width;
  }
  l.inputs = {image_tensor(x, n)};
  real_bounds bounds;
  const value_id result = absorb_activation(n.output(), bounds);
  const bool keep = largest && a_.values.count(result) == 0;  // the largest code stays a code
  l.output = new_tensor(result, false, keep ? scale_of(tensor_at(l.inputs[0])) : scale_for(result));
  finish(l, result, bounds, false);
  push(std::move(l));
  return true;
}

// Slice with positive steps, Pad with zero, and a Slice that only a Pad reads: one strided copy.
bool lowering::lower_slice_pad(int index) {
  const node& n = node_at(index);
  const value_id x = n.input(0);
  const graph::shape_t& shape = g_.shape_of(x);
  const std::size_t rank = shape.size();
  if ((rank != 2 && rank != 4) || shape[0] != 1 || tensor_at(views_.at(x).tensor).on_host) return false;
  std::vector<graph::slice_axis> cut(rank);
  for (std::size_t k = 0; k < rank; ++k) cut[k] = {0, 1, shape[k]};
  value_id result = n.output();
  const node* pad = n.kind == op::pad ? &n : nullptr;
  if (n.kind == op::slice) {
    cut = graph::slice_of(g_, n);
    int reader = -1;
    const value_id next = sole_reader_output(result, reader);
    if (next != graph::no_value && node_at(reader).kind == op::pad) pad = &node_at(reader);
  }
  const auto usable = [&](const graph::pad_parameters& p) {
    if (p.mode != "constant" || p.value != 0) return false;
    for (std::size_t k = 0; k < rank; ++k) {
      if (p.begin[k] < 0 || p.end[k] < 0 || (k == 0 && p.begin[k] + p.end[k] != 0)) return false;
      // What the copy finds beyond the slice must lie outside the map: it is zero there.
      if (p.begin[k] > 0 && cut[k].start - cut[k].step >= 0) return false;
      if (p.end[k] > 0 && cut[k].start + cut[k].count * cut[k].step < shape[k]) return false;
    }
    return true;
  };
  for (const graph::slice_axis& axis : cut)
    if (axis.step < 1 || axis.count < 1) return false;
  if (cut[1].step != 1 || cut[0].count != 1) return false;
  std::vector<std::int64_t> before(rank, 0);
  if (pad != nullptr && usable(graph::pad_of(g_, *pad))) {
    before = graph::pad_of(g_, *pad).begin;
    if (pad != &n) {
      int reader = -1;
      result = sole_reader_output(result, reader);
      done_[static_cast<std::size_t>(reader)] = true;
    }
  } else if (pad == &n) {
    return false;
  }
  layer l;
  l.kind = layer_kind::slice_pad;
  l.name = n.name;
  l.inputs = {image_tensor(x, n)};
  if (rank == 4) {
    l.pool_window.stride_h = static_cast<std::int32_t>(cut[2].step);
    l.pool_window.stride_w = static_cast<std::int32_t>(cut[3].step);
    l.pool_window.pad_top = static_cast<std::int32_t>(before[2] * cut[2].step - cut[2].start);
    l.pool_window.pad_left = static_cast<std::int32_t>(before[3] * cut[3].step - cut[3].start);
  }
  l.channel_offset = static_cast<std::int32_t>(cut[1].start - before[1]);
  real_bounds bounds;
  result = absorb_activation(result, bounds);
  const bool given = a_.values.count(result) != 0;
  l.output = new_tensor(result, false, given ? scale_for(result) : scale_of(tensor_at(l.inputs[0])));
  l.channels_written = tensor_at(l.output).format.channels;
  finish(l, result, bounds, false);
  push(std::move(l));
  return true;
}

bool lowering::lower_concat(int index) {
  const node& n = node_at(index);
  const std::size_t rank = g_.shape_of(n.output()).size();
  if ((rank != 2 && rank != 4) || g_.shape_of(n.output())[0] != 1 || graph::axis_of(g_, n) != 1) return false;
  bool all_on_host = true;
  for (const value_id v : n.inputs) {
    if (g_.is_constant(v)) return false;
    all_on_host = all_on_host && tensor_at(views_.at(v).tensor).on_host;
  }
  if (all_on_host) return false;
  std::vector<int> pieces;
  for (const value_id v : n.inputs) pieces.push_back(image_tensor(v, n));
  const int output = new_tensor(n.output(), false, scale_for(n.output()));
  std::int32_t position = 0;
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    layer l;
    l.kind = layer_kind::slice_pad;
    l.name = n.name + "." + std::to_string(k);
    l.inputs = {pieces[k]};
    l.output = output;
    l.output_channel = position;
    l.channels_written = tensor_at(pieces[k]).format.channels;
    position += l.channels_written;
    finish(l, n.output(), {}, false);
    push(std::move(l));
  }
  return true;
}

// One value a channel (or one for all) from a constant that is broadcast onto x.
bool lowering::channel_constant(value_id constant, value_id x, int channels, std::vector<double>& out) const {
  const graph::tensor* t = g_.constant(constant);
  if (t == nullptr || !graph::is_floating(t->type())) return false;
  const std::vector<double> values = t->as_doubles();
  if (values.size() == 1) {
    out.assign(static_cast<std::size_t>(channels), values[0]);
    return true;
  }
  const std::size_t rank = g_.shape_of(x).size();
  const std::size_t from_end = rank <= 2 ? 1 : rank - 1;  // the channel axis, counted from the last
  const graph::shape_t& shape = t->shape();
  if (values.size() != static_cast<std::size_t>(channels) || shape.size() < from_end || shape.size() > rank)
    return false;
  if (shape[shape.size() - from_end] != channels) return false;
  out = values;
  return true;
}

void lowering::add_affine(const std::string& name, int input, value_id result, std::vector<double> scale,
                          std::vector<double> bias, real_bounds bounds, bool channels_last) {
  layer l;
  l.kind = layer_kind::affine;
  l.name = name;
  l.inputs = {input};
  l.affine_scale = std::move(scale);
  l.affine_bias = std::move(bias);
  result = absorb_activation(result, bounds);
  const activation_scale wanted = scale_for(result);
  // The codes keep the order and extents of the input, whatever shape the graph gives the result.
  tensor made = tensor_at(input);
  made.name = g_.info(result).name;
  made.scale = wanted.scale;
  made.format.bits = static_cast<std::uint8_t>(wanted.bits);
  made.format.is_signed = wanted.is_signed;
  made.format.zero_point = wanted.zero_point;
  net_.tensors.push_back(std::move(made));
  l.output = static_cast<int>(net_.tensors.size()) - 1;
  finish(l, result, bounds, channels_last);
  views_[result].channels_last = channels_last;
  push(std::move(l));
}

bool lowering::lower_affine(int index) {
  const node& n = node_at(index);
  const bool first_constant = g_.is_constant(n.input(0));
  const value_id x = n.input(first_constant ? 1 : 0);
  if (tensor_at(views_.at(x).tensor).on_host && host_supports(n)) return false;
  registers::tensor_format format;
  if (!image_format(g_.shape_of(x), false, format)) return false;
  real_bounds bounds;
  if (n.kind == op::relu || n.kind == op::clip) {
    if (n.kind == op::relu) bounds.low = 0;
    if (n.kind == op::clip) {
      const graph::clip_bounds clip = graph::clip_of(g_, n);
      bounds = {clip.low, clip.high};
    }
    const int input = stored_tensor(x);
    const auto channels = static_cast<std::size_t>(tensor_at(input).format.channels);
    add_affine(n.name, input, n.output(), std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0),
               bounds, views_.at(x).channels_last);
    return true;
  }
  if (g_.shape_of(n.output()) != g_.shape_of(x)) return false;
  const auto channels = static_cast<std::size_t>(format.channels);
  std::vector<double> scale(channels, 1.0), bias(channels, 0.0);
  if (n.kind == op::batch_normalization) {
    std::vector<double> gamma, beta, mean, variance;
    for (std::size_t k = 1; k <= 4; ++k) {
      std::vector<double>& to = k == 1 ? gamma : k == 2 ? beta : k == 3 ? mean : variance;
      if (!channel_constant(n.input(k), x, format.channels, to) && !g_.is_constant(n.input(k))) return false;
      to = exact_values(g_, n.input(k));
      if (to.size() != channels) return false;
    }
    const double epsilon = static_cast<double>(n.float_or("epsilon", 1e-5F));
    for (std::size_t c = 0; c < channels; ++c) {
      scale[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
      bias[c] = beta[c] - mean[c] * scale[c];
    }
  } else {
    std::vector<double> constant;
    if (n.inputs.size() != 2 || !channel_constant(n.input(first_constant ? 0 : 1), x, format.channels, constant))
      return false;
    if (n.kind == op::div && first_constant) return false;
    for (std::size_t c = 0; c < channels; ++c) {
      if (n.kind == op::add || n.kind == op::sum) bias[c] = constant[c];
      if (n.kind == op::sub) bias[c] = first_constant ? constant[c] : -constant[c];
      if (n.kind == op::sub && first_constant) scale[c] = -1;
      if (n.kind == op::mul) scale[c] = constant[c];
      if (n.kind == op::div) scale[c] = 1 / constant[c];
      if (!std::isfinite(scale[c]) || !std::isfinite(bias[c])) return false;
    }
  }
  const int input = image_tensor(x, n);
  add_affine(n.name, input, n.output(), std::move(scale), std::move(bias), bounds, views_.at(x).channels_last);
  return true;
}

}  // namespace cimbalom::quantization
