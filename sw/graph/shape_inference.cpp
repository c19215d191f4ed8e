#include "sw/graph/shape_inference.hpp"

#include <algorithm>

#include "sw/graph/messages.hpp"
#include "sw/graph/operators.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

/// Bound of a value's element count: beyond it sizes could overflow.
constexpr std::int64_t most_elements = std::int64_t{1} << 33;

const shape_t& in_shape(const graph& g, const node& n, std::size_t k = 0) {
  return g.shape_of(n.inputs.at(k));
}
data_type in_type(const graph& g, const node& n, std::size_t k = 0) {
  return g.info(n.inputs.at(k)).type;
}

void set(graph& g, const node& n, std::size_t k, data_type type, shape_t shape) {
  if (n.output(k) == no_value) return;
  std::int64_t count = 1;
  for (std::int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && count > most_elements / extent))
      refuse(g, n, "output shape", to_text(shape), "must have at most 2^33 elements");
    count *= extent;
  }
  value_info& info = g.info(n.output(k));
  info.type = type;
  info.shape = std::move(shape);
}

void same_types(const graph& g, const node& n, std::size_t first, std::size_t last) {
  for (std::size_t k = first; k < last; ++k)
    if (n.has_input(k) && in_type(g, n, k) != in_type(g, n, first))
      refuse(g, n, "input types", std::string(name_of(in_type(g, n, first))) + " and " + name_of(in_type(g, n, k)),
             "must be equal");
}

void require_type(const graph& g, const node& n, std::size_t k, data_type type) {
  if (n.has_input(k) && in_type(g, n, k) != type)
    refuse(g, n, "input " + std::to_string(k) + ": type", name_of(in_type(g, n, k)),
           std::string("must be ") + name_of(type));
}

void infer_window(graph& g, const node& n, data_type type) {
  const window w = window_of(g, n);
  shape_t out = {in_shape(g, n)[0], in_shape(g, n)[1]};
  if (n.kind == op::conv || n.kind == op::conv_integer) out[1] = in_shape(g, n, 1)[0];
  if (n.kind == op::qlinear_conv) out[1] = in_shape(g, n, 3)[0];
  const std::size_t bias = n.kind == op::conv ? 2 : n.kind == op::qlinear_conv ? 8 : n.inputs.size();
  if (n.has_input(bias) && in_shape(g, n, bias) != shape_t{out[1]})
    refuse(g, n, "bias shape", to_text(in_shape(g, n, bias)), "must be [" + std::to_string(out[1]) + "]");
  out.insert(out.end(), w.output.begin(), w.output.end());
  set(g, n, 0, type, out);
}

void infer_mat_mul(graph& g, const node& n, std::size_t b_input, data_type type) {
  shape_t a = in_shape(g, n);
  shape_t b = in_shape(g, n, b_input);
  if (a.empty() || b.empty()) refuse(g, n, "input shapes", to_text(a) + " and " + to_text(b), "must not be scalars");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() != b[b.size() - 2])
    refuse(g, n, "input shapes", to_text(a) + " and " + to_text(b), "inner extents must be equal");
  shape_t out = broadcast(g, n, shape_t(a.begin(), a.end() - 2), shape_t(b.begin(), b.end() - 2));
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  set(g, n, 0, type, out);
}

void infer_reshape(graph& g, const node& n) {
  const shape_t& x = in_shape(g, n);
  shape_t out = constant_ints(g, n, 1);
  const shape_t asked = out;
  std::int64_t known = 1;
  int open = -1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && n.int_or("allowzero", 0) == 0) {
      if (i >= x.size())
        refuse(g, n, "shape", to_text(asked), "0 copies an extent that " + to_text(x) + " does not have");
      out[i] = x[i];
    }
    if (out[i] == -1 && open < 0) {
      open = static_cast<int>(i);
    } else if (out[i] < 0 || (out[i] > 0 && known > most_elements / out[i])) {
      refuse(g, n, "shape", to_text(asked), "extents must be positive, 0, or -1 once");
    } else {
      known *= out[i];
    }
  }
  const std::int64_t count = element_count(x);
  if (open >= 0 && known > 0 && count % known == 0) out[static_cast<std::size_t>(open)] = count / known;
  if (std::find(out.begin(), out.end(), -1) != out.end() || element_count(out) != count)
    refuse(g, n, "shape", to_text(asked), "must hold the " + std::to_string(count) + " elements of " + to_text(x));
  set(g, n, 0, in_type(g, n), out);
}

void infer_flatten(graph& g, const node& n) {
  const shape_t& x = in_shape(g, n);
  const auto split = x.begin() + axis_of(g, n);
  set(g, n, 0, in_type(g, n), {element_count({x.begin(), split}), element_count({split, x.end()})});
}

void infer_squeeze(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const std::vector<std::int64_t> axes = axes_of(g, n);
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (out[static_cast<std::size_t>(*axis)] != 1)
      refuse(g, n, "axes", to_text(axes), "must be of extent 1 in " + to_text(in_shape(g, n)));
    out.erase(out.begin() + *axis);
  }
  set(g, n, 0, in_type(g, n), out);
}

void infer_unsqueeze(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  for (std::int64_t axis : axes_of(g, n)) out.insert(out.begin() + axis, 1);
  set(g, n, 0, in_type(g, n), out);
}

void infer_reduce(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const std::vector<std::int64_t> axes =
      n.kind == op::arg_max ? std::vector<std::int64_t>{axis_of(g, n)} : axes_of(g, n);
  const bool keep = n.int_or("keepdims", 1) != 0;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (keep)
      out[static_cast<std::size_t>(*axis)] = 1;
    else
      out.erase(out.begin() + *axis);
  }
  set(g, n, 0, n.kind == op::arg_max ? data_type::int64 : in_type(g, n), out);
}

void infer_concat(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const auto axis = static_cast<std::size_t>(axis_of(g, n));
  same_types(g, n, 0, n.inputs.size());
  for (std::size_t k = 1; k < n.inputs.size(); ++k) {
    const shape_t& next = in_shape(g, n, k);
    const std::int64_t before = out[axis];
    if (next.size() == out.size()) out[axis] = next[axis];
    if (next != out) refuse(g, n, "input shapes", to_text(next), "must agree with input 0 but for the axis");
    out[axis] += before;
  }
  set(g, n, 0, in_type(g, n), out);
}

void infer_slice(graph& g, const node& n) {
  shape_t out;
  for (const slice_axis& s : slice_of(g, n)) out.push_back(s.count);
  set(g, n, 0, in_type(g, n), out);
}

void infer_pad(graph& g, const node& n) {
  if (n.has_input(2)) require_type(g, n, 2, in_type(g, n));
  const pad_parameters p = pad_of(g, n);
  shape_t out = in_shape(g, n);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += p.begin[i] + p.end[i];
  set(g, n, 0, in_type(g, n), out);
}

void infer_split(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const auto axis = static_cast<std::size_t>(axis_of(g, n));
  const std::int64_t extent = out[axis];
  const auto parts = static_cast<std::int64_t>(n.outputs.size());
  std::vector<std::int64_t> lengths(n.outputs.size(), extent / parts);
  if (n.has_input(1)) {
    lengths = constant_ints(g, n, 1);
  } else if (extent % parts != 0) {
    refuse(g, n, "outputs", std::to_string(parts), "must divide the extent " + std::to_string(extent));
  }
  std::int64_t sum = 0;
  for (std::int64_t length : lengths) sum = length < 0 ? -extent - 1 : sum + length;
  if (lengths.size() != n.outputs.size() || sum != extent)
    refuse(g, n, "split", to_text(lengths), "must sum to " + std::to_string(extent) + ", one length an output");
  for (std::size_t k = 0; k < n.outputs.size(); ++k) {
    out[axis] = lengths[k];
    set(g, n, k, in_type(g, n), out);
  }
}

void infer_gather(graph& g, const node& n) {
  const shape_t& x = in_shape(g, n);
  const shape_t& indices = in_shape(g, n, 1);
  if (in_type(g, n, 1) != data_type::int32 && in_type(g, n, 1) != data_type::int64)
    refuse(g, n, "indices", name_of(in_type(g, n, 1)), "must be int32 or int64");
  const std::int64_t axis = axis_of(g, n);
  shape_t out(x.begin(), x.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  set(g, n, 0, in_type(g, n), out);
}

void infer_block(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const std::int64_t block = n.int_or("blocksize", 0);
  if (out.size() != 4 || block < 1 || block > 1024)
    refuse(g, n, "blocksize", std::to_string(block), "must be in [1, 1024], on [images, channels, height, width]");
  const bool to_space = n.kind == op::depth_to_space;
  if (to_space ? out[1] % (block * block) != 0 : out[2] % block != 0 || out[3] % block != 0)
    refuse(g, n, "blocksize", std::to_string(block), "does not divide " + to_text(out));
  out[1] = to_space ? out[1] / (block * block) : out[1] * block * block;
  for (std::size_t i : {2U, 3U}) out[i] = to_space ? out[i] * block : out[i] / block;
  set(g, n, 0, in_type(g, n), out);
}

void infer_broadcast(graph& g, const node& n, std::size_t first) {
  shape_t out = in_shape(g, n);
  for (std::size_t k = 1; k < n.inputs.size(); ++k) out = broadcast(g, n, out, in_shape(g, n, k));
  if (n.kind != op::pow) same_types(g, n, first, n.inputs.size());
  set(g, n, 0, in_type(g, n, first), out);
}

void infer_transpose(graph& g, const node& n) {
  shape_t out;
  for (std::int64_t axis : permutation_of(g, n)) out.push_back(in_shape(g, n)[static_cast<std::size_t>(axis)]);
  set(g, n, 0, in_type(g, n), out);
}

void infer_expand(graph& g, const node& n) {
  shape_t asked = constant_ints(g, n, 1);
  set(g, n, 0, in_type(g, n), broadcast(g, n, in_shape(g, n), asked));
}

void infer_tile(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  const std::vector<std::int64_t> repeats = constant_ints(g, n, 1);
  if (repeats.size() != out.size()) refuse(g, n, "repeats", to_text(repeats), "must have one entry an axis");
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > (1 << 20))
      refuse(g, n, "repeats", to_text(repeats), "entries must be in [0, 1048576]");
    out[i] *= repeats[i];
  }
  set(g, n, 0, in_type(g, n), out);
}

void infer_global_pool(graph& g, const node& n) {
  shape_t out = in_shape(g, n);
  if (out.size() < 3) refuse(g, n, "input shape", to_text(out), "must have spatial axes");
  std::fill(out.begin() + 2, out.end(), 1);
  set(g, n, 0, in_type(g, n), out);
}

void infer_batch_norm(graph& g, const node& n) {
  const shape_t& x = in_shape(g, n);
  if (x.size() < 2) refuse(g, n, "input shape", to_text(x), "must have a channel axis");
  for (std::size_t k = 1; k < 5; ++k)
    if (in_shape(g, n, k) != shape_t{x[1]})
      refuse(g, n, "input " + std::to_string(k), to_text(in_shape(g, n, k)), "must be [" + std::to_string(x[1]) + "]");
  set(g, n, 0, in_type(g, n), x);
}

/// Scale and zero point of Quantize/DequantizeLinear: scalars, or one entry along the axis.
void infer_quantize(graph& g, const node& n) {
  const shape_t& x = in_shape(g, n);
  const shape_t& scale = in_shape(g, n, 1);
  if (in_type(g, n, 1) != data_type::float32) refuse(g, n, "scale", name_of(in_type(g, n, 1)), "must be float32");
  if (element_count(scale) != 1 || scale.size() > 1) {
    const auto axis = static_cast<std::size_t>(axis_of(g, n));
    if (scale.size() != 1 || axis >= x.size() || scale[0] != x[axis])
      refuse(g, n, "scale shape", to_text(scale), "must be [] or one entry along axis " + std::to_string(axis));
  }
  if (n.has_input(2) && element_count(in_shape(g, n, 2)) != element_count(scale))
    refuse(g, n, "zero point shape", to_text(in_shape(g, n, 2)), "must be the scale's " + to_text(scale));
  if (n.kind == op::dequantize_linear) {
    const data_type type = in_type(g, n);
    if (type != data_type::int8 && type != data_type::uint8 && type != data_type::int32)
      refuse(g, n, "input type", name_of(type), "must be int8, uint8 or int32");
    if (n.has_input(2) && in_type(g, n, 2) != type)
      refuse(g, n, "zero point type", name_of(in_type(g, n, 2)), std::string("must be ") + name_of(type));
    set(g, n, 0, data_type::float32, x);
    return;
  }
  const data_type to = n.has_input(2) ? in_type(g, n, 2) : data_type::uint8;
  if (to != data_type::int8 && to != data_type::uint8)
    refuse(g, n, "zero point type", name_of(to), "must be int8 or uint8");
  set(g, n, 0, to, x);
}

void infer_constant_of_shape(graph& g, const node& n) {
  data_type type = data_type::float32;
  if (n.has("value")) {
    const auto* value = std::get_if<tensor>(&n.attributes.at("value"));
    if (value == nullptr || value->size() != 1) refuse(g, n, "value", "", "must be a tensor of one element");
    type = value->type();
  }
  set(g, n, 0, type, constant_ints(g, n, 0));
}

void infer_constant(graph& g, const node& n) {
  const auto* value = n.has("value") ? std::get_if<tensor>(&n.attributes.at("value")) : nullptr;
  if (value == nullptr) refuse(g, n, "value", "", "must be a tensor");
  set(g, n, 0, value->type(), value->shape());
}

void infer_shape_of(graph& g, const node& n) {
  const auto rank = static_cast<std::int64_t>(in_shape(g, n).size());
  const auto bound = [&](const char* key, std::int64_t fallback) {
    const std::int64_t v = n.int_or(key, fallback);
    return std::clamp<std::int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  set(g, n, 0, data_type::int64, {std::max<std::int64_t>(bound("end", rank) - bound("start", 0), 0)});
}

void infer_gemm(graph& g, const node& n) {
  const gemm_parameters p = gemm_of(g, n);
  const shape_t out = {p.m, p.n};
  if (n.has_input(2) && broadcast(g, n, in_shape(g, n, 2), out) != out)
    refuse(g, n, "C shape", to_text(in_shape(g, n, 2)), "must broadcast to " + to_text(out));
  set(g, n, 0, in_type(g, n), out);
}

void infer_cast(graph& g, const node& n) {
  const auto to = static_cast<data_type>(n.int_or("to", 0));
  if (to <= data_type::undefined || to > data_type::boolean) refuse(g, n, "to", "", "must name an element type");
  set(g, n, 0, to, in_shape(g, n));
}

/// Integer products: int8 or uint8 operands.
void require_bytes(const graph& g, const node& n, std::size_t k) {
  const data_type type = in_type(g, n, k);
  if (type != data_type::int8 && type != data_type::uint8)
    refuse(g, n, "input " + std::to_string(k), name_of(type), "must be int8 or uint8");
}

/// A scale or zero point: one element, or `most` along the operand's own axis.
void require_count(const graph& g, const node& n, std::size_t k, std::int64_t most) {
  if (!n.has_input(k)) return;
  const shape_t& shape = in_shape(g, n, k);
  const std::int64_t count = element_count(shape);
  if (count == 1 || (count == most && shape.size() == 1)) return;
  refuse(g, n, "input " + std::to_string(k) + ": shape", to_text(shape),
         most == 1 ? "must be one element" : "must be one element or " + std::to_string(most));
}

/// Rows of a matrix operand a, columns of b; filters of a convolution's weights.
std::int64_t own_extent(const graph& g, const node& n, std::size_t k, bool is_conv) {
  const shape_t& shape = in_shape(g, n, k);
  if (is_conv) return k == 0 ? 1 : shape[0];
  if (shape.size() < 2) return 1;
  return k == 0 ? shape[shape.size() - 2] : shape.back();
}

void check_integer_product(const graph& g, const node& n) {
  const bool is_conv = n.kind == op::conv_integer;
  require_bytes(g, n, 1);
  for (std::size_t k : {0U, 1U}) {
    require_type(g, n, k + 2, in_type(g, n, k));
    require_count(g, n, k + 2, own_extent(g, n, k, is_conv));
  }
}

void check_quantized_product(const graph& g, const node& n) {
  const bool is_conv = n.kind == op::qlinear_conv;
  require_bytes(g, n, 3);
  require_bytes(g, n, 7);
  for (std::size_t k : {0U, 3U}) {
    require_type(g, n, k + 1, data_type::float32);
    require_type(g, n, k + 2, in_type(g, n, k));
    for (std::size_t offset : {1U, 2U}) require_count(g, n, k + offset, own_extent(g, n, k, is_conv));
  }
  require_type(g, n, 6, data_type::float32);
  require_count(g, n, 6, 1);
  require_count(g, n, 7, 1);
  require_type(g, n, 8, data_type::int32);
}

void infer_product(graph& g, const node& n) {
  switch (n.kind) {
    case op::conv:
      same_types(g, n, 0, n.inputs.size());
      return infer_window(g, n, in_type(g, n));
    case op::conv_integer:
      infer_window(g, n, data_type::int32);
      return check_integer_product(g, n);
    case op::qlinear_conv:
      infer_window(g, n, in_type(g, n, 7));
      return check_quantized_product(g, n);
    case op::mat_mul:
      same_types(g, n, 0, 2);
      return infer_mat_mul(g, n, 1, in_type(g, n));
    case op::mat_mul_integer:
      infer_mat_mul(g, n, 1, data_type::int32);
      return check_integer_product(g, n);
    case op::qlinear_mat_mul:
      infer_mat_mul(g, n, 3, in_type(g, n, 7));
      return check_quantized_product(g, n);
    default:
      same_types(g, n, 0, n.inputs.size());
      return infer_gemm(g, n);
  }
}

void infer_by_kind(graph& g, const node& n) {
  switch (n.kind) {
    case op::conv:
    case op::conv_integer:
    case op::qlinear_conv:
    case op::mat_mul:
    case op::mat_mul_integer:
    case op::qlinear_mat_mul:
    case op::gemm:
      return infer_product(g, n);
    case op::max_pool:
    case op::average_pool:
      return infer_window(g, n, in_type(g, n));
    case op::global_average_pool:
    case op::global_max_pool:
      return infer_global_pool(g, n);
    case op::add:
    case op::sub:
    case op::mul:
    case op::div:
    case op::pow:
    case op::max:
    case op::min:
    case op::sum:
      return infer_broadcast(g, n, 0);
    case op::p_relu:
      if (broadcast(g, n, in_shape(g, n), in_shape(g, n, 1)) != in_shape(g, n))
        refuse(g, n, "slope shape", to_text(in_shape(g, n, 1)), "must broadcast to " + to_text(in_shape(g, n)));
      return infer_broadcast(g, n, 0);
    case op::where:
      return infer_broadcast(g, n, 1);
    case op::arg_max:
    case op::reduce_max:
    case op::reduce_mean:
    case op::reduce_min:
    case op::reduce_sum:
      return infer_reduce(g, n);
    case op::softmax:
    case op::log_softmax:
      axis_of(g, n);
      return set(g, n, 0, in_type(g, n), in_shape(g, n));
    case op::batch_normalization:
      return infer_batch_norm(g, n);
    case op::quantize_linear:
    case op::dequantize_linear:
      return infer_quantize(g, n);
    case op::dynamic_quantize_linear:
      set(g, n, 0, data_type::uint8, in_shape(g, n));
      set(g, n, 1, data_type::float32, {});
      return set(g, n, 2, data_type::uint8, {});
    case op::cast:
      return infer_cast(g, n);
    case op::clip:
      clip_of(g, n);
      return set(g, n, 0, in_type(g, n), in_shape(g, n));
    case op::reshape:
      return infer_reshape(g, n);
    case op::flatten:
      return infer_flatten(g, n);
    case op::squeeze:
      return infer_squeeze(g, n);
    case op::unsqueeze:
      return infer_unsqueeze(g, n);
    case op::transpose:
      return infer_transpose(g, n);
    case op::concat:
      return infer_concat(g, n);
    case op::slice:
      return infer_slice(g, n);
    case op::pad:
      return infer_pad(g, n);
    case op::split:
      return infer_split(g, n);
    case op::gather:
      return infer_gather(g, n);
    case op::expand:
      return infer_expand(g, n);
    case op::tile:
      return infer_tile(g, n);
    case op::depth_to_space:
    case op::space_to_depth:
      return infer_block(g, n);
    case op::constant:
      return infer_constant(g, n);
    case op::constant_of_shape:
      return infer_constant_of_shape(g, n);
    case op::shape:
      return infer_shape_of(g, n);
    case op::dropout:
      set(g, n, 1, data_type::boolean, in_shape(g, n));
      return set(g, n, 0, in_type(g, n), in_shape(g, n));
    default:  // element by element
      return set(g, n, 0, in_type(g, n), in_shape(g, n));
  }
}

void check_arity(const graph& g, const node& n, const operator_row& row) {
  const auto inputs = static_cast<int>(n.inputs.size());
  const auto outputs = static_cast<int>(n.outputs.size());
  if (inputs < row.min_inputs || inputs > row.max_inputs)
    refuse(g, n, "inputs", std::to_string(inputs),
           "must be " + std::to_string(row.min_inputs) + " to " + std::to_string(row.max_inputs));
  if (outputs < row.min_outputs || outputs > row.max_outputs)
    refuse(g, n, "outputs", std::to_string(outputs),
           "must be " + std::to_string(row.min_outputs) + " to " + std::to_string(row.max_outputs));
  const int needed_inputs = row.max_inputs == any_number ? inputs : row.min_inputs;
  for (int k = 0; k < needed_inputs; ++k)
    if (!n.has_input(static_cast<std::size_t>(k))) refuse(g, n, "input " + std::to_string(k), "", "is required");
  const int needed_outputs = row.max_outputs == any_number ? outputs : row.min_outputs;
  for (int k = 0; k < needed_outputs; ++k)
    if (n.output(static_cast<std::size_t>(k)) == no_value)
      refuse(g, n, "output " + std::to_string(k), "", "must have a name");
}

}  // namespace

void infer_node(graph& g, const node& n) {
  const operator_row& row = row_of(n.kind);
  check_arity(g, n, row);
  if (!n.inputs.empty()) {
    if (!accepts(row, in_type(g, n)))
      refuse(g, n, "input type", name_of(in_type(g, n)), std::string(row.name) + " does not take it");
  }
  for (std::size_t k = 0; k < n.inputs.size() && k < 32; ++k)
    if ((row.constant_inputs >> k & 1U) != 0 && n.has_input(k) && !g.is_constant(n.inputs[k]))
      refuse(g, n, "input " + std::to_string(k), g.info(n.inputs[k]).name, "must be a constant");
  infer_by_kind(g, n);
}

void infer_shapes(graph& g) {
  for (const node& n : g.nodes) infer_node(g, n);
}

}  // namespace cimbalom::graph
