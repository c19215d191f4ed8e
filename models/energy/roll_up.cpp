#include "models/energy/roll_up.hpp"

#include <algorithm>

namespace cimbalom::energy {
namespace {

// Yoctojoules, as events are booked: 1 pW for 1 ps.
wide leaked(const component_table& costs, component_id component, std::uint64_t picoseconds) {
  return static_cast<wide>(costs.leakage_picowatts(component)) * picoseconds;
}

}  // namespace

breakdown::breakdown(const component_table& costs, const ledger& happened, std::int32_t layers)
    : layers_(std::max({layers, happened.layer_limit(), 0})) {
  const std::size_t width = components().size();
  cells_.assign((static_cast<std::size_t>(layers_) + 1) * width, 0);
  for (std::int32_t layer = no_layer; layer < layers_; ++layer) {
    wide* row = &cells_[static_cast<std::size_t>(layer - no_layer) * width];
    for (std::size_t e = 0; e < event_count; ++e) {
      const auto what = static_cast<event>(e);
      row[component_of(what)] += static_cast<wide>(happened.counted(what, layer)) * costs.yoctojoules(what);
    }
    for (component_id c = 0; c < width; ++c) {
      row[c] = divide_rounded(row[c] + leaked(costs, c, happened.elapsed_ps(layer)), yoctojoules_per_attojoule);
    }
  }
}

wide breakdown::cell(component_id component, std::int32_t layer) const {
  return cells_[static_cast<std::size_t>(layer - no_layer) * components().size() + component];
}

wide breakdown::of_component(component_id component) const {
  wide sum = 0;
  for (std::int32_t layer = no_layer; layer < layers_; ++layer) sum += cell(component, layer);
  return sum;
}

wide breakdown::of_layer(std::int32_t layer) const {
  wide sum = 0;
  for (component_id c = 0; c < components().size(); ++c) sum += cell(c, layer);
  return sum;
}

wide breakdown::of_macros() const {
  wide sum = 0;
  for (component_id c = 0; c < components().size(); ++c) {
    if (in_macro(c)) sum += of_component(c);
  }
  return sum;
}

wide breakdown::total() const {
  wide sum = 0;
  for (const wide& value : cells_) sum += value;
  return sum;
}

wide total_area_milli_um2(const component_table& table) {
  wide sum = 0;
  for (const part_area& area : table.areas()) sum += area.milli_um2;
  return sum;
}

}  // namespace cimbalom::energy
