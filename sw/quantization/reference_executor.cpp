#include "sw/quantization/reference_executor.hpp"

#include <algorithm>
#include <cmath>

#include "sw/quantization/host_operators.hpp"
#include "sw/quantization/row_grouping.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::quantization {
namespace {

// Post-processing of one output: both terms, one rounding, zero point, clamp.
std::int32_t requantize(const layer& l, const registers::tensor_format& out, std::int64_t first, std::int32_t factor,
                        std::int64_t second, std::int32_t second_factor, int shift) {
  std::int64_t code = 0;
  if (l.requantize == registers::requantization::fixed_point) {
    code = divide_half_even(first * factor + second * second_factor, std::int64_t{1} << shift);
  } else {
    float real = static_cast<float>(first) * bits_float(factor);
    if (second_factor != 0) {
      const float other = static_cast<float>(second) * bits_float(second_factor);
      real = real + other;
    }
    if (std::isnan(real)) return l.clamp_low;
    code = static_cast<std::int64_t>(std::nearbyint(std::clamp(static_cast<double>(real), -1e9, 1e9)));
  }
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(code + out.zero_point, l.clamp_low, l.clamp_high));
}

}  // namespace

reference_executor::reference_executor(const network& net) : net_(net) {
  prepare();
}

reference_executor::reference_executor(const network& net, const arithmetic::macro_shape& shape)
    : net_(net), shape_(shape) {
  prepare();
}

void reference_executor::prepare() {
  codes_.resize(net_.tensors.size());
  host_values_.resize(net_.tensors.size());
  for (const layer& l : net_.layers) {
    prepared_layer made;
    if (l.kind == layer_kind::mvm) {
      made.filters = mvm_constants(net_, l, shape_ ? l.mvm.adc_step_sixteenths : 16);
      if (shape_) prepare_cells(l, made);
    } else if (l.kind != layer_kind::host) {
      made.vector = constants_of(net_, l);
    }
    prepared_.push_back(std::move(made));
  }
}

// Splits every weight into the values of its columns: chunks of bits_per_cell * combine_columns bits below the sign.
void reference_executor::prepare_cells(const layer& l, prepared_layer& to) const {
  const mvm_parameters& p = l.mvm;
  const int rows = shape_->rows_active;
  const int chunk_bits = shape_->bits_per_cell * shape_->combine_columns;
  const row_grouping grouping = grouping_of(p, rows);
  const std::size_t filter_size = p.weights.size() / static_cast<std::size_t>(p.filters);
  for (int f = 0; f < p.filters; ++f) {
    prepared_filter made;
    made.bits = p.weight_bits[static_cast<std::size_t>(f)];
    made.chunks = (made.bits - 1 + chunk_bits - 1) / chunk_bits + 1;
    for (int code = 0; code < grouping.codes(); ++code)
      for (int chunk = 0; chunk < made.chunks; ++chunk)
        for (int r = 0; r < rows; ++r) {
          const auto from = grouping.at(code, r);
          int value = 0;
          if (from) {
            const std::size_t at = weight_index(p, from->tap_h, from->tap_w, from->channel);
            const int w = p.weights[static_cast<std::size_t>(f) * filter_size + at];
            const bool sign = chunk == made.chunks - 1;
            const int width = std::min(chunk_bits, made.bits - 1 - chunk * chunk_bits);
            value = sign ? (w < 0 ? 1 : 0) : (w >> (chunk * chunk_bits)) & ((1 << width) - 1);
          }
          made.cells.push_back(static_cast<std::int16_t>(value));
        }
    to.cells.push_back(std::move(made));
  }
}

std::vector<std::vector<float>> reference_executor::run(const float* input) {
  clipped_ = 0;
  std::int64_t count = 1;
  for (const std::int64_t extent : tensor_at(net_.input).shape) count *= extent;
  set_values(net_.input, {input, input + count});
  for (std::size_t k = 0; k < net_.layers.size(); ++k) run_layer(k);
  std::vector<std::vector<float>> outputs;
  for (const int number : net_.outputs) outputs.push_back(values(number));
  return outputs;
}

void reference_executor::set_codes(int number, std::vector<std::int32_t> codes) {
  codes_.at(static_cast<std::size_t>(number)) = std::move(codes);
}

void reference_executor::set_values(int number, std::vector<float> values) {
  const auto at = static_cast<std::size_t>(number);
  if (tensor_at(number).on_host)
    host_values_.at(at) = std::move(values);
  else
    codes_.at(at) = to_codes(tensor_at(number), values.data());
}

std::vector<float> reference_executor::values(int number) const {
  const auto at = static_cast<std::size_t>(number);
  return tensor_at(number).on_host ? host_values_.at(at) : to_floats(tensor_at(number), codes_.at(at).data());
}

void reference_executor::run_layer(std::size_t index) {
  const layer& l = net_.layers[index];
  const prepared_layer& made = prepared_[index];
  if (l.kind != layer_kind::host) codes_[static_cast<std::size_t>(l.output)].resize(code_count(tensor_at(l.output)));
  switch (l.kind) {
    case layer_kind::mvm:
      return run_mvm(l, made);
    case layer_kind::add:
      return run_add(l, made);
    case layer_kind::max_pool:
    case layer_kind::average_pool:
      return run_pool(l, made);
    case layer_kind::slice_pad:
      return run_slice_pad(l, made);
    case layer_kind::affine:
      return run_affine(l, made);
    case layer_kind::host:
      return run_host(l);
  }
}

std::int32_t reference_executor::code_at(int number, int row, int column, int channel) const {
  const registers::tensor_format& f = tensor_at(number).format;
  return codes_[static_cast<std::size_t>(number)][code_index(f, row, column, channel)];
}

std::int32_t& reference_executor::code_at(int number, int row, int column, int channel) {
  const registers::tensor_format& f = tensor_at(number).format;
  return codes_[static_cast<std::size_t>(number)][code_index(f, row, column, channel)];
}

void reference_executor::run_mvm(const layer& l, const prepared_layer& made) {
  const registers::tensor_format& out = tensor_at(l.output).format;
  const mvm_parameters& p = l.mvm;
  const int filters_per_group = p.filters / p.groups;
  std::vector<std::int32_t> u;
  for (int row = 0; row < out.height; ++row)
    for (int column = 0; column < out.width; ++column)
      for (int f = 0; f < p.filters; ++f) {
        const auto at = static_cast<std::size_t>(f);
        const constants& k = made.filters[at];
        std::int64_t sum = 0;
        if (!shape_) {
          // The constants expect driven codes u = q - minimum: plain_sum has taken the minimum away already.
          sum = plain_sum(l, f, row, column);
        } else {
          if (f % filters_per_group == 0) drive(l, f / filters_per_group, row, column, u);
          sum = converted_sum(l, made.cells[at], u);
          if (p.weight_zero_point[at] != 0)
            for (const std::int32_t code : u) sum -= std::int64_t{p.weight_zero_point[at]} * code;
        }
        std::int64_t residual = 0;
        if (l.has_residual) residual = code_at(l.inputs[1], row, column, f) - tensor_at(l.inputs[1]).format.zero_point;
        code_at(l.output, row, column, f) =
            requantize(l, out, sum + k.bias, k.multiplier, residual, k.second_multiplier, k.shift);
      }
}

// Sum over the window of (q - minimum) * (w - weight zero point); padding holds the code of real zero.
std::int64_t reference_executor::plain_sum(const layer& l, int filter, int row, int column) const {
  const registers::tensor_format& in = tensor_at(l.inputs[0]).format;
  const mvm_parameters& p = l.mvm;
  const registers::window& w = p.filter_window;
  const int first_channel = filter / (p.filters / p.groups) * p.channels_per_group;
  const std::int32_t zero = p.weight_zero_point[static_cast<std::size_t>(filter)];
  const std::int16_t* weight =
      p.weights.data() + static_cast<std::size_t>(filter) * (p.weights.size() / static_cast<std::size_t>(p.filters));
  const bool narrow = in.bits <= 8 && p.weight_bits[static_cast<std::size_t>(filter)] <= 8 &&
                      p.channels_per_group <= 16384 && std::abs(zero) <= 128;
  std::int64_t sum = 0;
  for (int h = 0; h < w.kernel_h; ++h)
    for (int v = 0; v < w.kernel_w; ++v) {
      const int y = row * w.stride_h - w.pad_top + h * w.dilation_h;
      const int x = column * w.stride_w - w.pad_left + v * w.dilation_w;
      const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
      if (!inside) {
        for (int c = 0; c < p.channels_per_group; ++c, ++weight)
          sum += std::int64_t{in.zero_point - in.minimum()} * (*weight - zero);
        continue;
      }
      const std::int32_t* from = &codes_[static_cast<std::size_t>(l.inputs[0])][code_index(in, y, x, first_channel)];
      // A tap of 8-bit codes and weights fits 32 bits, which compilers sum several at a time.
      if (narrow) {
        std::int32_t tap = 0;
        for (int c = 0; c < p.channels_per_group; ++c) tap += (from[c] - in.minimum()) * (weight[c] - zero);
        sum += tap;
      } else {
        for (int c = 0; c < p.channels_per_group; ++c) sum += std::int64_t{from[c] - in.minimum()} * (weight[c] - zero);
      }
      weight += p.channels_per_group;
    }
  return sum;
}

// Codes on the wordlines, [row group][row], for one convolution group and output pixel.
void reference_executor::drive(const layer& l, int group, int row, int column, std::vector<std::int32_t>& u) const {
  const registers::tensor_format& in = tensor_at(l.inputs[0]).format;
  const mvm_parameters& p = l.mvm;
  const registers::window& w = p.filter_window;
  const row_grouping grouping = grouping_of(p, shape_->rows_active);
  u.clear();
  for (int code = 0; code < grouping.codes(); ++code)
    for (int r = 0; r < shape_->rows_active; ++r) {
      const auto from = grouping.at(code, r);
      if (!from) {
        u.push_back(0);
        continue;
      }
      const int y = row * w.stride_h - w.pad_top + from->tap_h * w.dilation_h;
      const int x = column * w.stride_w - w.pad_left + from->tap_w * w.dilation_w;
      const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
      const int channel = group * p.channels_per_group + from->channel;
      const std::int32_t q = inside ? code_at(l.inputs[0], y, x, channel) : in.zero_point;
      u.push_back(q - in.minimum());
    }
}

// One filter through the macro: slice by slice, chunk by chunk, one conversion each.
std::int64_t reference_executor::converted_sum(const layer& l, const prepared_filter& filter,
                                               const std::vector<std::int32_t>& u) {
  const int rows = shape_->rows_active, dac = shape_->dac_bits;
  const int slices = (tensor_at(l.inputs[0]).format.bits + dac - 1) / dac;
  const int chunk_bits = shape_->bits_per_cell * shape_->combine_columns;
  const std::int16_t* cells = filter.cells.data();
  std::int64_t sum = 0;
  for (std::size_t first = 0; first < u.size(); first += static_cast<std::size_t>(rows))
    for (int chunk = 0; chunk < filter.chunks; ++chunk, cells += rows) {
      const bool sign = chunk == filter.chunks - 1;
      const int shift = sign ? filter.bits - 1 : chunk * chunk_bits;
      for (int i = 0; i < slices; ++i) {
        std::int32_t s = 0;
        for (int r = 0; r < rows; ++r)
          s += ((u[first + static_cast<std::size_t>(r)] >> (dac * i)) & ((1 << dac) - 1)) * cells[r];
        const std::int64_t worth = convert(s, l.mvm.adc_step_sixteenths) * (std::int64_t{1} << (dac * i + shift));
        sum += sign ? -worth : worth;
      }
    }
  return sum;
}

// clip(floor(s / step + 1/2), 0, 2^adc_bits - 1) in integers.
std::int64_t reference_executor::convert(std::int64_t s, int step_sixteenths) {
  if (shape_->kind == arithmetic::macro_kind::digital) return s;
  const std::int64_t code = (32 * s + step_sixteenths) / (2 * std::int64_t{step_sixteenths});
  const std::int64_t top = (std::int64_t{1} << shape_->adc_bits) - 1;
  if (code > top) ++clipped_;
  return std::min(code, top);
}

void reference_executor::run_add(const layer& l, const prepared_layer& made) {
  const tensor &a = tensor_at(l.inputs[0]), &b = tensor_at(l.inputs[1]), &out = tensor_at(l.output);
  const auto &from = codes_[static_cast<std::size_t>(l.inputs[0])],
             &other = codes_[static_cast<std::size_t>(l.inputs[1])];
  auto& to = codes_[static_cast<std::size_t>(l.output)];
  for (std::size_t k = 0; k < to.size(); ++k)
    to[k] = requantize(l, out.format, from[k] - a.format.zero_point, made.vector.multiplier,
                       other[k] - b.format.zero_point, made.vector.second_multiplier, made.vector.shift);
}

void reference_executor::run_pool(const layer& l, const prepared_layer& made) {
  const registers::tensor_format &in = tensor_at(l.inputs[0]).format, &out = tensor_at(l.output).format;
  const registers::window& w = l.pool_window;
  for (int row = 0; row < out.height; ++row)
    for (int column = 0; column < out.width; ++column)
      for (int c = 0; c < out.channels; ++c) {
        std::int64_t sum = 0, largest = in.minimum();
        std::size_t samples = 0;
        for (int h = 0; h < w.kernel_h; ++h)
          for (int v = 0; v < w.kernel_w; ++v) {
            const int y = row * w.stride_h - w.pad_top + h * w.dilation_h;
            const int x = column * w.stride_w - w.pad_left + v * w.dilation_w;
            if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
            const std::int32_t q = code_at(l.inputs[0], y, x, c);
            sum += q - in.zero_point;
            largest = std::max<std::int64_t>(largest, q);
            ++samples;
          }
        const bool full = l.count_include_pad || made.vector.reciprocal_multipliers.empty() || samples == 0;
        const bool average = l.kind == layer_kind::average_pool;
        const std::int32_t factor =
            average && !full ? made.vector.reciprocal_multipliers[samples - 1] : made.vector.multiplier;
        code_at(l.output, row, column, c) =
            requantize(l, out, average ? sum : largest - in.zero_point, factor, 0, 0, made.vector.shift);
      }
}

void reference_executor::run_slice_pad(const layer& l, const prepared_layer& made) {
  const registers::tensor_format &in = tensor_at(l.inputs[0]).format, &out = tensor_at(l.output).format;
  for (int row = 0; row < out.height; ++row)
    for (int column = 0; column < out.width; ++column)
      for (int k = 0; k < l.channels_written; ++k) {
        const int y = row * l.pool_window.stride_h - l.pool_window.pad_top;
        const int x = column * l.pool_window.stride_w - l.pool_window.pad_left;
        const int c = k + l.channel_offset;
        const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width && c >= 0 && c < in.channels;
        const std::int32_t value = inside ? code_at(l.inputs[0], y, x, c) - in.zero_point : 0;
        code_at(l.output, row, column, l.output_channel + k) =
            requantize(l, out, value, made.vector.multiplier, 0, 0, made.vector.shift);
      }
}

void reference_executor::run_affine(const layer& l, const prepared_layer& made) {
  const registers::tensor_format &in = tensor_at(l.inputs[0]).format, &out = tensor_at(l.output).format;
  const auto& from = codes_[static_cast<std::size_t>(l.inputs[0])];
  auto& to = codes_[static_cast<std::size_t>(l.output)];
  for (std::size_t i = 0; i < to.size(); ++i) {
    const constants& k = made.vector.channels[i % static_cast<std::size_t>(out.channels)];
    const std::int64_t value = from[i] - in.zero_point;
    std::int64_t code = 0;
    if (l.requantize == registers::requantization::fixed_point) {
      code = divide_half_even(value * k.multiplier + k.bias, std::int64_t{1} << k.shift);
    } else {
      const float product = static_cast<float>(value) * bits_float(k.multiplier);
      const float real = product + bits_float(static_cast<std::int32_t>(k.bias));
      code = static_cast<std::int64_t>(std::nearbyint(std::clamp(static_cast<double>(real), -1e9, 1e9)));
    }
    to[i] = static_cast<std::int32_t>(std::clamp<std::int64_t>(code + out.zero_point, l.clamp_low, l.clamp_high));
  }
}

void reference_executor::run_host(const layer& l) {
  std::vector<std::vector<float>> inputs;
  for (const int number : l.inputs) inputs.push_back(values(number));
  set_values(l.output, run_host_layer(net_, l, inputs));
}

}  // namespace cimbalom::quantization
