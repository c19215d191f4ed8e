#pragma once

#include <cstdint>
#include <vector>

namespace cimbalom::pruning {

/// 1 keeps a unit, 0 holds it at zero.
using mask = std::vector<std::uint8_t>;

/// The units of one layer, as the choice sees them.
struct candidate_layer {
  std::vector<double> saliency;  ///< a unit: estimated loss increase when it becomes zero, >= 0; 0 where it is zero
  double cost = 1;               ///< of a unit: bank operations of one image
};

/// Density to hold after the part `progress` (0..1) of the pruning epochs: cubic from 1 to `target` at progress 1.
double density_at(double progress, double target);

/// Loss increase of zeroing every unit, second order with a diagonal curvature: sum over its weights of curvature *
/// weight^2 / 2. `unit` is unit_layout::unit.
std::vector<double> saliency_of(const std::vector<float>& weights, const std::vector<float>& curvature,
                                const std::vector<std::int64_t>& unit, std::int64_t units);

/// Masks with at most `density` of the layers' summed cost: the units with the least saliency a cost go first. Every
/// layer keeps at least `least` of its own units, and never fewer than one.
std::vector<mask> choose_masks(const std::vector<candidate_layer>& layers, double density, double least);

/// Cost of what the masks keep, as a part of the whole.
double density_of(const std::vector<candidate_layer>& layers, const std::vector<mask>& masks);

}  // namespace cimbalom::pruning
