#pragma once

#include <string>
#include <vector>

#include "sw/cli/arguments.hpp"
#include "sw/report/baseline.hpp"

namespace cimbalom::cli {

/// Runs the variants of arguments.source.package (codesign::variant) on the same hardware and images, each by this
/// program started again, with its report in OUT/NAME. Returns the reports in the order of `names`. Throws run_error
/// with the last message of a run that failed.
std::vector<report::compared_run> run_variants(const run_arguments& arguments, const std::vector<std::string>& names);

}  // namespace cimbalom::cli
