#pragma once

// Private to sw/package: the float graph as JSON, its constants in a file of their own.

#include <nlohmann/json.hpp>
#include <string>

#include "sw/graph/graph.hpp"

namespace cimbalom::package {

/// Appends the elements of constants to `constants` (host byte order, as little-endian hosts have it).
nlohmann::json graph_to_json(const graph::graph& g, std::string& constants);

/// Throws input_error naming `file` and the key, or the node that contradicts itself.
graph::graph graph_from_json(const nlohmann::json& from, const std::string& file, const std::string& constants);

}  // namespace cimbalom::package
