#pragma once

#include <functional>

namespace cimbalom::cli {

/// Runs `job` inside of the SystemC kernel, once a process; what it throws comes out.
void run_in_kernel(const std::function<void()>& job);

/// What the kernel calls in sc_main.
int run_pending();

}  // namespace cimbalom::cli
