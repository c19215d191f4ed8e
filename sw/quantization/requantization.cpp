#include "sw/quantization/requantization.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "platform/configuration/error.hpp"

namespace cimbalom::quantization {
namespace {

constexpr int largest_shift = 62;
constexpr double multiplier_limit = 1073741823.0;  // 2^30 - 1

double half_even(double value) {
  const double below = std::floor(value);
  const double rest = value - below;
  if (rest != 0.5) return rest < 0.5 ? below : below + 1;
  return std::fmod(below, 2.0) == 0.0 ? below : below + 1;
}

// Largest shift that keeps every ratio's multiplier below 2^30.
int common_shift(const std::vector<double>& ratios, const layer& l) {
  double largest = 0;
  for (const double ratio : ratios) largest = std::max(largest, std::fabs(ratio));
  if (largest == 0) return 0;
  if (!std::isfinite(largest) || half_even(largest) > multiplier_limit)
    throw input_error("layer " + l.name + ": requantisation factor " + std::to_string(largest) +
                      ": below 2^30, the scales of its tensors differ too much");
  int exponent = 0;
  std::frexp(largest, &exponent);
  int shift = std::min(30 - exponent, largest_shift);
  if (half_even(std::ldexp(largest, shift)) > multiplier_limit) --shift;
  return shift;
}

std::int32_t at_shift(double ratio, int shift) {
  return static_cast<std::int32_t>(half_even(std::ldexp(ratio, shift)));
}

std::int32_t encode(const layer& l, double ratio, int shift) {
  if (l.requantize == registers::requantization::floating_point) return float_bits(static_cast<float>(ratio));
  return at_shift(ratio, shift);
}

const tensor& tensor_at(const network& net, int number) {
  return net.tensors.at(static_cast<std::size_t>(number));
}

vector_constants affine_constants(const network& net, const layer& l) {
  const tensor& in = tensor_at(net, l.inputs.at(0));
  const tensor& out = tensor_at(net, l.output);
  std::vector<double> ratios;
  double largest_bias = 0;
  for (std::size_t c = 0; c < l.affine_scale.size(); ++c) {
    ratios.push_back(l.affine_scale[c] * in.scale / out.scale);
    largest_bias = std::max(largest_bias, std::fabs(l.affine_bias[c] / out.scale));
  }
  vector_constants result;
  int shift = common_shift(ratios, l);
  while (shift > 0 && std::ldexp(largest_bias, shift) >= std::ldexp(1.0, 60)) --shift;
  result.shift = static_cast<std::uint8_t>(shift);
  const bool floating = l.requantize == registers::requantization::floating_point;
  for (std::size_t c = 0; c < ratios.size(); ++c) {
    const double bias = l.affine_bias[c] / out.scale;
    constants one;
    one.multiplier = encode(l, ratios[c], shift);
    one.bias =
        floating ? float_bits(static_cast<float>(bias)) : static_cast<std::int64_t>(half_even(std::ldexp(bias, shift)));
    one.shift = result.shift;
    result.channels.push_back(one);
  }
  return result;
}

}  // namespace

std::int32_t float_bits(float value) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float bits_float(std::int32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::int64_t divide_half_even(std::int64_t numerator, std::int64_t denominator) {
  std::int64_t quotient = numerator / denominator;
  std::int64_t rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    --quotient;
  }
  const bool up = 2 * rest > denominator || (2 * rest == denominator && (quotient & 1) != 0);
  return quotient + (up ? 1 : 0);
}

std::vector<constants> mvm_constants(const network& net, const layer& l) {
  return mvm_constants(net, l, l.mvm.adc_step_sixteenths);
}

std::vector<constants> mvm_constants(const network& net, const layer& l, int adc_step_sixteenths) {
  const tensor& in = tensor_at(net, l.inputs.at(0));
  const tensor& out = tensor_at(net, l.output);
  const mvm_parameters& p = l.mvm;
  const auto filters = static_cast<std::size_t>(p.filters);
  const std::size_t row = p.weights.size() / filters;
  const std::int64_t offset = std::int64_t{in.format.minimum()} - in.format.zero_point;
  const double second = l.has_residual ? tensor_at(net, l.inputs.at(1)).scale / out.scale : 0;

  std::vector<constants> result(filters);
  for (std::size_t f = 0; f < filters; ++f) {
    const auto first = p.weights.begin() + static_cast<std::ptrdiff_t>(f * row);
    const std::int64_t sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(row), std::int64_t{0});
    const std::int64_t zero = p.weight_zero_point.empty() ? 0 : p.weight_zero_point[f];
    const std::int64_t exact = p.bias[f] + offset * (sum - zero * static_cast<std::int64_t>(row));
    const double main = in.scale * p.weight_scale[f] / out.scale * adc_step_sixteenths / 16.0;
    const int shift = common_shift({main, second}, l);
    constants& one = result[f];
    one.bias = divide_half_even(exact * 16, adc_step_sixteenths);
    one.multiplier = encode(l, main, shift);
    one.second_multiplier = l.has_residual ? encode(l, second, shift) : 0;
    one.shift = static_cast<std::uint8_t>(shift);
  }
  return result;
}

vector_constants constants_of(const network& net, const layer& l) {
  if (l.kind == layer_kind::affine) return affine_constants(net, l);
  const double out = tensor_at(net, l.output).scale;
  const double first = tensor_at(net, l.inputs.at(0)).scale / out;
  vector_constants result;
  if (l.kind == layer_kind::average_pool) {
    const int samples = l.pool_window.kernel_h * l.pool_window.kernel_w;
    // Without the padding a window may hold a single sample: that ratio is the largest.
    const int shift = common_shift({l.count_include_pad ? first / samples : first}, l);
    result.shift = static_cast<std::uint8_t>(shift);
    result.multiplier = encode(l, first / samples, shift);
    if (!l.count_include_pad)
      for (int n = 1; n <= samples; ++n) result.reciprocal_multipliers.push_back(encode(l, first / n, shift));
    return result;
  }
  const double second = l.kind == layer_kind::add ? tensor_at(net, l.inputs.at(1)).scale / out : 0;
  const int shift = common_shift({first, second}, l);
  result.shift = static_cast<std::uint8_t>(shift);
  result.multiplier = encode(l, first, shift);
  result.second_multiplier = l.kind == layer_kind::add ? encode(l, second, shift) : 0;
  return result;
}

}  // namespace cimbalom::quantization
