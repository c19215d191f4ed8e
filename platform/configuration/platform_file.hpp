#pragma once

#include <string>
#include <vector>

#include "platform/configuration/platform_config.hpp"

namespace cimbalom::platform {

/// Section of a platform file that is not the platform's: the quantiser's settings, so that a resolved.yaml says all
/// that decides a result. Whoever quantises reads it.
inline constexpr const char* quantization_section = "quantization";

/// Reads a platform: an embedded preset by name, or a YAML file; empty: the default preset. Then `settings`
/// ("platform.macro.adc_bits=6", from --set) in order. The result is validated.
/// Throws input_error with file, line, key, value and what is allowed.
platform_config read_platform(const std::string& preset_or_path, const std::vector<std::string>& settings = {});

/// The same from text; `file` only names it in messages.
platform_config parse_platform(const std::string& text, const std::string& file,
                               const std::vector<std::string>& settings = {});

/// Every key with its value; reads back to the same configuration.
std::string write_platform(const platform_config& config);

/// Checks ranges and what keys must agree on. Throws input_error.
void validate(const platform_config& config);

/// Names of the embedded presets, sorted.
std::vector<std::string> preset_names();

/// The text of an embedded preset; empty when there is none of that name.
std::string preset_text(const std::string& name);

}  // namespace cimbalom::platform
