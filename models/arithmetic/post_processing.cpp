#include "models/arithmetic/post_processing.hpp"

#include <limits>

#include "models/arithmetic/kernels.hpp"
#include "models/arithmetic/output_stage.hpp"

namespace cimbalom::arithmetic {

post_processing::post_processing(bool fixed_point, const std::vector<post_filter>& filters, std::int32_t zero_point,
                                 std::int32_t low, std::int32_t high)
    : fixed_point_(fixed_point), zero_point_(zero_point), low_(low), high_(high) {
  for (const post_filter& filter : filters) {
    shifts_.push_back(filter.shift);
    if (fixed_point) {
      const auto product = static_cast<std::uint64_t>(filter.bias) * static_cast<std::uint64_t>(filter.multiplier);
      offsets_.push_back(static_cast<std::int64_t>(product));
      multipliers_.push_back(filter.multiplier);
      second_multipliers_.push_back(filter.second_multiplier);
      below_half_.push_back(filter.shift > 0 ? (std::int64_t{1} << (filter.shift - 1)) - 1 : 0);
      odd_.push_back(filter.shift > 0 ? 1 : 0);
    } else {
      near_ = near_ && filter.bias >= std::numeric_limits<std::int32_t>::min() &&
              filter.bias <= std::numeric_limits<std::int32_t>::max();
      offsets_.push_back(filter.bias);
      near_biases_.push_back(static_cast<std::int32_t>(filter.bias));
      factors_.push_back(float_of(filter.multiplier));
      second_factors_.push_back(float_of(filter.second_multiplier));
    }
  }
}

void post_processing::run(const post_pixels& pixels) const {
  const kernels::post_plan plan{outputs(),
                                offsets_.data(),
                                multipliers_.data(),
                                second_multipliers_.data(),
                                shifts_.data(),
                                below_half_.data(),
                                odd_.data(),
                                offsets_.data(),
                                near_ ? near_biases_.data() : nullptr,
                                factors_.data(),
                                second_factors_.data(),
                                zero_point_,
                                low_,
                                high_};
  const kernels::post_kernels& post = kernels::current().post;
  fixed_point_ ? post.fixed(plan, pixels) : post.floating(plan, pixels);
}

std::size_t post_processing::footprint() const {
  return sizeof *this + outputs() * (fixed_point_ ? 6 * sizeof(std::int64_t) : 2 * sizeof(std::int64_t) + 12);
}

}  // namespace cimbalom::arithmetic
