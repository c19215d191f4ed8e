#include "models/energy/component_table.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"

namespace cimbalom::energy {
namespace {

void require_source(const std::string& key, const provenance& origin) {
  if (origin.source.empty()) throw bad_input({}, key, "", "a cost needs a source: add `source:` to its row");
}

}  // namespace

void component_table::set_cost(event what, const event_cost& cost) {
  const std::string key(name(what));
  require_source(key, cost.origin);
  const auto index = static_cast<std::size_t>(what);
  if (known_[index]) throw bad_input({}, key, "", "given twice; one row an event");
  if (cost.yoctojoules >= yoctojoules_per_attojoule) {
    throw bad_input({}, key, std::to_string(cost.yoctojoules), "yoctojoules beyond the attojoules are below 1000000");
  }
  known_[index] = true;
  costs_[index] = cost;
}

wide component_table::yoctojoules(event what) const {
  const event_cost& one = cost(what);
  return static_cast<wide>(one.attojoules) * yoctojoules_per_attojoule + one.yoctojoules;
}

void component_table::set_leakage(component_id component, const leakage& power) {
  const std::string key = std::string(components()[component]) + " leakage";
  require_source(key, power.origin);
  if (!leakage_.emplace(component, power).second) throw bad_input({}, key, "", "given twice; one row a component");
}

void component_table::add_area(const part_area& area) {
  require_source(area.part + " area", area.origin);
  const auto same = [&](const part_area& other) { return other.part == area.part; };
  if (std::any_of(areas_.begin(), areas_.end(), same)) {
    throw bad_input({}, area.part + " area", "", "given twice; one row a part");
  }
  areas_.push_back(area);
}

void component_table::require_complete(const std::string& file) const {
  for (std::size_t i = 0; i < event_count; ++i) {
    if (!known_[i]) {
      throw bad_input({file, 0}, "events." + std::string(name(static_cast<event>(i))), "",
                      "missing: every event needs a row");
    }
  }
}

std::uint64_t component_table::leakage_picowatts(component_id component) const {
  const auto found = leakage_.find(component);
  return found == leakage_.end() ? 0 : found->second.picowatts;
}

}  // namespace cimbalom::energy
