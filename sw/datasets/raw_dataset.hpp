#pragma once

#include <memory>
#include <string>

#include "sw/datasets/dataset.hpp"
#include "sw/datasets/elements.hpp"

namespace cimbalom::datasets {

/// Checks that the bytes of `array` hold its shape; input_error names the first record that is short.
void check_length(const raw_array& array, const std::string& file);

/// Records along axis 0 of `values`, and labels along axis 0 of `labels` (null: none).
/// Throws input_error when the two do not match, a label is no class number, or a value is NaN or infinite.
std::unique_ptr<dataset> make_dataset(const raw_array& values, const std::string& values_file, const raw_array* labels,
                                      const std::string& labels_file);

}  // namespace cimbalom::datasets
