#pragma once

#include <cstdint>
#include <type_traits>

// The fixed-point formulas of nonideality.hpp, shared by its functions and by the vector kernels. Values are in
// 1/65536.
namespace cimbalom::arithmetic::noise_arithmetic {

inline constexpr int fraction_bits = 16;
inline constexpr std::int64_t one = std::int64_t{1} << fraction_bits;

inline std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// 64 mixed bits of (key, value).
inline std::uint64_t combine(std::uint64_t key, std::uint64_t value) {
  return mix(key + 0x9E3779B97F4A7C15ULL * (value + 1));
}

/// Bits set, without the instruction that not every machine has; compilers turn it into that instruction where allowed.
inline std::int64_t ones(std::uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555ULL;
  x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
  x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FULL;
  return static_cast<std::int64_t>((x * 0x0101010101010101ULL) >> 56);
}

/// a * b / 65536, rounded to nearest, halves up.
inline std::int64_t scaled(std::int64_t a, std::int64_t b) {
  return (a * b + one / 2) >> fraction_bits;
}

/// The popcount of 48 fair bits has variance 12; 16 bits of dither fill the gaps between its integers (1/12 more).
inline std::int64_t normal(std::uint64_t bits) {
  constexpr std::int64_t reciprocal_sigma = 18853;  // 65536 / sqrt(12 + 1/12)
  const std::int64_t steps = ones(bits >> 16) - 24;
  return scaled(steps * one + static_cast<std::int64_t>(bits & 0xFFFF) - one / 2, reciprocal_sigma);
}

/// A column's sum after IR drop, gain and offset. `full`: the largest ideal sum of a column, in whole sum units.
struct column_error {
  std::int64_t ir_drop = 0;
  std::int64_t full = 1;
};

inline std::int64_t disturbed(const column_error& error, std::int64_t gain, std::int64_t offset, std::int64_t sum) {
  std::int64_t result = sum;
  if (error.ir_drop != 0) {
    const std::int64_t drop = scaled(error.ir_drop, result / error.full);
    result -= scaled(result, drop < one ? drop : one);
  }
  return scaled(result, gain) + offset;
}

/// The ADC under error: everything but the sum, the bow and the random bits.
struct converter {
  std::int64_t top = 0;
  std::int64_t step_sixteenths = 16;
  std::int64_t noise = 0;  ///< standard deviation in steps
  bool bowed = false;
};

/// The level before the clip, floor(sum / step + error + 1/2); the template arguments say what is in `adc`, so that
/// loops over it have no branches.
template <bool kBowed, bool kNoisy, bool kUnitStep>
inline std::int64_t level(const converter& adc, std::int64_t bow, std::uint64_t bits, std::int64_t sum) {
  std::int64_t error = 0;
  if constexpr (kBowed) {
    const std::int64_t position = sum / ((adc.top * adc.step_sixteenths + 15) / 16);  // in the range, 0 to 1
    const std::int64_t x = position < 0 ? 0 : position > one ? one : position;
    error += scaled(bow, 4 * scaled(x, one - x));
  }
  if constexpr (kNoisy) error += scaled(adc.noise, normal(bits));
  if constexpr (kUnitStep) return (sum + error + one / 2) >> fraction_bits;
  // Two floors nest into one: first drop the fraction, then divide by the step.
  const std::int64_t numerator = (sum * 16 + (error + one / 2) * adc.step_sixteenths) >> fraction_bits;
  const std::int64_t quotient = numerator / adc.step_sixteenths;
  return quotient * adc.step_sixteenths > numerator ? quotient - 1 : quotient;
}

/// Calls f with three std::bool_constant that match `adc`, in the order of level's arguments.
template <typename Function>
inline auto specialised(const converter& adc, Function f) {
  using yes = std::true_type;
  using no = std::false_type;
  const bool unit = adc.step_sixteenths == 16;
  if (adc.bowed) {
    if (adc.noise != 0) return unit ? f(yes(), yes(), yes()) : f(yes(), yes(), no());
    return unit ? f(yes(), no(), yes()) : f(yes(), no(), no());
  }
  if (adc.noise != 0) return unit ? f(no(), yes(), yes()) : f(no(), yes(), no());
  return unit ? f(no(), no(), yes()) : f(no(), no(), no());
}

}  // namespace cimbalom::arithmetic::noise_arithmetic
