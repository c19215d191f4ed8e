#include "models/arithmetic/requantize.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace cimbalom::arithmetic {
namespace {

constexpr std::int64_t multiplier_limit = std::int64_t{1} << 30;
constexpr int largest_shift = 62;

[[noreturn]] void refuse(const char* key, double value, const char* allowed) {
  throw std::invalid_argument(std::string(key) + " = " + std::to_string(value) + ": " + allowed);
}

// Half to even whatever the rounding mode of the process. `value` is finite and below 2^52 in magnitude.
double round_half_even(double value) {
  const double below = std::floor(value);
  const double fraction = value - below;
  if (fraction < 0.5) return below;
  if (fraction > 0.5) return below + 1;
  return std::fmod(below, 2.0) == 0.0 ? below : below + 1;
}

}  // namespace

fixed_ratio to_fixed_ratio(double ratio) {
  if (!std::isfinite(ratio) || ratio < 0 || ratio >= static_cast<double>(multiplier_limit)) {
    refuse("requantisation ratio", ratio, "0 to below 2^30");
  }
  if (ratio == 0) return {};
  int exponent = 0;
  std::frexp(ratio, &exponent);  // ratio in [2^(exponent - 1), 2^exponent)
  int shift = 30 - exponent;
  if (shift > largest_shift) shift = largest_shift;
  auto multiplier = static_cast<std::int64_t>(round_half_even(std::ldexp(ratio, shift)));
  if (multiplier == multiplier_limit) {  // rounded up to the next power of two
    multiplier /= 2;
    --shift;
  }
  if (shift < 0) refuse("requantisation ratio", ratio, "0 to below 2^30");
  return {static_cast<std::int32_t>(multiplier), shift};
}

std::int32_t multiplier_at_shift(double ratio, int shift) {
  if (shift < 0 || shift > largest_shift) refuse("requantisation shift", shift, "0 to 62");
  const double scaled = std::isfinite(ratio) ? std::ldexp(ratio, shift) : ratio;
  if (!(std::fabs(scaled) < static_cast<double>(multiplier_limit) - 0.5)) {
    refuse("residual ratio", ratio, "below 2^30 in magnitude at the shift of the main term");
  }
  return static_cast<std::int32_t>(round_half_even(scaled));
}

std::int64_t shift_half_even(std::int64_t value, int shift) {
  if (shift == 0) return value;
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const std::int64_t quotient = value >> shift;
  const std::int64_t rest = value & ((std::int64_t{1} << shift) - 1);
  const bool up = rest > half || (rest == half && (quotient & 1) != 0);
  return quotient + (up ? 1 : 0);
}

std::int32_t quantize_linear(float value, float scale, std::int32_t zero_point, std::int32_t low, std::int32_t high) {
  const float quotient = value / scale;
  if (std::isnan(quotient)) return low;
  // Clamp first: beyond +/- 2^33 no zero point brings the value back into 32 bits.
  constexpr float far = 8589934592.0F;
  const float near = std::fmin(std::fmax(quotient, -far), far);
  const double rounded = round_half_even(static_cast<double>(near)) + zero_point;
  if (rounded < low) return low;
  if (rounded > high) return high;
  return static_cast<std::int32_t>(rounded);
}

std::int32_t requantize(const float_requantization& q, std::int32_t accumulator) {
  const float real = static_cast<float>(accumulator) * q.accumulator_scale;
  return quantize_linear(real, q.output_scale, q.zero_point, q.low, q.high);
}

}  // namespace cimbalom::arithmetic
