#pragma once

#include <string>
#include <vector>

#include "sw/report/json_value.hpp"

namespace cimbalom::report {

/// Another run on the same hardware, by its report.
struct compared_run {
  std::string name;
  json_value report;
};

/// Adds `baseline` (performance, energy, accuracy, memory and the layers' utilization of the dense 8-bit run) and
/// `gain` to a report of `run`. baseline.memory.weight_storage_bits is 8 x weights.
void add_baseline(json_value& report, const compared_run& baseline);

/// Adds `ablation`: of each run what it gains over the baseline.
void add_ablation(json_value& report, const compared_run& baseline, const std::vector<compared_run>& runs);

/// Both side by side for the terminal, the layers' utilization below, then a line for each ablation.
std::string comparison_text(const json_value& report, const compared_run& baseline,
                            const std::vector<compared_run>& runs);

}  // namespace cimbalom::report
