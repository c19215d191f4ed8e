#pragma once

#include <string>
#include <vector>

#include "sw/compiler/program.hpp"
#include "sw/compiler/target.hpp"

namespace cimbalom::compiler {

/// Checks a compiled program against the hardware's rules from its bytes alone: descriptors decode, operands lie in
/// their buffers, banks and positions exist, what is computed on was programmed, and every two commands that conflict
/// are ordered by lags, over `repetitions` of an image. Returns what is wrong, one line a finding; empty: nothing.
std::vector<std::string> verify(const program& compiled, const target& hardware, int repetitions = 3);

}  // namespace cimbalom::compiler
