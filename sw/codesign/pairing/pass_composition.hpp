#pragma once

#include <cstdint>
#include <vector>

#include "sw/codesign/pairing/pairing.hpp"

namespace cimbalom::codesign {

/// Filters side by side, from the high to the low columns.
struct composed_slot {
  std::vector<const filter_demand*> filters;
  int size = 1;  ///< adjacent physical slots; more than one for a single wide filter
};

/// Sum of the products of the sensitivities that share the slot.
double risk_of(const composed_slot& slot);

group_pattern pattern_union(const group_pattern& a, const group_pattern& b);

struct composed_pass {
  std::vector<composed_slot> slots;
  group_pattern pattern;  ///< union of the filters' own
  int size = 0;           ///< physical slots
};

struct composition {
  std::vector<composed_pass> passes;
  std::uint64_t operations = 0, operations_bound = 0;
};

/// Puts slots into passes, for the least sum of groups over the passes.
class composer {
 public:
  explicit composer(int slots_a_pass) : capacity_(slots_a_pass) {}

  /// Slots whose filters keep the same groups; fewer than `bound` physical slots are impossible.
  void add_class(std::vector<composed_slot> slots, std::size_t bound);
  /// With `spread`, slots that stay empty take filters out of the riskiest shared slots.
  composition run(bool spread);

 private:
  void join_leftovers();
  void dissolve();
  void spread_risk(composed_pass& pass) const;
  std::uint64_t bound() const;

  int capacity_;
  std::vector<composed_pass> full_, open_;
  std::vector<std::pair<group_pattern, std::size_t>> bounds_;  // a class each
};

}  // namespace cimbalom::codesign
