#pragma once

#include <string>
#include <vector>

#include "sw/quantization/settings.hpp"

namespace cimbalom::cli {

/// --set of every kind, told apart by its first word.
struct settings {
  std::vector<std::string> platform;  ///< as given, for platform::read_platform
  std::vector<std::string> policy;    ///< KEY=VALUE, for codesign::set_key
  bool quantization_given = false;    ///< a key of the quantiser was among them
  quantization::quantization_settings quantization;
};

/// The quantiser's section of the platform file, where `platform` names a file that has one; then --set, in order.
/// Throws input_error for an unknown kind or key, and for a value that is none or out of range.
settings parse_settings(const std::string& platform, const std::vector<std::string>& given);

/// For commands that train nothing. Throws input_error.
void refuse_policy_keys(const settings& given);

/// The section as resolved.yaml holds it; parse_settings reads the same settings back.
std::string quantization_yaml(const quantization::quantization_settings& q);

}  // namespace cimbalom::cli
