#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace cimbalom::report {

/// SHA-256 of bytes that come in pieces.
class sha256_sum {
 public:
  sha256_sum();
  ~sha256_sum();
  sha256_sum(const sha256_sum&) = delete;
  sha256_sum& operator=(const sha256_sum&) = delete;

  void add(const char* bytes, std::size_t length);
  /// Lower-case hexadecimal; ends the sum.
  std::string hexadecimal();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

std::string sha256(const std::string& bytes);

/// Of a file's bytes. Throws input_error when it cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace cimbalom::report
