#pragma once

#include <string>
#include <vector>

#include "tests/models/dram/core_driver.hpp"

namespace cimbalom::dram {

/// Checks a finished command log against every constraint, one pair of commands after the other and from the log alone:
/// slow and obvious, it shares nothing with the controller. Returns what is violated, at most ten lines.
std::vector<std::string> violations(const dram_config& config, const std::vector<issued>& log);

}  // namespace cimbalom::dram
