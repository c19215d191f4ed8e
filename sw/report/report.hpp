#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/energy/component_table.hpp"
#include "models/energy/ledger.hpp"
#include "platform/configuration/platform_config.hpp"
#include "sw/report/baseline.hpp"
#include "sw/report/json_value.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::report {

struct model_info {
  std::string name;
  std::string sha256;
  std::uint64_t macs = 0;        ///< dense multiply-accumulates of one image
  std::uint64_t parameters = 0;  ///< of the float network
  std::uint64_t weights = 0;     ///< of its matrix-vector layers
};

/// Everything that a report is made of.
/// What a stage of a co-design cost on the simulated processor.
struct design_stage {
  std::string stage;
  std::uint64_t instructions = 0;
};

struct report_input {
  std::string command = "run";                      ///< run or evaluate
  std::map<std::string, std::string> input_sha256;  ///< by role: model, dataset, platform, preprocess
  std::map<std::string, json_value> options;        ///< that decide the result: images, batch, timing_only, ...
  platform::platform_config platform;
  model_info model;
  runtime::run_result result;
  bool timed = true;              ///< false: evaluate; the parts on time and energy are left out
  energy::component_table costs;  ///< of the platform; area needs no run
  std::string quantization_yaml;  ///< section of resolved.yaml; empty: nothing was quantised here
  energy::ledger happened;        ///< of result.timed_images images
  /// Whole simulation, by phase (index: runtime::phase); empty: not known.
  std::vector<energy::ledger> by_phase;
  std::optional<compared_run> baseline;  ///< of a co-designed network: the dense one, on the same hardware
  std::vector<compared_run> ablation;
  std::vector<design_stage> design;  ///< of the co-design that this run began with; empty: it had none
};

/// Throws run_error naming the first number that cannot be right: negative or no number, parts that do not sum to their
/// total, latency below the compute bound, utilization above 1, more hits than labels.
void check(const report_input& input);

/// The document of design section 7; checked. docs/report.md defines every key.
json_value report_json(const report_input& input);

/// One line a layer, with a header line.
std::string layers_csv(const report_input& input);

/// The platform with every key, which runs to the same report.
std::string resolved_yaml(const report_input& input);

/// The table for the terminal.
std::string summary(const report_input& input);

/// Baseline and co-designed side by side, and the ablation; empty without a baseline.
std::string comparison_text(const report_input& input);

/// Creates the folder and proves that files can be written into it, before any work is done. Throws input_error.
void prepare_folder(const std::string& folder);

/// Writes report.json, layers.csv and resolved.yaml. Each file appears whole or not at all. Throws run_error.
void write_report(const report_input& input, const std::string& folder);

/// Writes one file as write_report does.
void write_whole(const std::string& path, const std::string& text);

}  // namespace cimbalom::report
