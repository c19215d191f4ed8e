#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/quantization/lowering.hpp"
#include "sw/quantization/weight_rounding.hpp"

namespace cimbalom::quantization {

using graph::node;
using graph::op;
using graph::value_id;

bool lowering::is_matrix(const node& n) const {
  switch (n.kind) {
    case op::conv: {
      if (!g_.is_constant(n.input(1))) refuse(n, "weights computed at run time; constant weights are needed");
      if (n.has_input(2) && !g_.is_constant(n.input(2))) refuse(n, "a bias computed at run time; a constant is needed");
      const std::size_t rank = g_.shape_of(n.input(0)).size();
      if (rank > 4) refuse(n, "three spatial axes; one or two are needed");
      return true;
    }
    case op::gemm:
      if (!g_.is_constant(n.input(1))) refuse(n, "weights computed at run time; constant weights are needed");
      if (n.has_input(2) && !g_.is_constant(n.input(2))) refuse(n, "a bias computed at run time; a constant is needed");
      if (graph::gemm_of(g_, n).transpose_a && g_.shape_of(n.input(0))[0] != 1)
        refuse(n, "transA = 1; an untransposed first operand is needed");
      return true;
    case op::mat_mul:
      if (!g_.is_constant(n.input(1))) refuse(n, "a product of two activations; constant weights are needed");
      if (g_.shape_of(n.input(0)).size() != 2 || g_.shape_of(n.input(1)).size() != 2)
        refuse(n, "operands of rank other than 2; a matrix and constant weights are needed");
      return true;
    default:
      return false;
  }
}

void lowering::lower_matrix(int index, value_id residual, int add_index) {
  const node& n = node_at(index);
  layer l;
  l.kind = layer_kind::mvm;
  l.name = n.name;
  l.macs = static_cast<std::uint64_t>(graph::macs_of(g_, n));
  if (n.kind == op::conv) {
    l.inputs = {image_tensor(n.input(0), n)};
    fill_window(n, l);
    fill_conv_weights(n, l);
  } else {
    const bool one_row = g_.shape_of(n.input(0))[0] == 1;
    l.inputs = {one_row ? stored_tensor(n.input(0)) : image_tensor(n.input(0), n)};
    fill_gemm_weights(n, l, views_.at(n.input(0)));
  }
  value_id result = n.output();
  std::vector<double> bias = bias_of(n, result);
  if (residual != graph::no_value) {
    l.inputs.push_back(image_tensor(residual, node_at(add_index)));
    l.has_residual = true;
    result = node_at(add_index).output();
    done_[static_cast<std::size_t>(add_index)] = true;
  }
  real_bounds bounds;
  result = absorb_activation(result, bounds);
  l.output = new_tensor(result, false, scale_for(result));
  fill_bias(n, l, bias);
  finish(l, result, bounds, false);
  push(std::move(l));
}

void lowering::fill_window(const node& n, layer& l) {
  const graph::window w = graph::window_of(g_, n);
  const std::size_t last = w.kernel.size() - 1;
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  registers::window& to = l.mvm.filter_window;
  to.kernel_w = narrow(w.kernel[last]);
  to.stride_w = narrow(w.stride[last]);
  to.dilation_w = narrow(w.dilation[last]);
  to.pad_left = narrow(w.pad_begin[last]);
  if (last == 1) {
    to.kernel_h = narrow(w.kernel[0]);
    to.stride_h = narrow(w.stride[0]);
    to.dilation_h = narrow(w.dilation[0]);
    to.pad_top = narrow(w.pad_begin[0]);
  }
  l.mvm.groups = narrow(w.groups);
}

void lowering::fill_conv_weights(const node& n, layer& l) {
  const graph::shape_t& shape = g_.shape_of(n.input(1));
  mvm_parameters& p = l.mvm;
  p.filters = static_cast<std::int32_t>(shape[0]);
  p.channels_per_group = static_cast<std::int32_t>(shape[1]);
  const auto channels = static_cast<std::size_t>(shape[1]);
  const std::size_t taps =
      static_cast<std::size_t>(p.filter_window.kernel_h) * static_cast<std::size_t>(p.filter_window.kernel_w);
  weight_order order;
  order.filter_stride = channels * taps;
  for (std::size_t tap = 0; tap < taps; ++tap)
    for (std::size_t c = 0; c < channels; ++c) order.offsets.push_back(c * taps + tap);
  fill_weights(n, l, order, 1.0, 0);
}

void lowering::fill_gemm_weights(const node& n, layer& l, const view& input) {
  const graph::gemm_parameters gemm = n.kind == op::gemm ? graph::gemm_of(g_, n) : graph::gemm_parameters{};
  const graph::shape_t& shape = g_.shape_of(n.input(1));
  const bool transposed = gemm.transpose_b;
  const auto filters = static_cast<std::size_t>(shape[transposed ? 0 : 1]);
  const auto length = static_cast<std::size_t>(shape[transposed ? 1 : 0]);
  const registers::tensor_format& in = tensor_at(l.inputs[0]).format;
  mvm_parameters& p = l.mvm;
  p.filters = static_cast<std::int32_t>(filters);
  p.channels_per_group = in.channels;
  // Several rows: a 1 x 1 kernel over them. One row: a kernel over the whole map that was flattened.
  const bool rows = g_.shape_of(n.input(0))[0] > 1;
  p.filter_window.kernel_h = rows ? 1 : in.height;
  p.filter_window.kernel_w = rows ? 1 : in.width;
  const auto kernel_h = static_cast<std::size_t>(p.filter_window.kernel_h);
  const auto kernel_w = static_cast<std::size_t>(p.filter_window.kernel_w);
  const auto channels = static_cast<std::size_t>(in.channels);
  if (kernel_h * kernel_w * channels != length) refuse(n, "operands do not match in length");
  weight_order order;
  order.filter_stride = transposed ? length : 1;
  for (std::size_t h = 0; h < kernel_h; ++h)
    for (std::size_t w = 0; w < kernel_w; ++w)
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t k =
            input.channels_last ? (h * kernel_w + w) * channels + c : (c * kernel_h + h) * kernel_w + w;
        order.offsets.push_back(transposed ? k : k * filters);
      }
  fill_weights(n, l, order, static_cast<double>(gemm.alpha), transposed ? 0 : 1);
}

// Codes of the file, or rounded ones. filter_axis: that of the weight tensor.
void lowering::fill_weights(const node& n, layer& l, const weight_order& order, double factor, int filter_axis) {
  const auto codes = a_.constants.find(n.input(1));
  if (codes != a_.constants.end())
    take_filters(n, l, codes->second, factor, order, codes->second.axis == filter_axis);
  else
    quantize_filters(n, l, *g_.constant(n.input(1)), factor, order);
}

void lowering::quantize_filters(const node& n, layer& l, const graph::tensor& real, double factor,
                                const weight_order& order) {
  if (!real.has_data()) refuse(n, "its weights are absent; external data is needed");
  mvm_parameters& p = l.mvm;
  const auto chosen = settings_.layer_bits.find(n.name);
  const int bits = chosen == settings_.layer_bits.end() ? settings_.weight_bits : chosen->second;
  const auto filters = static_cast<std::size_t>(p.filters);
  const std::size_t row = order.offsets.size();
  p.weights.resize(filters * row);
  p.weight_bits.assign(filters, static_cast<std::uint8_t>(bits));
  p.weight_zero_point.assign(filters, 0);
  std::vector<double> filter(row);
  const float* values = real.data<float>();
  for (std::size_t f = 0; f < filters; ++f) {
    for (std::size_t k = 0; k < row; ++k) filter[k] = factor * static_cast<double>(values[order.at(f, k)]);
    p.weight_scale.push_back(round_weights(filter.data(), row, bits, p.weights.data() + f * row));
  }
}

// Weights that the file holds as integers; unsigned ones move down by half their range.
void lowering::take_filters(const node& n, layer& l, const constant_codes& codes, double factor,
                            const weight_order& order, bool along_filters) {
  mvm_parameters& p = l.mvm;
  const auto filters = static_cast<std::size_t>(p.filters);
  const bool each = codes.scale.size() > 1;
  if (each && !along_filters) refuse(n, "weight scales along another axis than the filters");
  if (codes.bits > 16) refuse(n, "weights of " + std::to_string(codes.bits) + " bits; 16 or fewer are needed");
  const std::int64_t down = codes.is_signed ? 0 : std::int64_t{1} << (codes.bits - 1);
  for (std::size_t f = 0; f < filters; ++f)
    for (std::size_t k = 0; k < order.offsets.size(); ++k)
      p.weights.push_back(static_cast<std::int16_t>(codes.codes[order.at(f, k)] - down));
  p.weight_bits.assign(filters, static_cast<std::uint8_t>(codes.bits));
  for (std::size_t f = 0; f < filters; ++f) {
    p.weight_scale.push_back(codes.scale[each ? f : 0] * factor);
    p.weight_zero_point.push_back(static_cast<std::int32_t>(codes.zero_point[each ? f : 0] - down));
  }
}

// Real bias of every filter: the node's own and constants added behind it. `result` moves behind them.
std::vector<double> lowering::bias_of(const node& n, value_id& result) {
  const graph::shape_t& out = g_.shape_of(n.output());
  const int filters = static_cast<int>(n.kind == op::conv ? out[1] : out.back());
  std::vector<double> bias(static_cast<std::size_t>(filters), 0.0);
  if (n.has_input(2)) {
    std::vector<double> given;
    const double beta = n.kind == op::gemm ? static_cast<double>(graph::gemm_of(g_, n).beta) : 1.0;
    if (n.kind == op::conv)
      given = g_.constant(n.input(2))->as_doubles();
    else if (!channel_constant(n.input(2), n.output(), filters, given))
      refuse(n, "a bias that differs from row to row; one value a column is needed");
    for (std::size_t f = 0; f < bias.size(); ++f) bias[f] = beta * given[f];
  }
  for (;;) {
    int reader = -1;
    const value_id next = sole_reader_output(result, reader);
    if (next == graph::no_value || node_at(reader).kind != op::add) return bias;
    const node& add = node_at(reader);
    const value_id other = add.input(0) == result ? add.input(1) : add.input(0);
    std::vector<double> more;
    if (!g_.is_constant(other) || !channel_constant(other, result, filters, more)) return bias;
    for (std::size_t f = 0; f < bias.size(); ++f) bias[f] += more[f];
    done_[static_cast<std::size_t>(reader)] = true;
    result = next;
  }
}

// Integer bias in units of input scale * weight scale. An int32 bias of the file in these units is taken as it is.
void lowering::fill_bias(const node& n, layer& l, const std::vector<double>& bias) {
  const double input_scale = tensor_at(l.inputs[0]).scale;
  const auto held = n.has_input(2) ? a_.constants.find(n.input(2)) : a_.constants.end();
  for (std::size_t f = 0; f < bias.size(); ++f) {
    const double unit = input_scale * l.mvm.weight_scale[f];
    if (held != a_.constants.end()) {
      const constant_codes& codes = held->second;
      const double given = codes.scale[codes.scale.size() > 1 ? f : 0];
      const std::int64_t code = codes.codes[f] - codes.zero_point[codes.zero_point.size() > 1 ? f : 0];
      const double real = given * static_cast<double>(code);
      if (std::fabs(given - unit) <= 1e-5 * unit && std::fabs(real - bias[f]) <= 1e-5 * std::fabs(real)) {
        l.mvm.bias.push_back(code);
        continue;
      }
    }
    const double code = std::nearbyint(bias[f] / unit);
    if (std::fabs(code) > 1e15) refuse(n, "bias of filter " + std::to_string(f) + " is far beyond its product");
    l.mvm.bias.push_back(static_cast<std::int64_t>(code));
  }
}

}  // namespace cimbalom::quantization
