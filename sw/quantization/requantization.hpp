#pragma once

#include <cstdint>
#include <vector>

#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// The integers (or float32 bits) that post-processing works with, of one filter or channel. Compiler and reference
/// executor take them from here.
///
/// fixed_point:    q = clamp(half_even(((acc + bias) * multiplier + (r - r_zero) * second_multiplier) / 2^shift) +
/// zero) floating_point: q = clamp(half_even(float(acc + bias) * multiplier + float(r - r_zero) * second_multiplier) +
/// zero),
///                 the factors being float32 bits, every step rounded to float32.
struct constants {
  std::int64_t bias = 0;
  std::int32_t multiplier = 0;
  std::int32_t second_multiplier = 0;
  std::uint8_t shift = 0;
};

/// Matrix-vector layer, one a filter. acc counts ADC steps, so the bias is (bias + input correction) * 16 /
/// adc_step_sixteenths, rounded half to even. The input correction stands for driving u = q - minimum:
/// (minimum - zero_point) * (sum of stored weights - weight_zero_point * weights of the filter).
/// Throws input_error naming the layer when a factor is 2^30 or more.
std::vector<constants> mvm_constants(const network& net, const layer& l);
/// The same at another ADC step than the layer's.
std::vector<constants> mvm_constants(const network& net, const layer& l, int adc_step_sixteenths);

/// Vector layers share one shift.
struct vector_constants {
  std::uint8_t shift = 0;
  std::int32_t multiplier = 0;                       ///< add: of the first operand; average_pool: over the whole window
  std::int32_t second_multiplier = 0;                ///< add
  std::vector<std::int32_t> reciprocal_multipliers;  ///< average_pool without count_include_pad: [n - 1] for n samples
  std::vector<constants> channels;  ///< affine: q = clamp(half_even(((q - zero) * multiplier + bias) / 2^shift) +
                                    ///< zero); floating_point: bias is the bits of a float32 too
};
vector_constants constants_of(const network& net, const layer& l);

/// float32 from and to its bits.
std::int32_t float_bits(float value);
float bits_float(std::int32_t bits);

/// numerator / denominator rounded half to even; denominator > 0.
std::int64_t divide_half_even(std::int64_t numerator, std::int64_t denominator);

}  // namespace cimbalom::quantization
