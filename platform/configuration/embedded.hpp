#pragma once

#include <string>
#include <vector>

namespace cimbalom::platform {

/// Text of a file that is built into the program, by its path below platform/ ("presets/nthu-28nm.yaml"); empty: none.
std::string embedded_text(const std::string& path);

/// Names (without folder and .yaml) of the files in `folder` ("presets/"), sorted.
std::vector<std::string> embedded_names(const std::string& folder);

}  // namespace cimbalom::platform
