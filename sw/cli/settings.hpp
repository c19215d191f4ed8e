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

/// The quantiser's section of the platform file, where `platform` names a file that has one; then --set, in order.
/// Throws input_error for an unknown kind or key, and for a value that is none or out of range.
settings parse_settings(const std::string& platform, const std::vector<std::string>& given);

/// The section as resolved.yaml holds it; parse_settings reads the same settings back.
std::string quantization_yaml(const quantization::quantization_settings& q);

}  // namespace cimbalom::cli
