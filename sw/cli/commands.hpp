#pragma once

#include <atomic>

#include "sw/cli/arguments.hpp"

namespace cimbalom::cli {

/// Becomes true at Ctrl-C: long work ends early and its files are still written.
extern std::atomic<bool> interrupted;

/// Simulates; writes and prints the report.
void run(const run_arguments& arguments);

/// Bit-exact accuracy without time; writes and prints the report.
void evaluate(const evaluate_arguments& arguments);

}  // namespace cimbalom::cli
