#pragma once

#include "sw/cli/arguments.hpp"

namespace cimbalom::cli {

/// Simulates; writes and prints the report.
void run(const run_arguments& arguments);

/// Co-designs a network and writes its package.
void codesign(const codesign_arguments& arguments);

/// Bit-exact accuracy without time; writes and prints the report.
void evaluate(const evaluate_arguments& arguments);

/// Time, energy and area in closed form, without data and without libtorch; writes and prints the report.
void estimate(const estimate_arguments& arguments);

/// Memory traces on the controller alone, and the figures of other simulators beside it; throws run_error when one is
/// further off than its bound.
void validate_dram(const validate_dram_arguments& arguments);

/// Published macros beside the model; throws run_error when a mean error of the built-in ones is beyond its bound.
void validate_silicon(const validate_silicon_arguments& arguments);

}  // namespace cimbalom::cli
