#pragma once

#include <map>
#include <string>

#include "sw/graph/tensor.hpp"

namespace cimbalom::codesign {

/// Named tensors in one file: how far a training has come.
using checkpoint = std::map<std::string, graph::tensor>;

/// Writes beside PATH, then renames: PATH is the old checkpoint or the new one, never half of one. Throws run_error
/// when it cannot be written (disk full, no such folder); the old one is still there then.
void save_checkpoint(const checkpoint& from, const std::string& path);

/// Throws input_error when the file is absent, cut short, damaged or of another version.
checkpoint load_checkpoint(const std::string& path);

}  // namespace cimbalom::codesign
