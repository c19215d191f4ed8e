#pragma once

#include <string>

namespace cimbalom::report {

/// SHA-256 in lower-case hexadecimal.
std::string sha256(const std::string& bytes);

/// Of a file's bytes. Throws input_error when it cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace cimbalom::report
