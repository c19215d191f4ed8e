#pragma once

#include <cstdint>
#include <cstring>

namespace cimbalom::arithmetic {

/// The float32 of these bits.
inline float float_of(std::int32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// A shift with rounding half to even, prepared so that it needs no branch.
class rounding_shift {
 public:
  explicit rounding_shift(int shift = 0)
      : shift_(shift), below_half_(shift > 0 ? (std::int64_t{1} << (shift - 1)) - 1 : 0), odd_(shift > 0 ? 1 : 0) {}
  std::int64_t operator()(std::int64_t value) const {
    return (value + below_half_ + ((value >> shift_) & odd_)) >> shift_;
  }

 private:
  int shift_;
  std::int64_t below_half_;
  std::int64_t odd_;
};

/// The end of post-processing: zero point and clamp of one output tensor.
class output_stage {
 public:
  output_stage(std::int32_t zero_point, std::int32_t low, std::int32_t high)
      : zero_(zero_point),
        low_(low),
        high_(high),
        float_low_(static_cast<float>(low - zero_point) - 1.0F),
        float_high_(static_cast<float>(high - zero_point) + 1.0F) {}

  /// A shifted fixed-point value.
  std::int32_t code(std::int64_t value) const {
    const std::int64_t shifted = value + zero_;
    return static_cast<std::int32_t>(shifted < low_ ? low_ : shifted > high_ ? high_ : shifted);
  }

  /// A real value in output codes. Clamped to one code beyond the range before it is rounded half to even: then adding
  /// and taking away 1.5 x 2^23 rounds exactly.
  std::int32_t code(float value) const {
    constexpr float magic = 12582912.0F;
    const float above = value > float_low_ ? value : float_low_;  // a NaN becomes the lowest code
    const float near = above < float_high_ ? above : float_high_;
    const float moved = near + magic;
    const float rounded = moved - magic;
    return code(static_cast<std::int64_t>(rounded));
  }

 private:
  std::int64_t zero_;
  std::int64_t low_;
  std::int64_t high_;
  float float_low_;
  float float_high_;
};

}  // namespace cimbalom::arithmetic
