#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "models/arithmetic/nonideality.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::test {

/// Small networks made in code: weights and shapes chosen by the test, scales such that codes use their range.
class network_builder {
 public:
  explicit network_builder(std::uint64_t seed = 1) : seed_(seed) { net_.name = "synthetic"; }

  int input(int height, int width, int channels, bool is_signed = true, int bits = 8, int zero_point = 0) {
    net_.input = tensor(height, width, channels, is_signed, bits, zero_point);
    return net_.input;
  }

  struct conv_options {
    int filters = 8, kernel = 3, stride = 1, pad = 1, groups = 1, dilation = 1;
    bool relu = true;
    int residual = -1;
    int weight_bits = 8;
    int kernel_w = 0;                 ///< 0: as kernel
    int pad_left = -1, pad_end = -1;  ///< -1: as pad; pad_end: below and to the right
    double zero_fraction = 0;
    bool signed_output = false;
    int output_bits = 8;
  };

  int conv(int from, const conv_options& o) {
    const quantization::tensor in = net_.tensors[at(from)];
    quantization::layer l;
    l.kind = quantization::layer_kind::mvm;
    quantization::mvm_parameters& p = l.mvm;
    p.groups = o.groups;
    p.filters = o.filters;
    p.channels_per_group = in.format.channels / o.groups;
    p.filter_window.kernel_h = o.kernel;
    p.filter_window.kernel_w = o.kernel_w > 0 ? o.kernel_w : o.kernel;
    p.filter_window.stride_h = p.filter_window.stride_w = o.stride;
    p.filter_window.dilation_h = p.filter_window.dilation_w = o.dilation;
    p.filter_window.pad_top = o.pad;
    p.filter_window.pad_left = o.pad_left >= 0 ? o.pad_left : o.pad;
    const int pad_end = o.pad_end >= 0 ? o.pad_end : o.pad;
    const int taps = p.filter_window.kernel_h * p.filter_window.kernel_w;
    const std::size_t row = at(taps * p.channels_per_group);
    const int most = (1 << (o.weight_bits - 1)) - 1;
    p.weights.resize(at(o.filters) * row);
    for (std::int16_t& w : p.weights) {
      const bool zero = static_cast<double>(random(1000)) < 1000 * o.zero_fraction;
      // Weights of trained networks are small: the sum of three draws.
      const int drawn = (random(2 * most + 1) + random(2 * most + 1) + random(2 * most + 1)) / 3 - most;
      w = static_cast<std::int16_t>(zero ? 0 : drawn);
    }
    p.weight_bits.assign(at(o.filters), static_cast<std::uint8_t>(o.weight_bits));
    p.weight_scale.assign(at(o.filters), 0.01);
    p.weight_zero_point.assign(at(o.filters), 0);
    for (int f = 0; f < o.filters; ++f) p.bias.push_back(random(2001) - 1000);
    const auto extent = [&](int size, int pad, int kernel) {
      return (size + pad + pad_end - o.dilation * (kernel - 1) - 1) / o.stride + 1;
    };
    l.output = tensor(extent(in.format.height, p.filter_window.pad_top, p.filter_window.kernel_h),
                      extent(in.format.width, p.filter_window.pad_left, p.filter_window.kernel_w), o.filters,
                      o.signed_output || !o.relu, o.output_bits, 0);
    quantization::tensor& out = net_.tensors[at(l.output)];
    // About two standard deviations of a sum in the range of the output.
    out.scale = in.scale * 0.01 * most * 12 * std::sqrt(static_cast<double>(row)) / 64;
    l.inputs = {from};
    if (o.residual >= 0) {
      l.inputs.push_back(o.residual);
      l.has_residual = true;
    }
    l.macs = static_cast<std::uint64_t>(out.format.height) * static_cast<std::uint64_t>(out.format.width) *
             static_cast<std::uint64_t>(o.filters) * row;
    return add(std::move(l), "conv");
  }

  int pool(int from, quantization::layer_kind kind, int kernel, int stride, int pad = 0) {
    const registers::tensor_format in = net_.tensors[at(from)].format;
    quantization::layer l;
    l.kind = kind;
    l.pool_window.kernel_h = l.pool_window.kernel_w = kernel;
    l.pool_window.stride_h = l.pool_window.stride_w = stride;
    l.pool_window.pad_top = l.pool_window.pad_left = pad;
    l.inputs = {from};
    l.output = tensor((in.height + 2 * pad - kernel) / stride + 1, (in.width + 2 * pad - kernel) / stride + 1,
                      in.channels, in.is_signed, in.bits, in.zero_point);
    net_.tensors[at(l.output)].scale = net_.tensors[at(from)].scale;
    return add(std::move(l), "pool");
  }

  int add(int a, int b) {
    const registers::tensor_format in = net_.tensors[at(a)].format;
    quantization::layer l;
    l.kind = quantization::layer_kind::add;
    l.inputs = {a, b};
    l.output = tensor(in.height, in.width, in.channels, in.is_signed, in.bits, in.zero_point);
    net_.tensors[at(l.output)].scale = net_.tensors[at(a)].scale + net_.tensors[at(b)].scale;
    return add(std::move(l), "add");
  }

  /// Every second row and column, more channels: the shortcut of residual networks without weights.
  int shortcut(int from, int channels) {
    const registers::tensor_format in = net_.tensors[at(from)].format;
    quantization::layer l;
    l.kind = quantization::layer_kind::slice_pad;
    l.pool_window.stride_h = l.pool_window.stride_w = 2;
    l.channel_offset = -(channels - in.channels) / 2;
    l.channels_written = channels;
    l.inputs = {from};
    l.output = tensor((in.height + 1) / 2, (in.width + 1) / 2, channels, in.is_signed, in.bits, in.zero_point);
    net_.tensors[at(l.output)].scale = net_.tensors[at(from)].scale;
    return add(std::move(l), "shortcut");
  }

  int dense(int from, int filters) {
    const registers::tensor_format in = net_.tensors[at(from)].format;
    conv_options o;
    o.filters = filters;
    o.kernel = in.height;
    o.kernel_w = in.width;
    o.pad = 0;
    o.relu = false;
    return conv(from, o);
  }

  /// A node of one input and one output on the processor, in float32; its result is codes again if `to_codes`.
  int host(int from, graph::op kind, bool to_codes) {
    const quantization::tensor in = net_.tensors[at(from)];
    graph::graph& g = net_.host_graph;
    const auto value_of = [&](const quantization::tensor& t) {
      const graph::value_id known = g.find(t.name);
      return known != graph::no_value ? known : g.add_value(t.name, graph::data_type::float32, t.shape);
    };
    quantization::layer l;
    l.kind = quantization::layer_kind::host;
    l.inputs = {from};
    l.output = tensor(in.format.height, in.format.width, in.format.channels, true, 8, 0);
    quantization::tensor& out = net_.tensors[at(l.output)];
    out.shape = in.shape;
    out.scale = in.scale;
    out.on_host = !to_codes;
    graph::node n;
    n.kind = kind;
    n.name = "host" + std::to_string(net_.layers.size());
    n.inputs = {value_of(in)};
    n.outputs = {value_of(out)};
    l.graph_node = static_cast<int>(g.nodes.size());
    g.nodes.push_back(std::move(n));
    return add(std::move(l), "host");
  }

  quantization::network finish(std::vector<int> outputs) {
    net_.outputs = std::move(outputs);
    return net_;
  }

  int channels(int tensor) const { return net_.tensors[at(tensor)].format.channels; }

  /// 0 .. count - 1, the same everywhere.
  int random(int count) {
    return static_cast<int>(arithmetic::random_bits(seed_, draws_++) % static_cast<std::uint64_t>(count));
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  int tensor(int height, int width, int channels, bool is_signed, int bits, int zero_point) {
    quantization::tensor t;
    t.name = "t" + std::to_string(net_.tensors.size());
    t.format.height = height;
    t.format.width = width;
    t.format.channels = channels;
    t.format.is_signed = is_signed;
    t.format.bits = static_cast<std::uint8_t>(bits);
    t.format.zero_point = zero_point;
    t.scale = 0.05;
    t.shape = {1, channels, height, width};
    net_.tensors.push_back(std::move(t));
    return static_cast<int>(net_.tensors.size()) - 1;
  }

  int add(quantization::layer l, const char* kind) {
    const registers::tensor_format& out = net_.tensors[at(l.output)].format;
    l.name = std::string(kind) + std::to_string(net_.layers.size());
    l.clamp_low = out.is_signed ? out.minimum() : 0;
    l.clamp_high = out.maximum();
    const int output = l.output;
    net_.layers.push_back(std::move(l));
    return output;
  }

  std::uint64_t seed_, draws_ = 0;
  quantization::network net_;
};

/// The shape of ResNet-20 for CIFAR-10 (`blocks` 3; fewer for quick tests), residuals added in the convolutions.
inline quantization::network residual_network(int blocks = 3, int size = 32, int width = 16, std::uint64_t seed = 1) {
  network_builder b(seed);
  network_builder::conv_options o;
  int x = b.input(size, size, 3);
  o.filters = width;
  x = b.conv(x, o);
  for (int stage = 0; stage < 3; ++stage) {
    for (int block = 0; block < blocks; ++block) {
      network_builder::conv_options first;
      first.filters = width << stage;
      first.stride = stage > 0 && block == 0 ? 2 : 1;
      const int skip = first.stride == 2 ? b.shortcut(x, first.filters) : x;
      const int middle = b.conv(x, first);
      network_builder::conv_options second;
      second.filters = first.filters;
      second.residual = skip;
      x = b.conv(middle, second);
    }
  }
  x = b.pool(x, quantization::layer_kind::average_pool, size / 4, 1);
  x = b.dense(x, 10);
  return b.finish({x});
}

}  // namespace cimbalom::test
