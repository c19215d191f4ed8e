#pragma once

#include <stdexcept>
#include <string>

namespace cimbalom {

/// Bad input of the user's: one line, exit code 2. Throw it from any parser or validation.
/// what() is a single line: "FILE:LINE: KEY = VALUE: WHAT IS ALLOWED", parts that do not apply left out.
class input_error : public std::runtime_error {
 public:
  explicit input_error(const std::string& line) : std::runtime_error(line) {}
};

/// A run that started well and failed (a guest error, a hang, a full disk): one line, exit code 1.
class run_error : public std::runtime_error {
 public:
  explicit run_error(const std::string& line) : std::runtime_error(line) {}
};

/// Where a value stands in a file; line 0: no line.
struct place {
  std::string file;
  int line = 0;
};

/// Builds the line of an input_error; empty parts are left out.
inline input_error bad_input(const place& where, const std::string& key, const std::string& value,
                             const std::string& allowed) {
  std::string text = where.file;
  if (where.line > 0) text += ":" + std::to_string(where.line);
  if (!text.empty()) text += ": ";
  text += key;
  if (!value.empty()) text += (key.empty() ? "" : " = ") + value;
  if (!allowed.empty()) text += (key.empty() && value.empty() ? "" : ": ") + allowed;
  return input_error(text);
}

}  // namespace cimbalom
