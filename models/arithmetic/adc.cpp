#include "models/arithmetic/adc.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace cimbalom::arithmetic {

int full_range_step_sixteenths(const macro_shape& shape) {
  validate(shape);
  if (shape.kind == macro_kind::digital) return unit_step_sixteenths;
  const std::int64_t top = top_code(shape);
  const std::int64_t step = (s_max(shape) * unit_step_sixteenths + top - 1) / top;
  return static_cast<int>(std::max<std::int64_t>(step, unit_step_sixteenths));
}

adc_transfer::adc_transfer(const macro_shape& shape, int step_sixteenths)
    : step_sixteenths_(step_sixteenths),
      digital_(shape.kind == macro_kind::digital),
      identity_(step_sixteenths == unit_step_sixteenths) {
  validate(shape);
  s_max_ = s_max(shape);
  top_ = static_cast<std::uint32_t>(top_code(shape));
  const std::int64_t largest = digital_ ? unit_step_sixteenths : unit_step_sixteenths * (s_max_ + 1);
  if (step_sixteenths < unit_step_sixteenths || step_sixteenths > largest) {
    throw std::invalid_argument("adc step in sixteenths = " + std::to_string(step_sixteenths) + ": 16 to " +
                                std::to_string(largest));
  }
  // floor(s / step + 1/2) = floor((32 s + step16) / (2 step16)) exceeds top from 32 s >= step16 * (2 top + 1) on.
  const std::int64_t step = step_sixteenths;
  const std::int64_t clip_from = (step * (2 * std::int64_t{top_} + 1) + 31) / 32;
  clip_from_ = std::min(clip_from, s_max_ + 1);
  if (identity_) return;
  codes_.resize(static_cast<std::size_t>(clip_from_));
  for (std::int64_t s = 0; s < clip_from_; ++s) {
    codes_[static_cast<std::size_t>(s)] = static_cast<std::uint16_t>((32 * s + step) / (2 * step));
  }
  find_multiplier();
}

void adc_transfer::find_multiplier() {
  constexpr std::int64_t largest = 32767;
  if (s_max_ > largest) return;
  // Ties round up, so the reciprocal must not lie below 16 / step; checked for every sum rather than argued.
  const std::int64_t m = (std::int64_t{unit_step_sixteenths} * 32768 + step_sixteenths_ - 1) / step_sixteenths_;
  if (m > largest) return;
  for (std::int64_t s = 0; s <= s_max_; ++s) {
    if (std::min<std::int64_t>((s * m + 16384) >> 15, top_) != code(s)) return;
  }
  multiplier15_ = static_cast<int>(m);
}

}  // namespace cimbalom::arithmetic
