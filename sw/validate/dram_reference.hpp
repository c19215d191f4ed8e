#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/dram/dram_config.hpp"
#include "sw/validate/trace_rule.hpp"

namespace cimbalom::validate {

/// What another simulator gave for a trace, and the same organisation, mapping and policy here. Figures that it did not
/// give are absent.
struct dram_reference {
  std::string simulator;  ///< with its commit
  std::string device;     ///< its configuration
  trace_rule trace;
  std::optional<double> bandwidth_gb_s, read_latency_ns, power_mw, energy_mj;
  dram::dram_config config;
  std::string note;          ///< how the configuration was made, what was assumed
  std::string not_compared;  ///< figures that do not compare, and why; empty: all do
};

const std::vector<dram_reference>& dram_references();

}  // namespace cimbalom::validate
