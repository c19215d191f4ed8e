#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "models/energy/event_sink.hpp"

namespace cimbalom::energy {

/// Number of a component in components(); every event belongs to one.
using component_id = std::size_t;

/// "component.event", the name of the row in a technology file.
std::string_view name(event what);
/// The component that an event belongs to.
component_id component_of(event what);
std::optional<event> find_event(std::string_view name);

/// Components in the order of CIMBALOM_ENERGY_EVENTS.
const std::vector<std::string_view>& components();
std::optional<component_id> find_component(std::string_view name);

/// True for what a published macro efficiency covers: array, DAC, ADC, adder tree, shift-add and accumulators.
bool in_macro(component_id component);

}  // namespace cimbalom::energy
