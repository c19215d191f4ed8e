#include "sw/quantization/qdq_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/graph/build.hpp"

namespace cimbalom::quantization {
namespace {

using graph::data_type;
using graph::no_value;
using graph::op;
using graph::shape_t;
using graph::value_id;
using attributes = std::map<std::string, graph::attribute>;
using ints = std::vector<std::int64_t>;

std::string hexadecimal(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%a", value);
  return text.data();
}

// Padding behind a window of which only the front is known: what the output's extent needs.
std::int64_t pad_behind(std::int64_t in, std::int64_t out, int kernel, int stride, int dilation, int front) {
  return std::max<std::int64_t>(0, (out - 1) * stride + std::int64_t{kernel - 1} * dilation + 1 - in - front);
}

// One axis of a strided copy: elements first, first + step, ... of the input, then zeros around them.
struct copied_axis {
  std::int64_t first = 0, step = 1, count = 0, before = 0, after = 0;
  bool whole(std::int64_t extent) const { return first == 0 && step == 1 && count == extent; }
};

copied_axis copy_of(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t pad) {
  copied_axis a;
  a.step = stride;
  a.before = pad > 0 ? (pad + stride - 1) / stride : 0;
  a.first = a.before * stride - pad;
  const std::int64_t there = a.first < in ? (in - 1 - a.first) / stride + 1 : 0;
  a.count = std::min(there, out - a.before);
  a.after = out - a.before - a.count;
  return a;
}

class qdq_writer {
 public:
  explicit qdq_writer(const network& net) : net_(net), value_of_(net.tensors.size(), no_value), images_(value_of_) {}

  graph::graph run() {
    g_.name = net_.name;
    g_.file = net_.name + " as QDQ";
    note_requantization();
    const tensor& in = at(net_.input);
    const value_id x = graph::add_input(g_, in.name, data_type::float32, in.shape);
    g_.info(x).batch_axis = -1;  // the shapes of Reshape are those of one image
    finish(net_.input, x);
    for (std::size_t k = 0; k < net_.layers.size(); ++k) write(net_.layers[k]);
    for (std::size_t k = 0; k < net_.outputs.size(); ++k) write_output(k);
    graph::check(g_);
    return std::move(g_);
  }

 private:
  const tensor& at(int number) const { return net_.tensors.at(static_cast<std::size_t>(number)); }
  value_id value_of(int number) const { return value_of_.at(static_cast<std::size_t>(number)); }

  [[noreturn]] void refuse(const std::string& what, const std::string& why) const {
    throw input_error(net_.name + ": " + what + ": " + why);
  }

  // One way for the whole file. Layers that only move codes requantise alike either way.
  void note_requantization() {
    bool fixed = false, floating = false;
    for (const layer& l : net_.layers) {
      if (l.kind == layer_kind::host || l.kind == layer_kind::max_pool || l.kind == layer_kind::slice_pad) continue;
      (l.requantize == registers::requantization::fixed_point ? fixed : floating) = true;
    }
    if (fixed && floating) refuse("requantize", "some layers are fixed_point, others floating_point: one is needed");
    if (fixed) g_.metadata[requantization_key] = "fixed_point";
  }

  value_id emit(op kind, const std::string& name, std::vector<value_id> inputs, attributes attrs = {}) {
    std::string unique = name;
    for (int suffix = 1; !node_names_.insert(unique).second; ++suffix) unique = name + "_" + std::to_string(suffix);
    const value_id out = g_.add_value(name, data_type::undefined, {});
    graph::append(g_, {kind, unique, std::move(inputs), {out}, std::move(attrs)}, g_.opset);
    return out;
  }

  // A float32 constant; what it rounds stands in the metadata.
  value_id real(const std::string& name, const std::vector<double>& values, bool scalar = false) {
    std::vector<float> rounded(values.begin(), values.end());
    const bool exact = std::equal(values.begin(), values.end(), rounded.begin(),
                                  [](double a, float b) { return a == static_cast<double>(b); });
    const shape_t shape = scalar ? shape_t{} : shape_t{static_cast<std::int64_t>(values.size())};
    const value_id id = g_.add_constant(name, graph::tensor::of<float>(shape, rounded));
    if (exact) return id;
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : " ") + hexadecimal(value);
    g_.metadata[exact_key + g_.info(id).name] = text;
    return id;
  }

  value_id list(const std::string& name, const ints& values) {
    return g_.add_constant(name, graph::tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }

  value_id zero_point(const std::string& name, const registers::tensor_format& format) {
    const auto code = format.zero_point;
    if (format.is_signed) return g_.add_constant(name, graph::tensor::scalar(static_cast<std::int8_t>(code)));
    return g_.add_constant(name, graph::tensor::scalar(static_cast<std::uint8_t>(code)));
  }

  value_id clip(const std::string& name, value_id v, const tensor& t, std::int32_t low, std::int32_t high) {
    const auto bound = [&](const char* which, std::int32_t code) {
      const auto value = static_cast<float>(t.scale * (code - t.format.zero_point));
      return g_.add_constant(name + which, graph::tensor::scalar(value));
    };
    const value_id least = bound(".least", low), most = bound(".most", high);
    return emit(op::clip, name, {v, least, most});
  }

  // Codes of the tensor from its real values, and real values from them: the last step of every layer.
  void finish(int number, value_id v) {
    const tensor& t = at(number);
    auto& result = value_of_[static_cast<std::size_t>(number)];
    if (t.on_host) {
      result = v;
      return;
    }
    if (t.format.bits > 8)
      refuse("value " + t.name + ": bits = " + std::to_string(t.format.bits), "2 to 8, as QuantizeLinear holds");
    if (t.format.bits < 8) v = clip(t.name + ".width", v, t, t.format.minimum(), t.format.maximum());
    const value_id scale = real(t.name + ".scale", {t.scale}, true);
    const value_id zero = zero_point(t.name + ".zero", t.format);
    const value_id codes = emit(op::quantize_linear, t.name + ".codes", {v, scale, zero});
    result = emit(op::dequantize_linear, t.name + ".real", {codes, scale, zero});
  }

  // Activation of a layer: what its clamps cut beyond the width of the codes.
  value_id activate(const layer& l, value_id v) {
    const tensor& t = at(l.output);
    const registers::tensor_format& f = t.format;
    if (l.clamp_low <= f.minimum() && l.clamp_high >= f.maximum()) return v;
    if (l.clamp_low == f.zero_point && l.clamp_high >= f.maximum()) return emit(op::relu, l.name + ".relu", {v});
    return clip(l.name + ".clip", v, t, std::max(l.clamp_low, f.minimum()), std::min(l.clamp_high, f.maximum()));
  }

  value_id reshaped(value_id v, const shape_t& shape, const std::string& name) {
    if (g_.shape_of(v) == shape) return v;
    return emit(op::reshape, name, {v, list(name + ".shape", shape)});
  }

  static bool free_order(const registers::tensor_format& f) { return f.channels == 1 || f.height * f.width == 1; }

  // The tensor as (1, channels, height, width).
  value_id image(int number) {
    value_id& made = images_[static_cast<std::size_t>(number)];
    if (made != no_value) return made;
    const tensor& t = at(number);
    const registers::tensor_format& f = t.format;
    if (!t.channels_last || free_order(f)) {
      made = reshaped(value_of(number), {1, f.channels, f.height, f.width}, t.name + ".image");
      return made;
    }
    const value_id last = reshaped(value_of(number), {1, f.height, f.width, f.channels}, t.name + ".rows");
    made = emit(op::transpose, t.name + ".image", {last}, {{"perm", ints{0, 3, 1, 2}}});
    return made;
  }

  // An image in the shape and order of the tensor.
  value_id from_image(value_id v, int number) {
    const tensor& t = at(number);
    if (t.channels_last && !free_order(t.format))
      v = emit(op::transpose, t.name + ".last", {v}, {{"perm", ints{0, 2, 3, 1}}});
    return reshaped(v, t.shape, t.name + ".shaped");
  }

  void finish_image(const layer& l, value_id v) { finish(l.output, from_image(activate(l, v), l.output)); }

  void write(const layer& l) {
    switch (l.kind) {
      case layer_kind::mvm:
        return write_mvm(l);
      case layer_kind::add:
        return finish_image(l, emit(op::add, l.name, {image(l.inputs[0]), image(l.inputs[1])}));
      case layer_kind::max_pool:
      case layer_kind::average_pool:
        return write_pool(l);
      case layer_kind::slice_pad:
        return write_copy(l);
      case layer_kind::affine:
        return write_affine(l);
      case layer_kind::host:
        return write_host(l);
    }
  }

  // A layer whose result is a row or matrix of products with the whole input: Gemm.
  bool is_gemm(const layer& l) const {
    const tensor &in = at(l.inputs[0]), &out = at(l.output);
    const registers::window& w = l.mvm.filter_window;
    if (out.shape.size() != 2 || l.mvm.groups != 1 || w.pad_top != 0 || w.pad_left != 0) return false;
    if (out.shape[0] > 1)
      return in.shape.size() == 2 && in.shape[0] == out.shape[0] && w.kernel_h == 1 && w.kernel_w == 1;
    return w.kernel_h == in.format.height && w.kernel_w == in.format.width;
  }

  void write_mvm(const layer& l) {
    const tensor &in = at(l.inputs[0]), &out = at(l.output);
    const bool gemm = is_gemm(l);
    const registers::window& w = l.mvm.filter_window;
    std::vector<value_id> inputs = weights(l, gemm);
    value_id v = no_value;
    if (gemm) {
      const std::int64_t rows = out.shape[0];
      const value_id x = reshaped(value_of(l.inputs[0]), {rows, graph::element_count(in.shape) / rows}, l.name + ".in");
      v = emit(op::gemm, l.name, {x, inputs[0], inputs[1]}, {{"transB", std::int64_t{1}}});
    } else {
      const registers::tensor_format &from = in.format, &to = out.format;
      const ints pads = {w.pad_top, w.pad_left,
                         pad_behind(from.height, to.height, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top),
                         pad_behind(from.width, to.width, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left)};
      v = emit(op::conv, l.name, {image(l.inputs[0]), inputs[0], inputs[1]},
               {{"kernel_shape", ints{w.kernel_h, w.kernel_w}},
                {"strides", ints{w.stride_h, w.stride_w}},
                {"dilations", ints{w.dilation_h, w.dilation_w}},
                {"pads", pads},
                {"group", std::int64_t{l.mvm.groups}}});
    }
    if (l.has_residual) {
      const value_id other = gemm ? reshaped(value_of(l.inputs[1]), out.shape, l.name + ".other") : image(l.inputs[1]);
      v = emit(op::add, l.name + ".add", {v, other});
    }
    v = activate(l, v);
    finish(l.output, gemm ? v : from_image(v, l.output));
  }

  // Where the file's order puts weight (tap, channel) of a filter.
  std::vector<std::size_t> weight_places(const layer& l, bool gemm) const {
    const registers::window& w = l.mvm.filter_window;
    const auto taps = static_cast<std::size_t>(w.kernel_h) * static_cast<std::size_t>(w.kernel_w);
    const auto channels = static_cast<std::size_t>(l.mvm.channels_per_group);
    const bool last = gemm && at(l.inputs[0]).channels_last;
    std::vector<std::size_t> places;
    for (std::size_t tap = 0; tap < taps; ++tap)
      for (std::size_t c = 0; c < channels; ++c) places.push_back(last ? tap * channels + c : c * taps + tap);
    return places;
  }

  // Weights and bias as real constants behind DequantizeLinear.
  std::vector<value_id> weights(const layer& l, bool gemm) {
    const mvm_parameters& p = l.mvm;
    const std::vector<std::size_t> places = weight_places(l, gemm);
    const auto filters = static_cast<std::size_t>(p.filters);
    std::vector<std::int8_t> codes(p.weights.size()), zeros(filters, 0);
    std::vector<std::int32_t> bias(filters);
    std::vector<double> bias_scale(filters);
    for (std::size_t f = 0; f < filters; ++f) {
      check_filter(l, f);
      for (std::size_t k = 0; k < places.size(); ++k)
        codes[f * places.size() + places[k]] = static_cast<std::int8_t>(p.weights[f * places.size() + k]);
      zeros[f] = static_cast<std::int8_t>(p.weight_zero_point[f]);
      bias[f] = static_cast<std::int32_t>(p.bias[f]);
      bias_scale[f] = at(l.inputs[0]).scale * p.weight_scale[f];
    }
    const registers::window& w = p.filter_window;
    shape_t shape = {p.filters, static_cast<std::int64_t>(places.size())};
    if (!gemm) shape = {p.filters, p.channels_per_group, w.kernel_h, w.kernel_w};
    const shape_t each = {p.filters};
    const attributes by_filter = {{"axis", std::int64_t{0}}};
    const std::string name = l.name + ".weight", bias_name = l.name + ".bias";
    const value_id held = g_.add_constant(name + ".codes", graph::tensor::of<std::int8_t>(shape, codes));
    const value_id scale = real(name + ".scale", p.weight_scale);
    const value_id zero = g_.add_constant(name + ".zero", graph::tensor::of<std::int8_t>(each, zeros));
    const value_id real_weights = emit(op::dequantize_linear, name, {held, scale, zero}, by_filter);
    const value_id held_bias = g_.add_constant(bias_name + ".codes", graph::tensor::of<std::int32_t>(each, bias));
    const value_id unit = real(bias_name + ".scale", bias_scale);
    return {real_weights, emit(op::dequantize_linear, bias_name, {held_bias, unit}, by_filter)};
  }

  void check_filter(const layer& l, std::size_t f) const {
    const mvm_parameters& p = l.mvm;
    const std::string what = "layer " + l.name + ": filter " + std::to_string(f) + ": ";
    if (p.weight_bits[f] > 8)
      refuse(what + "weight_bits = " + std::to_string(p.weight_bits[f]), "1 to 8, as DequantizeLinear holds");
    if (p.weight_zero_point[f] < -128 || p.weight_zero_point[f] > 127)
      refuse(what + "weight zero point = " + std::to_string(p.weight_zero_point[f]), "-128 to 127");
    if (p.bias[f] < std::numeric_limits<std::int32_t>::min() || p.bias[f] > std::numeric_limits<std::int32_t>::max())
      refuse(what + "bias = " + std::to_string(p.bias[f]), "32 bits, as DequantizeLinear holds");
  }

  void write_pool(const layer& l) {
    const registers::tensor_format &from = at(l.inputs[0]).format, &to = at(l.output).format;
    const registers::window& w = l.pool_window;
    const bool largest = l.kind == layer_kind::max_pool;
    const value_id x = image(l.inputs[0]);
    const bool whole = to.height * to.width == 1 && w.kernel_h == from.height && w.kernel_w == from.width &&
                       w.pad_top == 0 && w.pad_left == 0;
    if (whole && !largest) return finish_image(l, emit(op::global_average_pool, l.name, {x}));
    if (!largest && (w.dilation_h != 1 || w.dilation_w != 1))
      refuse("layer " + l.name + ": dilation", "1, as AveragePool has none");
    attributes attrs = {
        {"kernel_shape", ints{w.kernel_h, w.kernel_w}},
        {"strides", ints{w.stride_h, w.stride_w}},
        {"pads", ints{w.pad_top, w.pad_left,
                      pad_behind(from.height, to.height, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top),
                      pad_behind(from.width, to.width, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left)}}};
    if (largest) attrs["dilations"] = ints{w.dilation_h, w.dilation_w};
    if (!largest) attrs["count_include_pad"] = std::int64_t{l.count_include_pad ? 1 : 0};
    finish_image(l, emit(largest ? op::max_pool : op::average_pool, l.name, {x}, attrs));
  }

  // The piece of the output that a strided copy gives: Slice, then Pad.
  value_id copied(const layer& l) {
    const registers::tensor_format &from = at(l.inputs[0]).format, &to = at(l.output).format;
    const registers::window& w = l.pool_window;
    const shape_t extents = {1, from.channels, from.height, from.width};
    const std::vector<copied_axis> axes = {
        copy_of(1, 1, 1, 0), copy_of(from.channels, l.channels_written, 1, -l.channel_offset),
        copy_of(from.height, to.height, w.stride_h, w.pad_top), copy_of(from.width, to.width, w.stride_w, w.pad_left)};
    ints first, last, step, pads(2 * axes.size(), 0);
    bool whole = true, padded = false;
    for (std::size_t k = 0; k < axes.size(); ++k) {
      const copied_axis& a = axes[k];
      if (a.count < 1) refuse("layer " + l.name, "takes nothing from its input: such a copy has no ONNX form");
      whole = whole && a.whole(extents[k]);
      padded = padded || a.before + a.after > 0;
      first.push_back(a.first);
      last.push_back(a.first + (a.count - 1) * a.step + 1);
      step.push_back(a.step);
      pads[k] = a.before;
      pads[k + axes.size()] = a.after;
    }
    value_id v = image(l.inputs[0]);
    if (!whole)
      v = emit(op::slice, l.name,
               {v, list(l.name + ".first", first), list(l.name + ".last", last), list(l.name + ".axes", {0, 1, 2, 3}),
                list(l.name + ".step", step)});
    if (padded) v = emit(op::pad, l.name + ".pad", {v, list(l.name + ".pads", pads)});
    return v;
  }

  // Copies that fill one tensor together are a Concat.
  void write_copy(const layer& l) {
    const int channels = at(l.output).format.channels;
    if (l.output_channel == 0 && l.channels_written == channels) return finish_image(l, copied(l));
    std::vector<value_id>& pieces = pieces_[l.output];
    int& filled = filled_[l.output];
    if (l.output_channel != filled)
      refuse("layer " + l.name, "fills its output out of order: such a Concat is not written");
    pieces.push_back(copied(l));
    filled += l.channels_written;
    if (filled == channels) finish_image(l, emit(op::concat, l.name, pieces, {{"axis", std::int64_t{1}}}));
  }

  void write_affine(const layer& l) {
    const auto is = [](const std::vector<double>& values, double wanted) {
      return std::all_of(values.begin(), values.end(), [&](double v) { return v == wanted; });
    };
    const value_id x = image(l.inputs[0]);
    if (is(l.affine_scale, 1) && is(l.affine_bias, 0)) return finish_image(l, x);
    const std::vector<double> zeros(l.affine_scale.size(), 0.0), ones(l.affine_scale.size(), 1.0);
    const value_id scale = real(l.name + ".scale", l.affine_scale), bias = real(l.name + ".bias", l.affine_bias);
    const value_id mean = real(l.name + ".mean", zeros), variance = real(l.name + ".variance", ones);
    finish_image(l, emit(op::batch_normalization, l.name, {x, scale, bias, mean, variance}, {{"epsilon", 0.0F}}));
  }

  // The node as the float graph has it; it may have a layer for each of its outputs.
  void write_host(const layer& l) {
    const graph::graph& from = net_.host_graph;
    const graph::node& n = from.nodes.at(static_cast<std::size_t>(l.graph_node));
    if (host_outputs_.count(l.graph_node) == 0) {
      graph::node made = n;
      std::size_t next = 0;
      for (value_id& v : made.inputs) {
        if (v == no_value) continue;
        const graph::tensor* constant = from.constant(v);
        v = constant != nullptr ? g_.add_constant(from.info(v).name, *constant)
                                : reshaped(value_of(l.inputs.at(next++)), from.shape_of(v), from.info(v).name + ".of");
      }
      for (value_id& v : made.outputs)
        if (v != no_value) v = g_.add_value(from.info(v).name, data_type::undefined, {});
      host_outputs_[l.graph_node] = made.outputs;
      node_names_.insert(made.name);
      graph::append(g_, std::move(made), g_.opset);
    }
    const std::vector<value_id>& outputs = host_outputs_.at(l.graph_node);
    std::size_t which = 0;
    for (std::size_t k = 0; k < n.outputs.size(); ++k)
      if (n.outputs[k] != no_value && from.info(n.outputs[k]).name == at(l.output).name) which = k;
    finish(l.output, outputs.at(which));
  }

  void write_output(std::size_t k) {
    const graph::graph& from = net_.host_graph;
    value_id v = value_of(net_.outputs[k]);
    if (k < from.outputs.size()) v = reshaped(v, from.shape_of(from.outputs[k]), "output." + std::to_string(k));
    g_.outputs.push_back(v);
  }

  const network& net_;
  graph::graph g_;
  std::vector<value_id> value_of_;  // of each tensor: real values, in the tensor's own shape
  std::vector<value_id> images_;    // as images, once made
  std::set<std::string> node_names_;
  std::map<int, std::vector<value_id>> pieces_;
  std::map<int, int> filled_;
  std::map<int, std::vector<value_id>> host_outputs_;
};

}  // namespace

graph::graph qdq_graph(const network& net) {
  return qdq_writer(net).run();
}

std::vector<double> exact_values(const graph::graph& g, graph::value_id constant) {
  const graph::tensor& held = g.initializers.at(constant);
  std::vector<double> values = held.as_doubles();
  const std::string& name = g.info(constant).name;
  const auto found = g.metadata.find(exact_key + name);
  if (found == g.metadata.end()) return values;
  const char* text = found->second.c_str();
  for (double& value : values) {
    char* end = nullptr;
    const double exact = std::strtod(text, &end);
    if (end == text || static_cast<double>(static_cast<float>(exact)) != value)
      throw input_error(g.file + ": metadata " + found->first + ": is not what initializer " + name + " rounds to");
    value = exact;
    text = end;
  }
  if (*text != '\0')
    throw input_error(g.file + ": metadata " + found->first + ": has more numbers than initializer " + name);
  return values;
}

}  // namespace cimbalom::quantization
