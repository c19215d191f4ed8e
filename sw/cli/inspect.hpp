#pragma once

#include <string>

#include "sw/cli/arguments.hpp"

namespace cimbalom::cli {

/// The text that `inspect` prints. What FILE is follows from its name and content. Throws input_error.
std::string inspect(const inspect_arguments& arguments);

std::string inspect_platform(const std::string& preset_or_path);
std::string inspect_model(const std::string& path);
std::string inspect_package(const std::string& folder);
std::string inspect_result(const std::string& path);

}  // namespace cimbalom::cli
