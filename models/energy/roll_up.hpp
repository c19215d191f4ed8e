#pragma once

#include <cstdint>
#include <vector>

#include "models/energy/component_table.hpp"
#include "models/energy/ledger.hpp"
#include "models/energy/wide.hpp"

namespace cimbalom::energy {

/// Energy in attojoules. Each (component, layer) cell is an integer; every total is a sum of cells, so parts always add
/// up.
class breakdown {
 public:
  /// layers: how many the network has; a ledger that knows more widens the table.
  breakdown(const component_table& costs, const ledger& happened, std::int32_t layers);

  std::int32_t layers() const { return layers_; }
  /// layer may be no_layer.
  wide cell(component_id component, std::int32_t layer) const;
  wide of_component(component_id component) const;
  wide of_layer(std::int32_t layer) const;
  /// What a published macro efficiency covers (in_macro).
  wide of_macros() const;
  wide total() const;

 private:
  std::int32_t layers_;
  std::vector<wide> cells_;  // [layer + 1][component]
};

/// Area in units of 0.001 um2, in the order of the table.
wide total_area_milli_um2(const component_table& table);

}  // namespace cimbalom::energy
