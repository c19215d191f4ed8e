#pragma once

#include <string>
#include <vector>

#include "sw/quantization/settings.hpp"

namespace cimbalom::cli {

/// --set of every kind, told apart by its first word.
struct settings {
  std::vector<std::string> platform;  ///< as given, for platform::read_platform
  quantization::quantization_settings quantization;
};

/// Throws input_error for an unknown kind or key, and for a value that is none or out of range.
settings parse_settings(const std::vector<std::string>& given);

}  // namespace cimbalom::cli
