#pragma once

#include <cstdint>
#include <string>

namespace cimbalom::cli {

/// Shows how far long work is on standard error: a bar that redraws itself on a terminal, else a line every tenth.
class progress {
 public:
  progress(std::string what, std::string unit);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void update(std::uint64_t done, std::uint64_t total);

 private:
  void draw(std::uint64_t done, std::uint64_t total, std::uint64_t percent);

  std::string what_;
  std::string unit_;
  bool terminal_;
  bool open_ = false;                        // a bar stands on the current line
  std::uint64_t shown_ = ~std::uint64_t{0};  // step shown last: percent, or tenths
};

}  // namespace cimbalom::cli
