#include "sw/graph/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sw/graph/messages.hpp"

namespace cimbalom::graph {
namespace {

using ints = std::vector<std::int64_t>;

const shape_t& shape_in(const graph& g, const node& n, std::size_t k) {
  return g.shape_of(n.inputs.at(k));
}

std::int64_t rank_in(const graph& g, const node& n) {
  return static_cast<std::int64_t>(shape_in(g, n, 0).size());
}

/// Axis in [0, limit) from [-limit, limit).
std::int64_t normal_axis(const graph& g, const node& n, std::int64_t axis, std::int64_t limit) {
  if (axis < -limit || axis >= limit)
    refuse(g, n, "axis", std::to_string(axis),
           "must be in [" + std::to_string(-limit) + ", " + std::to_string(limit - 1) + "]");
  return axis < 0 ? axis + limit : axis;
}

/// A list attribute of one positive entry a spatial axis.
ints spatial(const graph& g, const node& n, const char* key, const ints& fallback) {
  ints values = n.ints_or(key, fallback);
  if (values.size() != fallback.size())
    refuse(g, n, key, to_text(values), "must have " + std::to_string(fallback.size()) + " entries");
  for (std::int64_t v : values)
    if (v < 1 || v > (1 << 20)) refuse(g, n, key, to_text(values), "entries must be in [1, 1048576]");
  return values;
}

void resolve_pads(const graph& g, const node& n, const shape_t& x, window& w) {
  const std::size_t axes = w.kernel.size();
  const std::string mode = n.string_or("auto_pad", "NOTSET");
  w.pad_begin.assign(axes, 0);
  w.pad_end.assign(axes, 0);
  if (mode == "NOTSET" || mode.empty()) {
    const ints pads = n.ints_or("pads", ints(2 * axes, 0));
    if (pads.size() != 2 * axes)
      refuse(g, n, "pads", to_text(pads), "must have " + std::to_string(2 * axes) + " entries");
    for (std::int64_t p : pads)
      if (p < 0 || p > (1 << 20)) refuse(g, n, "pads", to_text(pads), "entries must be in [0, 1048576]");
    std::copy_n(pads.begin(), axes, w.pad_begin.begin());
    std::copy_n(pads.begin() + static_cast<std::ptrdiff_t>(axes), axes, w.pad_end.begin());
    return;
  }
  if (mode == "VALID") return;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    refuse(g, n, "auto_pad", mode, "must be NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t extent = x[i + 2];
    const std::int64_t out = (extent + w.stride[i] - 1) / w.stride[i];
    const std::int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
    const std::int64_t total = std::max<std::int64_t>((out - 1) * w.stride[i] + reach - extent, 0);
    const std::int64_t less = total / 2;
    w.pad_begin[i] = mode == "SAME_UPPER" ? less : total - less;
    w.pad_end[i] = total - w.pad_begin[i];
  }
}

void resolve_output(const graph& g, const node& n, const shape_t& x, window& w) {
  for (std::size_t i = 0; i < w.kernel.size(); ++i) {
    const std::int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
    const std::int64_t span = x[i + 2] + w.pad_begin[i] + w.pad_end[i] - reach;
    if (span < 0) refuse(g, n, "kernel", to_text(w.kernel), "does not fit into the padded input " + to_text(x));
    std::int64_t out = (span + (w.ceil_mode ? w.stride[i] - 1 : 0)) / w.stride[i] + 1;
    if (w.ceil_mode && (out - 1) * w.stride[i] >= x[i + 2] + w.pad_begin[i])
      --out;  // no window in the end padding alone
    w.output.push_back(out);
  }
}

std::size_t weight_input(op kind) {
  return kind == op::qlinear_conv ? 3 : 1;
}

bool is_convolution(op kind) {
  return kind == op::conv || kind == op::conv_integer || kind == op::qlinear_conv;
}

void check_channels(const graph& g, const node& n, const shape_t& x, const shape_t& weight, window& w) {
  w.groups = n.int_or("group", 1);
  if (w.groups < 1 || x[1] % w.groups != 0 || weight[0] % w.groups != 0)
    refuse(g, n, "group", std::to_string(w.groups),
           "must divide the " + std::to_string(x[1]) + " input and " + std::to_string(weight[0]) + " output channels");
  if (weight[1] != x[1] / w.groups)
    refuse(g, n, "weight shape", to_text(weight),
           "extent 1 must be input channels / group = " + std::to_string(x[1] / w.groups));
}

}  // namespace

std::vector<std::int64_t> constant_ints(const graph& g, const node& n, std::size_t input) {
  const tensor* data = g.constant(n.input(input));
  if (data == nullptr || !data->has_data())
    refuse(g, n, "input " + std::to_string(input), g.info(n.inputs.at(input)).name, "must be a constant");
  if (!is_integer(data->type()))
    refuse(g, n, "input " + std::to_string(input), name_of(data->type()), "must be a list of integers");
  return data->as_ints();
}

window window_of(const graph& g, const node& n) {
  window w;
  const shape_t& x = shape_in(g, n, 0);
  if (x.size() < 3 || x.size() > 5)
    refuse(g, n, "input shape", to_text(x), "must be [images, channels, 1 to 3 spatial axes]");
  const std::size_t axes = x.size() - 2;
  if (is_convolution(n.kind)) {
    const shape_t& weight = shape_in(g, n, weight_input(n.kind));
    if (weight.size() != x.size())
      refuse(g, n, "weight shape", to_text(weight), "must have the rank of the input " + to_text(x));
    w.kernel = spatial(g, n, "kernel_shape", ints(weight.begin() + 2, weight.end()));
    if (!std::equal(w.kernel.begin(), w.kernel.end(), weight.begin() + 2))
      refuse(g, n, "kernel_shape", to_text(w.kernel), "must be the weights' " + to_text(weight));
    check_channels(g, n, x, weight, w);
  } else {
    if (!n.has("kernel_shape")) refuse(g, n, "kernel_shape", "", "is required");
    w.kernel = spatial(g, n, "kernel_shape", ints(axes, 1));
    w.ceil_mode = n.int_or("ceil_mode", 0) != 0;
    w.count_include_pad = n.int_or("count_include_pad", 0) != 0;
  }
  w.stride = spatial(g, n, "strides", ints(axes, 1));
  w.dilation = spatial(g, n, "dilations", ints(axes, 1));
  if (n.kind == op::average_pool && w.dilation != ints(axes, 1))
    refuse(g, n, "dilations", to_text(w.dilation), "must be 1 (opset 19 is newer than what is read)");
  resolve_pads(g, n, x, w);
  resolve_output(g, n, x, w);
  return w;
}

gemm_parameters gemm_of(const graph& g, const node& n) {
  gemm_parameters p;
  p.alpha = n.float_or("alpha", 1);
  p.beta = n.float_or("beta", 1);
  p.transpose_a = n.int_or("transA", 0) != 0;
  p.transpose_b = n.int_or("transB", 0) != 0;
  const shape_t& a = shape_in(g, n, 0);
  const shape_t& b = shape_in(g, n, 1);
  if (a.size() != 2 || b.size() != 2)
    refuse(g, n, "input shapes", to_text(a) + " and " + to_text(b), "must be of rank 2");
  p.m = a[p.transpose_a ? 1 : 0];
  p.k = a[p.transpose_a ? 0 : 1];
  p.n = b[p.transpose_b ? 0 : 1];
  if (b[p.transpose_b ? 1 : 0] != p.k)
    refuse(g, n, "input shapes", to_text(a) + " and " + to_text(b), "inner extents must be equal");
  return p;
}

std::vector<std::int64_t> permutation_of(const graph& g, const node& n) {
  const std::int64_t rank = rank_in(g, n);
  ints reversed(static_cast<std::size_t>(rank));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  ints perm = n.ints_or("perm", reversed);
  ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  std::reverse(reversed.begin(), reversed.end());
  if (sorted != reversed)
    refuse(g, n, "perm", to_text(perm), "must name each of the " + std::to_string(rank) + " axes once");
  return perm;
}

std::vector<slice_axis> slice_of(const graph& g, const node& n) {
  const shape_t& x = shape_in(g, n, 0);
  const auto rank = static_cast<std::int64_t>(x.size());
  std::vector<slice_axis> made(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) made[i].count = x[i];
  const ints starts = constant_ints(g, n, 1);
  const ints ends = constant_ints(g, n, 2);
  ints axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (n.has_input(3)) axes = constant_ints(g, n, 3);
  const ints steps = n.has_input(4) ? constant_ints(g, n, 4) : ints(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    refuse(g, n, "starts, ends, axes, steps", "", "must have the same number of entries");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<std::size_t>(normal_axis(g, n, axes[i], rank));
    const std::int64_t extent = x[axis];
    const std::int64_t step = steps[i];
    constexpr std::int64_t far = std::int64_t{1} << 40;
    if (step == 0 || step > far || step < -far) refuse(g, n, "steps", to_text(steps), "entries must not be 0");
    const std::int64_t low = step > 0 ? 0 : -1;
    const std::int64_t high = step > 0 ? extent : extent - 1;
    const auto clamped = [&](std::int64_t v) {
      v = std::clamp(v, -far, far);
      return std::clamp(v < 0 ? v + extent : v, low, high);
    };
    const std::int64_t start = clamped(starts[i]);
    const std::int64_t span = step > 0 ? clamped(ends[i]) - start : start - clamped(ends[i]);
    const std::int64_t stride = std::abs(step);
    made[axis] = {start, step, span > 0 ? (span + stride - 1) / stride : 0};
  }
  return made;
}

pad_parameters pad_of(const graph& g, const node& n) {
  const shape_t& x = shape_in(g, n, 0);
  pad_parameters p;
  p.begin.assign(x.size(), 0);
  p.end.assign(x.size(), 0);
  p.mode = n.string_or("mode", "constant");
  if (p.mode != "constant" && p.mode != "edge" && p.mode != "reflect")
    refuse(g, n, "mode", p.mode, "must be constant, edge or reflect");
  const ints pads = constant_ints(g, n, 1);
  ints axes(x.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (n.has_input(3)) axes = constant_ints(g, n, 3);
  if (pads.size() != 2 * axes.size()) refuse(g, n, "pads", to_text(pads), "must have 2 entries an axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(normal_axis(g, n, axes[i], static_cast<std::int64_t>(x.size())));
    p.begin[axis] = pads[i];
    p.end[axis] = pads[axes.size() + i];
    const std::int64_t extent = x[axis];
    const std::int64_t most = p.mode == "reflect" ? extent - 1 : std::int64_t{1} << 20;
    for (std::int64_t v : {p.begin[axis], p.end[axis]})
      if (v > most || v < -extent || (v > 0 && extent == 0 && p.mode != "constant"))
        refuse(g, n, "pads", to_text(pads), "entries must be in [-extent, " + std::to_string(most) + "]");
    if (extent + p.begin[axis] + p.end[axis] < 0) refuse(g, n, "pads", to_text(pads), "crop more than the input has");
  }
  if (n.has_input(2)) {
    const tensor* value = g.constant(n.input(2));
    if (value == nullptr || !value->has_data() || value->size() != 1)
      refuse(g, n, "constant_value", g.info(n.input(2)).name, "must be a constant of one element");
    p.value = value->as_doubles()[0];
  }
  return p;
}

std::int64_t axis_of(const graph& g, const node& n) {
  const std::int64_t rank = rank_in(g, n);
  switch (n.kind) {
    case op::flatten: {
      const std::int64_t axis = n.int_or("axis", 1);
      return axis == rank ? rank : normal_axis(g, n, axis, std::max<std::int64_t>(rank, 1));
    }
    case op::softmax:
    case op::log_softmax:
      return normal_axis(g, n, n.int_or("axis", -1), std::max<std::int64_t>(rank, 1));
    case op::quantize_linear:
    case op::dequantize_linear:
      return rank == 0 ? 0 : normal_axis(g, n, n.int_or("axis", 1), std::max<std::int64_t>(rank, 2));
    case op::concat:
      if (!n.has("axis")) refuse(g, n, "axis", "", "is required");
      return normal_axis(g, n, n.int_or("axis", 0), rank);
    default:
      return normal_axis(g, n, n.int_or("axis", 0), rank);
  }
}

std::vector<std::int64_t> axes_of(const graph& g, const node& n) {
  const shape_t& x = shape_in(g, n, 0);
  auto rank = static_cast<std::int64_t>(x.size());
  ints axes;
  if (n.has_input(1)) axes = constant_ints(g, n, 1);
  const bool reduces = n.kind != op::squeeze && n.kind != op::unsqueeze;
  if (n.kind == op::unsqueeze) rank += static_cast<std::int64_t>(axes.size());
  if (n.kind == op::squeeze && !n.has_input(1)) {
    for (std::int64_t i = 0; i < rank; ++i)
      if (x[static_cast<std::size_t>(i)] == 1) axes.push_back(i);
  }
  if (reduces && axes.empty() && n.int_or("noop_with_empty_axes", 0) == 0) {
    axes.resize(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (std::int64_t& axis : axes) axis = normal_axis(g, n, axis, rank);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    refuse(g, n, "axes", to_text(axes), "must not repeat");
  return axes;
}

clip_bounds clip_of(const graph& g, const node& n) {
  const data_type type = g.info(n.inputs.at(0)).type;
  clip_bounds bounds;
  visit_type(type, [&](auto zero) {
    using limits = std::numeric_limits<decltype(zero)>;
    bounds = {static_cast<double>(limits::lowest()), static_cast<double>(limits::max())};
  });
  if (is_floating(type)) bounds = {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (std::size_t k : {1U, 2U}) {
    if (!n.has_input(k)) continue;
    const tensor* data = g.constant(n.input(k));
    if (data == nullptr || !data->has_data() || data->size() != 1)
      refuse(g, n, k == 1 ? "min" : "max", g.info(n.input(k)).name, "must be a constant of one element");
    (k == 1 ? bounds.low : bounds.high) = data->as_doubles()[0];
  }
  return bounds;
}

shape_t broadcast(const graph& g, const node& n, const shape_t& a, const shape_t& b) {
  shape_t made(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < made.size(); ++i) {  // from the last axis
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) refuse(g, n, "input shapes", to_text(a) + " and " + to_text(b), "do not broadcast");
    made[made.size() - 1 - i] = x == 1 ? y : x;
  }
  return made;
}

std::int64_t macs_of(const graph& g, const node& n) {
  switch (n.kind) {
    case op::conv:
    case op::conv_integer:
    case op::qlinear_conv: {
      const shape_t& weight = shape_in(g, n, weight_input(n.kind));
      const std::int64_t per_output = element_count(weight) / std::max<std::int64_t>(weight[0], 1);
      return element_count(g.shape_of(n.output())) * per_output;
    }
    case op::gemm: {
      const gemm_parameters p = gemm_of(g, n);
      return p.m * p.k * p.n;
    }
    case op::mat_mul:
    case op::mat_mul_integer:
    case op::qlinear_mat_mul:
      return element_count(g.shape_of(n.output())) * shape_in(g, n, 0).back();
    default:
      return 0;
  }
}

}  // namespace cimbalom::graph
