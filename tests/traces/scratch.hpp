#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace cimbalom::testing_support {

/// Of a file in this process's folder.
inline std::string scratch(const std::string& name) {
  return process_folder() / name;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cimbalom::testing_support
