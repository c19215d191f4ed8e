#include "sw/cli/model_source.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "platform/configuration/error.hpp"
#include "platform/configuration/yaml_reader.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/onnx/import.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::cli {
namespace {

void take_steps(loaded_model& model, const std::string& yaml, const std::string& name) {
  model.steps = datasets::parse_preprocess(yaml, name);
  model.preprocess_yaml = yaml;
}

loaded_model load_builtin(const source_arguments& source) {
  loaded_model model;
  const std::string bytes(datasets::builtin_onnx());
  model.graph = onnx::import_bytes(bytes, "builtin.onnx");
  model.info.name = "builtin";
  model.info.sha256 = report::sha256(bytes);
  if (source.preprocess.empty()) {
    take_steps(model, std::string(datasets::builtin_preprocess()), "builtin.yaml");
  } else {
    take_steps(model, platform::read_text(source.preprocess), source.preprocess);
  }
  model.dataset = source.dataset.empty() ? "builtin" : source.dataset;
  return model;
}

loaded_model load_file(const source_arguments& source, bool weights_needed) {
  loaded_model model;
  model.graph = weights_needed ? onnx::import_file(source.model) : onnx::import_topology(source.model);
  model.info.name = std::filesystem::path(source.model).stem().string();
  model.info.sha256 = report::sha256_of_file(source.model);
  model.steps = datasets::find_preprocess(source.preprocess, source.model);
  if (!model.steps.file.empty()) model.preprocess_yaml = platform::read_text(model.steps.file);
  model.dataset = source.dataset;
  return model;
}

loaded_model load_package(const source_arguments& source) {
  for (const std::string& setting : source.settings) {
    if (setting.rfind("quantization.", 0) == 0) {
      throw bad_input({}, "--set", setting, "a package has its own quantisation: only platform keys");
    }
  }
  loaded_model model;
  model.package = package::read(source.package);
  model.graph = model.package->network.host_graph;
  if (model.graph.file.empty()) model.graph.file = source.package;
  model.info.name = model.package->network.name;
  model.info.sha256 = package::identity(source.package);
  if (!source.preprocess.empty()) {
    take_steps(model, platform::read_text(source.preprocess), source.preprocess);
  } else if (!model.package->preprocess.empty()) {
    take_steps(model, model.package->preprocess, source.package + "/preprocess.yaml");
  }
  model.dataset = source.dataset;
  const auto trained_on = model.package->provenance.find("dataset");
  if (model.dataset.empty() && trained_on != model.package->provenance.end() && trained_on->second == "builtin") {
    model.dataset = "builtin";
  }
  return model;
}

}  // namespace

loaded_model load_model(const source_arguments& source, bool weights_needed) {
  if (!source.package.empty()) return load_package(source);
  return source.model.empty() ? load_builtin(source) : load_file(source, weights_needed);
}

void note(const std::string& text) {
  fmt::print(stderr, "note: {}\n", text);
}

}  // namespace cimbalom::cli
