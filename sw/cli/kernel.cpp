#include "sw/cli/kernel.hpp"

#include <cstdlib>
#include <exception>
#include <systemc>

namespace cimbalom::cli {
namespace {

// sc_main takes no other argument than text.
const std::function<void()>* pending = nullptr;
std::exception_ptr failure;

}  // namespace

void run_in_kernel(const std::function<void()>& job) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  pending = &job;
  char name[] = "cimbalom";
  char* arguments[] = {name, nullptr};
  sc_core::sc_elab_and_sim(1, arguments);
  pending = nullptr;
  if (failure) std::rethrow_exception(failure);
}

/// What sc_main does; apart, because the kernel would swallow exceptions.
int run_pending() {
  try {
    if (pending != nullptr) (*pending)();
  } catch (...) {
    failure = std::current_exception();
  }
  return 0;
}

}  // namespace cimbalom::cli

// The kernel's entry; its own main is never reached, because the program has one.
int sc_main(int, char*[]) {
  return cimbalom::cli::run_pending();
}
