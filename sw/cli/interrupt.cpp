#include "sw/cli/interrupt.hpp"

#include <csignal>

namespace cimbalom::cli {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

namespace {

// A second one ends the program at once.
extern "C" void on_interrupt(int number) {
  interrupted = true;
  std::signal(number, SIG_DFL);
}

}  // namespace

void catch_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is told by the write that fails
}

}  // namespace cimbalom::cli
