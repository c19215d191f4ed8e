#include "sw/pruning/masks.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace cimbalom::pruning {

double density_at(double progress, double target) {
  const double left = 1 - std::clamp(progress, 0.0, 1.0);
  return target + (1 - target) * left * left * left;
}

std::vector<double> saliency_of(const std::vector<float>& weights, const std::vector<float>& curvature,
                                const std::vector<std::int64_t>& unit, std::int64_t units) {
  std::vector<double> sum(static_cast<std::size_t>(units), 0.0);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double w = static_cast<double>(weights[k]);
    sum[static_cast<std::size_t>(unit[k])] += static_cast<double>(curvature[k]) * w * w / 2;
  }
  return sum;
}

std::vector<mask> choose_masks(const std::vector<candidate_layer>& layers, double density, double least) {
  std::vector<mask> masks;
  std::vector<std::size_t> spare;  // units that a layer may still lose
  std::vector<std::tuple<double, std::size_t, std::size_t>> order;
  double total = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::size_t units = layers[l].saliency.size();
    masks.emplace_back(units, std::uint8_t{1});
    const auto kept = static_cast<std::size_t>(std::ceil(least * static_cast<double>(units)));
    spare.push_back(units - std::min(units, std::max<std::size_t>(kept, 1)));
    total += layers[l].cost * static_cast<double>(units);
    for (std::size_t u = 0; u < units; ++u) order.emplace_back(layers[l].saliency[u] / layers[l].cost, l, u);
  }
  std::sort(order.begin(), order.end());
  double kept = total;
  for (const auto& [price, l, u] : order) {
    if (kept <= density * total * (1 + 1e-12)) break;
    if (spare[l] == 0) continue;
    --spare[l];
    masks[l][u] = 0;
    kept -= layers[l].cost;
  }
  return masks;
}

double density_of(const std::vector<candidate_layer>& layers, const std::vector<mask>& masks) {
  double total = 0, kept = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    total += layers[l].cost * static_cast<double>(masks[l].size());
    kept += layers[l].cost * static_cast<double>(std::count(masks[l].begin(), masks[l].end(), std::uint8_t{1}));
  }
  return total > 0 ? kept / total : 1;
}

}  // namespace cimbalom::pruning
