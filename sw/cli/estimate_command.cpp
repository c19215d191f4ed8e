#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/settings.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/estimate/estimate.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/quantize.hpp"
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
  // Time and default energy do not depend on values: absent weights are zero.
  for (auto& [id, constant] : model.graph.initializers) {
    if (!constant.has_data()) constant = graph::tensor(constant.type(), constant.shape());
  }
  return model;
}

// Neither does the range of an activation change what is moved and computed: every one gets the same.
// Large networks are held once: the imported graph goes before the integer one comes.
quantization::network quantize(graph::graph& imported, const settings& chosen) {
  const graph::graph prepared = quantization::prepare(imported);
  imported = {};
  quantization::value_ranges ranges;
  if (!quantization::is_quantized(prepared)) {
    for (const graph::value_info& value : prepared.values) ranges[value.name] = {-1, 1};
  }
  return quantization::quantize(prepared, chosen.quantization, ranges);
}

}  // namespace

void estimate(const estimate_arguments& arguments) {
  const std::string out = arguments.out.empty() ? "out" : arguments.out;
  report::prepare_folder(out);
  const settings chosen = parse_settings(arguments.platform, arguments.settings);
  refuse_policy_keys(chosen);
  report::report_input report;
  report.command = "estimate";
  report.platform = platform::read_platform(arguments.platform, chosen.platform);
  report.costs = platform::load_costs(report.platform);
  topology model = load(arguments.model);
  const quantization::network network = quantize(model.graph, chosen);
  compiler::compile_options how;
  how.image_slots =
      static_cast<int>(std::max<std::uint64_t>(arguments.batch, static_cast<std::uint64_t>(how.image_slots)));
  const compiler::program program = compiler::compile(network, report.platform, how);
  estimate::estimate_options options;
  options.batch = arguments.batch;
  estimate::estimation estimation = estimate::estimate(network, program, report.platform, options);
  report.model = model.info;
  report.model.macs = network.macs();
  report.model.parameters = network.parameters;
  report.model.weights = network.weights();
  report.input_sha256 = {{"model", model.info.sha256},
                         {"technology", report::sha256(platform::technology_text(report.platform.technology))}};
  report.options["batch"] = report::json_value::integer(arguments.batch);
  report.result = std::move(estimation.result);
  report.happened = std::move(estimation.happened);
  report::write_report(report, out);
  fmt::print("{}\n{}/report.json\n", report::summary(report), out);
}

}  // namespace cimbalom::cli
