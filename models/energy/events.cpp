#include "models/energy/events.hpp"

#include <algorithm>
#include <array>

namespace cimbalom::energy {
namespace {

struct event_row {
  std::string_view component;
  std::string_view name;
};

constexpr std::array<event_row, event_count> rows = {{
#define CIMBALOM_X(component, event) {#component, #component "." #event},
    CIMBALOM_ENERGY_EVENTS(CIMBALOM_X)
#undef CIMBALOM_X
}};

std::vector<std::string_view> distinct_components() {
  std::vector<std::string_view> found;
  for (const event_row& row : rows) {
    if (std::find(found.begin(), found.end(), row.component) == found.end()) found.push_back(row.component);
  }
  return found;
}

const std::vector<std::string_view> component_names = distinct_components();

std::array<component_id, event_count> owners() {
  std::array<component_id, event_count> found{};
  for (std::size_t i = 0; i < event_count; ++i) found[i] = *find_component(rows[i].component);
  return found;
}

const std::array<component_id, event_count> event_owner = owners();

}  // namespace

std::string_view name(event what) {
  return rows[static_cast<std::size_t>(what)].name;
}

component_id component_of(event what) {
  return event_owner[static_cast<std::size_t>(what)];
}

std::optional<event> find_event(std::string_view name) {
  for (std::size_t i = 0; i < event_count; ++i) {
    if (rows[i].name == name) return static_cast<event>(i);
  }
  return std::nullopt;
}

const std::vector<std::string_view>& components() {
  return component_names;
}

std::optional<component_id> find_component(std::string_view name) {
  const auto found = std::find(component_names.begin(), component_names.end(), name);
  if (found == component_names.end()) return std::nullopt;
  return static_cast<component_id>(found - component_names.begin());
}

bool in_macro(component_id component) {
  constexpr std::array<std::string_view, 6> parts = {"array", "dac", "adc", "adder_tree", "shift_add", "accumulator"};
  return std::find(parts.begin(), parts.end(), component_names[component]) != parts.end();
}

}  // namespace cimbalom::energy
