#pragma once

#include <cstdint>

namespace cimbalom::arithmetic {

/// A positive real ratio as multiplier / 2^shift.
struct fixed_ratio {
  std::int32_t multiplier = 0;  ///< below 2^30; at least 2^29 unless the ratio is 0 or too small for shift 62
  int shift = 0;                ///< 0..62
};

/// The nearest fixed_ratio. Throws std::invalid_argument if `ratio` is negative, not finite, or 2^30 or more.
fixed_ratio to_fixed_ratio(double ratio);

/// The same ratio at another shift, for the residual term of requantize; rounded half to even. Throws
/// std::invalid_argument if the multiplier would not stay below 2^30 or shift is outside 0..62.
std::int32_t multiplier_at_shift(double ratio, int shift);

/// value / 2^shift rounded half to even. shift 0..62.
std::int64_t shift_half_even(std::int64_t value, int shift);

/// Fixed-point requantisation of post-processing.
struct requantization {
  std::int32_t multiplier = 0;           ///< below 2^30
  int shift = 0;                         ///< 0..62
  std::int32_t residual_multiplier = 0;  ///< at the same shift; below 2^30 in magnitude
  std::int32_t zero_point = 0;
  std::int32_t low = -128;
  std::int32_t high = 127;
};

/// clamp(half_even((accumulator * multiplier + residual * residual_multiplier) / 2^shift) + zero_point, low, high).
/// One rounding for both terms; exact in 64 bits for accumulator and residual of 32 bits.
inline std::int32_t requantize(const requantization& q, std::int32_t accumulator, std::int32_t residual = 0) {
  const std::int64_t sum = std::int64_t{accumulator} * q.multiplier + std::int64_t{residual} * q.residual_multiplier;
  const std::int64_t value = shift_half_even(sum, q.shift) + q.zero_point;
  return static_cast<std::int32_t>(value < q.low ? q.low : value > q.high ? q.high : value);
}

/// The float form of ONNX graphs with QuantizeLinear: the accumulator dequantised, float(accumulator) *
/// accumulator_scale (each step rounded to float32), divided by output_scale in float32, rounded half to even, plus
/// zero_point, saturated.
struct float_requantization {
  float accumulator_scale = 1;  ///< input scale * weight scale, as a float32 product
  float output_scale = 1;
  std::int32_t zero_point = 0;
  std::int32_t low = -128;
  std::int32_t high = 127;
};

std::int32_t requantize(const float_requantization& q, std::int32_t accumulator);

/// QuantizeLinear of one value: saturate(half_even(value / scale) + zero_point). NaN gives `low`.
std::int32_t quantize_linear(float value, float scale, std::int32_t zero_point, std::int32_t low, std::int32_t high);

}  // namespace cimbalom::arithmetic
