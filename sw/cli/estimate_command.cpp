#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/settings.hpp"
#include "sw/cli/topology.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/estimate/estimate.hpp"
#include "sw/onnx/import.hpp"
#include "sw/package/package.hpp"
#include "sw/report/report.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::cli {
namespace {

struct topology {
  graph::graph graph;
  report::model_info info;
};

topology load(const std::string& file) {
  topology model;
  if (file.empty()) {
    const std::string bytes(datasets::builtin_onnx());
    model.graph = onnx::import_bytes(bytes, "builtin.onnx");
    model.info.name = "builtin";
    model.info.sha256 = report::sha256(bytes);
    return model;
  }
  model.graph = onnx::import_topology(file);
  model.info.name = std::filesystem::path(file).stem().string();
  model.info.sha256 = report::sha256_of_file(file);
  return model;
}

struct estimated {
  const estimate_arguments& arguments;
  const settings chosen = parse_settings(arguments.platform, arguments.settings);
  const platform::platform_config platform = platform::read_platform(arguments.platform, chosen.platform);
};

report::report_input estimate_network(const estimated& from, const quantization::network& network,
                                      const report::model_info& info, bool skip_zero_groups) {
  report::report_input report;
  report.command = "estimate";
  report.platform = from.platform;
  report.costs = platform::load_costs(report.platform);
  compiler::compile_options how;
  how.skip_zero_groups = skip_zero_groups;
  how.words = false;
  how.image_slots =
      static_cast<int>(std::max<std::uint64_t>(from.arguments.batch, static_cast<std::uint64_t>(how.image_slots)));
  const compiler::program program = compiler::compile(network, report.platform, how);
  estimate::estimate_options options;
  options.batch = from.arguments.batch;
  estimate::estimation estimation = estimate::estimate(network, program, report.platform, options);
  report.model = info;
  report.model.macs = network.macs();
  report.model.parameters = network.parameters;
  report.model.weights = network.weights();
  report.input_sha256 = {{from.arguments.package.empty() ? "model" : "package", info.sha256},
                         {"technology", report::sha256(platform::technology_text(report.platform.technology))}};
  report.options["batch"] = report::json_value::integer(from.arguments.batch);
  report.result = std::move(estimation.result);
  report.happened = std::move(estimation.happened);
  return report;
}

/// A package beside the dense form of its network.
report::report_input estimate_package(const estimated& from) {
  const std::string& folder = from.arguments.package;
  if (from.chosen.quantization_given)
    throw bad_input({}, "--set", "quantization.", "a package has its own quantisation: only platform keys");
  const package::package held = package::read(folder);
  report::model_info info;
  info.name = held.network.name;
  info.sha256 = package::identity(folder);
  report::report_input made = estimate_network(from, held.network, info, true);
  graph::graph imported = held.network.host_graph;
  const report::report_input dense =
      estimate_network(from, quantize_topology(std::move(imported), {}, from.platform.macro), info, false);
  made.baseline = report::compared_run{"dense", report::report_json(dense)};
  return made;
}

report::report_input estimate_model(const estimated& from) {
  topology model = load(from.arguments.model);
  return estimate_network(from,
                          quantize_topology(std::move(model.graph), from.chosen.quantization, from.platform.macro),
                          model.info, false);
}

}  // namespace

void estimate(const estimate_arguments& arguments) {
  const std::string out = arguments.out.empty() ? "out" : arguments.out;
  report::prepare_folder(out);
  const estimated from{arguments};
  refuse_policy_keys(from.chosen);
  const report::report_input report = arguments.package.empty() ? estimate_model(from) : estimate_package(from);
  report::write_report(report, out);
  fmt::print("{}\n{}{}/report.json\n", report::summary(report), report::comparison_text(report), out);
}

}  // namespace cimbalom::cli
