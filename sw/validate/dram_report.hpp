#pragma once

#include <string>
#include <vector>

#include "sw/report/json_value.hpp"
#include "sw/validate/dram_reference.hpp"
#include "sw/validate/replay.hpp"

namespace cimbalom::validate {

/// A figure beside that of another simulator.
struct compared_figure {
  std::string name;  ///< with its unit, as in the report
  double reference = 0;
  double here = 0;
  bool bound = false;  ///< must lie within tolerance
  double error_percent() const { return 100 * (here / reference - 1); }
};
inline constexpr double tolerance_percent = 10;

struct reference_result {
  const dram_reference* row = nullptr;
  replay_result here;
  std::vector<compared_figure> figures;  ///< those that the reference has and that compare
};

struct trace_result {
  std::string name;
  replay_result here;
};

struct dram_validation {
  dram::dram_config memory;  ///< that the traces were played on
  std::vector<reference_result> references;
  std::vector<trace_result> traces;
};

/// Plays the trace of every reference on its configuration.
std::vector<reference_result> compare_with_references();
reference_result compare(const dram_reference& row);

/// Lines of those bound figures that are further off than the tolerance.
std::vector<std::string> beyond_tolerance(const std::vector<reference_result>& results);

std::string dram_text(const dram_validation& all);
report::json_value dram_json(const dram_validation& all);

}  // namespace cimbalom::validate
