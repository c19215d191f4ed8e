#include "sw/codesign/layer_widths.hpp"

#include <algorithm>
#include <numeric>

#include "sw/codesign/bit_allocator.hpp"
#include "sw/quantization/weight_rounding.hpp"

namespace cimbalom::codesign {
namespace {

constexpr double curvature_floor = 0.25;  // of a layer's mean curvature

float rounding_step(const std::vector<float>& real, std::size_t first, std::size_t length, int bits) {
  const std::vector<double> filter(real.begin() + static_cast<std::ptrdiff_t>(first),
                                   real.begin() + static_cast<std::ptrdiff_t>(first + length));
  std::vector<std::int16_t> codes(length);
  return static_cast<float>(quantization::round_weights(filter.data(), length, bits, codes.data()));
}

width_costs distance_costs(double wanted) {
  width_costs made{};
  for (std::size_t b = 0; b < made.size(); ++b) {
    const double away = static_cast<double>(b + 1) - wanted;
    made[b] = away * away;
  }
  return made;
}

/// Few gradients leave gaps: a part of the layer's mean stands for what they did not show.
std::vector<float> filled(std::vector<float> curvature) {
  const double mean = std::accumulate(curvature.begin(), curvature.end(), 0.0) / static_cast<double>(curvature.size());
  for (float& value : curvature) value += static_cast<float>(curvature_floor * mean);
  return curvature;
}

}  // namespace

layer_widths choose_widths(const designed_layer& d, const torch::product_weights& now, const policy& how,
                           const macro_layout& macro, const std::vector<float>& learned) {
  const auto allocator = make_allocator(how.allocation);
  const int least = std::min(how.budget.least_bits, macro.slot_bits / 2);
  const pass_budget budget{macro.slots, macro.slot_bits, d.mean_bits, least};
  const std::vector<float> curvature = filled(now.curvature);
  const auto filters = static_cast<std::size_t>(d.product.filters);
  const std::size_t length = now.real.size() / filters;
  layer_widths made{std::vector<std::uint8_t>(filters), now.step};
  for (std::size_t first = 0; first < filters;) {
    std::size_t last = first;
    std::vector<width_costs> costs;
    for (; last < filters && d.units.pass[last] == d.units.pass[first]; ++last)
      costs.push_back(!learned.empty() ? distance_costs(static_cast<double>(learned[last]))
                                       : allocator->costs(now.real.data() + last * length,
                                                          curvature.data() + last * length, length, macro.slot_bits));
    const std::vector<std::uint8_t> widths = allocator->allocate(costs, budget);
    std::copy(widths.begin(), widths.end(), made.bits.begin() + static_cast<std::ptrdiff_t>(first));
    first = last;
  }
  for (std::size_t f = 0; f < filters; ++f)
    if (made.bits[f] != now.bits[f]) made.step[f] = rounding_step(now.real, f * length, length, made.bits[f]);
  return made;
}

}  // namespace cimbalom::codesign
