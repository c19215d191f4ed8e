#pragma once

#include <string>

#include "platform/configuration/error.hpp"
#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// One line that names file, node, what is wrong with it, and what is allowed.
[[noreturn]] inline void refuse(const graph& g, const node& n, const std::string& key, const std::string& value,
                                const std::string& allowed) {
  throw bad_input({}, describe(g, n) + ": " + key, value, allowed);
}

}  // namespace cimbalom::graph
