#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sw/codesign/policy.hpp"

namespace cimbalom::codesign {

/// Estimated loss increase of one filter at each width: [b - 1] for b bits, 1..8.
using width_costs = std::array<double, 8>;

/// What the filters of one bank pass may use together.
struct pass_budget {
  int slots = 12;        ///< of a bank
  int slot_bits = 8;     ///< 2..8 weight columns of a slot; two filters whose widths sum to it share one
  double mean_bits = 8;  ///< upper bound, where the pass has so many filters that they cannot all fill its slots
  int least_bits = 1;    ///< 1..slot_bits / 2
};

/// Chooses the width of every filter of a pass so that the filters can be paired into its slots.
class bit_allocator {
 public:
  virtual ~bit_allocator() = default;
  /// Costs of one filter from its weights and the curvature of the loss there, `length` each.
  virtual width_costs costs(const float* weights, const float* curvature, std::size_t length, int most_bits) const = 0;
  /// Widths in the order of `filters`, at least one and at most 2 * slots of them (std::logic_error otherwise). A
  /// filter alone in its slot gets all of it.
  std::vector<std::uint8_t> allocate(const std::vector<width_costs>& filters, const pass_budget& budget) const;
};

/// Learned widths come from the trainer; until they are there, that method stands on sensitivity.
std::unique_ptr<bit_allocator> make_allocator(allocation_method method);

/// Slots that these filters need when paired as well as possible (widths that sum to slot_bits or less share one).
int slots_needed(std::vector<std::uint8_t> bits, int slot_bits);

}  // namespace cimbalom::codesign
