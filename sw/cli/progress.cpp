#include "sw/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace cimbalom::cli {

progress::progress(std::string what, std::string unit)
    : what_(std::move(what)), unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) == 1) {}

progress::~progress() {
  if (open_) std::fputc('\n', stderr);
}

void progress::update(std::uint64_t done, std::uint64_t total) {
  if (total == 0) return;
  const std::uint64_t percent = done >= total ? 100 : done * 100 / total;
  const std::uint64_t step = terminal_ ? percent : percent / 10;
  if (step == shown_ || (!terminal_ && step == 0)) return;
  shown_ = step;
  draw(done, total, percent);
}

void progress::draw(std::uint64_t done, std::uint64_t total, std::uint64_t percent) {
  if (!terminal_) {
    fmt::print(stderr, "{}: {} of {} {}\n", what_, done, total, unit_);
    return;
  }
  constexpr std::size_t width = 40;
  const auto filled = static_cast<std::size_t>(percent) * width / 100;
  const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
  fmt::print(stderr, "\r{:<12} [{}] {:3} % {} of {} {}", what_, bar, percent, done, total, unit_);
  open_ = percent < 100;
  if (!open_) std::fputc('\n', stderr);
  std::fflush(stderr);
}

}  // namespace cimbalom::cli
