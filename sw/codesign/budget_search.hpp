#pragma once

#include <cstddef>
#include <vector>

namespace cimbalom::codesign {

/// One way to lay a layer's filters into bank passes.
struct layer_option {
  int passes = 1;
  double loss = 0;        ///< what it costs in accuracy, in one unit for everything that is searched
  double slice_cost = 1;  ///< of all its passes, for one input slice of one image
};

/// What may be chosen for a layer: never empty, the first is where the search begins.
struct layer_candidates {
  std::size_t input = 0;  ///< the value that its inputs come from
  std::vector<layer_option> options;
};

/// One width of a value between layers.
struct value_option {
  int bits = 8;
  int slices = 4;  ///< input slices of the layers that read it
  double loss = 0;
};

/// Never empty; the first is where the search begins.
using value_candidates = std::vector<value_option>;

struct budget_problem {
  std::vector<layer_candidates> layers;
  std::vector<value_candidates> values;
  double most = 0;  ///< of the sum over layers of slice_cost * slices of its input
};

/// An option for every layer and value, by index.
struct budget_choice {
  std::vector<std::size_t> layers, values;
  double cost = 0, loss = 0;
  bool met = false;  ///< false: no choice is so cheap; the cheapest then
};

/// The least sum of losses within the budget: gives way where a unit of cost loses least, then takes back and exchanges
/// options while that lowers the loss. On small problems it meets exhaustive search (tests).
budget_choice search(const budget_problem& problem);

}  // namespace cimbalom::codesign
