#include "sw/cli/training_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "platform/configuration/error.hpp"
#include "sw/cli/interrupt.hpp"

namespace cimbalom::cli {
namespace {

constexpr auto redraw = std::chrono::milliseconds(200);
constexpr const char* clear_line = "\r\033[K";

double seconds_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

std::string bar(double part) {
  constexpr std::size_t width = 24;
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  return std::string(filled, '#') + std::string(width - filled, '.');
}

}  // namespace

training_progress::training_progress(const codesign::policy& how)
    : pruning_epochs_(how.epochs.pruning),
      all_epochs_(how.epochs.pruning + how.epochs.mixed),
      terminal_(isatty(STDERR_FILENO) == 1) {}

training_progress::~training_progress() {
  if (open_) std::fputc('\n', stderr);
}

void training_progress::attach(codesign::flow_options& options) {
  options.step = [this](const codesign::epoch_report& now, double part) { step(now, part); };
  options.progress = [this](const codesign::epoch_report& done) {
    accuracy_ = done.accuracy;
    epoch(done);
  };
}

double training_progress::position(const codesign::epoch_report& now, double part) const {
  return (now.stage == "pruning" ? 0 : pruning_epochs_) + now.epoch - 1 + part;
}

void training_progress::step(const codesign::epoch_report& now, double part) {
  if (interrupted) throw run_error("interrupted: the last checkpoint stays; --resume goes on from it");
  const auto time = std::chrono::steady_clock::now();
  if (begun_ < 0) {
    begun_ = position(now, part);
    start_ = time;
  }
  if (!terminal_ || time - drawn_ < redraw) return;
  drawn_ = time;
  const double at = position(now, part);
  const double left = at > begun_ ? seconds_since(start_) * (all_epochs_ - at) / (at - begun_) : 0;
  fmt::print(stderr,
             "{}{:<8} {:>3}/{} [{}] loss {:.4f}, top-1 {:.2f} %, validation {:.2f} %, density {:.3f}, {:.2f} bits, "
             "{:.0f} s left",
             clear_line, now.stage, now.epoch, now.epochs, bar(part), now.loss, 100 * now.training_accuracy,
             100 * accuracy_, now.density, now.mean_bits, left);
  std::fflush(stderr);
  open_ = true;
}

void training_progress::epoch(const codesign::epoch_report& done) const {
  fmt::print(stderr,
             "{}{} {} of {}: loss {:.4f}, top-1 {:.2f} %, validation {:.2f} %, density {:.3f}, mean bits {:.2f}\n",
             open_ ? clear_line : "", done.stage, done.epoch, done.epochs, done.loss, 100 * done.training_accuracy,
             100 * done.accuracy, done.density, done.mean_bits);
}

}  // namespace cimbalom::cli
