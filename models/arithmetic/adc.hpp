#pragma once

#include <cstdint>
#include <vector>

#include "models/arithmetic/macro_shape.hpp"

namespace cimbalom::arithmetic {

/// Steps are counted in sixteenths of a column-sum unit; this is a step of 1, the smallest.
inline constexpr int unit_step_sixteenths = 16;

/// Smallest step of whole sixteenths, at least 1, that keeps s_max inside the codes: s_max / (2^adc_bits - 1) rounded
/// up. 16 for a digital macro.
int full_range_step_sixteenths(const macro_shape& shape);

/// The ADC's transfer code(s) = clip(floor(s / step + 1/2), 0, 2^adc_bits - 1) over 0 <= s <= s_max, in exact integers.
/// A digital macro's transfer is the identity.
class adc_transfer {
 public:
  /// Throws std::invalid_argument if the shape is invalid, or step_sixteenths is below 16 or above 16 * s_max + 16.
  adc_transfer(const macro_shape& shape, int step_sixteenths);

  std::uint32_t code(std::int64_t s) const {
    return s < clip_from_ ? (identity_ ? static_cast<std::uint32_t>(s) : codes_[static_cast<std::size_t>(s)]) : top_;
  }
  /// True if s lies so high that the ADC's range cuts it: floor(s / step + 1/2) > top.
  bool clips(std::int64_t s) const { return s >= clip_from_; }
  /// Smallest s that clips; s_max + 1 if none does.
  std::int64_t clip_from() const { return clip_from_; }
  /// True if code(s) = s for every s up to s_max.
  bool lossless() const { return identity_ && clip_from_ > s_max_; }
  /// True if code(s) = min(s, top): a step of exactly 1, or no ADC.
  bool pure_clip() const { return identity_; }
  /// With m = multiplier15() > 0: code(s) = min((s * m + 2^14) >> 15, top) for all s, and s_max <= 32767. 0: no such m.
  int multiplier15() const { return multiplier15_; }
  bool digital() const { return digital_; }
  int step_sixteenths() const { return step_sixteenths_; }
  std::uint32_t top() const { return top_; }
  std::int64_t largest_sum() const { return s_max_; }

 private:
  void find_multiplier();

  int step_sixteenths_;
  bool digital_;
  bool identity_;
  std::uint32_t top_;
  std::int64_t s_max_;
  std::int64_t clip_from_;
  int multiplier15_ = 0;
  std::vector<std::uint16_t> codes_;  // one a sum below clip_from_; empty when the transfer is the identity there
};

}  // namespace cimbalom::arithmetic
