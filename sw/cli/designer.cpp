#include "sw/cli/designer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/cli/settings.hpp"
#include "sw/cli/training_progress.hpp"
#include "sw/codesign/builtin_policy.hpp"
#include "sw/datasets/dataset.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::cli {
namespace {

namespace fs = std::filesystem;

/// Vector instructions of this processor: libtorch's sums, and so the training, depend on them.
std::string processor_capability() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "x86-64 avx512";
  if (__builtin_cpu_supports("avx2")) return "x86-64 avx2";
  return "x86-64";
#else
  return "generic";
#endif
}

/// Training takes hours: what cannot be written is said before.
void prove_writable(const std::string& package) {
  package::check_target(package);
  std::error_code error;
  const fs::path parent = fs::path(package).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  const std::string probe = package + ".partial.probe";
  const bool written = !error && std::ofstream(probe).put('x').flush().good();
  fs::remove(probe, error);
  if (!written) throw bad_input({}, "--out", package, "a folder that can be written");
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> chosen(count);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  return chosen;
}

std::string percent(double part) {
  return fmt::format("{:.2f} %", 100 * part);
}

void print_pairs(const quantization::network& network, const std::vector<codesign::pairing>& pairs) {
  std::uint64_t filters = 0, slots = 0, operations = 0;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    filters += pairs[k].filters;
    slots += pairs[k].slots;
    operations += pairs[k].operations;
  }
  fmt::print("  {:<22} {} filters in {} slots, {} positions\n", "pairing", filters, slots, operations);
}

}  // namespace

designer::designer(const codesign_arguments& arguments) : arguments_(arguments) {
  if (!arguments.until.empty()) until_ = codesign::training_stage_of(arguments.until);
  prove_writable(arguments.source.out);
  const settings chosen = parse_settings(arguments.source.platform, arguments.source.settings);
  if (chosen.quantization_given)
    throw bad_input({}, "--set", "quantization.", "not here: the policy says how to quantise");
  platform_ = platform::read_platform(arguments.source.platform, chosen.platform);
  codesign::layout_of(platform_.macro);
  model_ = load_model(arguments.source);
  read_policy();
  for (const std::string& setting : chosen.policy) {
    const std::size_t equals = setting.find('=');
    codesign::set_key(how_, setting.substr(0, equals), setting.substr(equals + 1), "--set");
  }
  if (arguments.source.images > 0) how_.training_images = static_cast<int>(arguments.source.images);
  try {
    how_.validate();
  } catch (const input_error& error) {
    throw bad_input({arguments.policy, 0}, error.what(), "", "");
  }
  open_images();
}

void designer::read_policy() {
  if (arguments_.policy == "builtin") {
    how_ = codesign::parse_policy(std::string(codesign::builtin_policy()), "builtin policy");
  } else if (!arguments_.policy.empty()) {
    how_ = codesign::read_policy(arguments_.policy);
  } else if (model_.package && !model_.package->policy.empty()) {
    how_ = codesign::parse_policy(model_.package->policy, arguments_.source.package + "/policy.yaml");
  }
}

void designer::open_images() {
  if (model_.dataset.empty()) throw bad_input({}, "--dataset", "", "is needed: co-design trains on labelled images");
  if (!datasets::has_split(model_.dataset, datasets::split::train))
    throw bad_input({}, "--dataset", model_.dataset, "a data set that has training images");
  train_ = std::make_unique<inputs>(model_.dataset, datasets::split::train, model_.steps, model_.graph);
  if (datasets::names_splits(model_.dataset))
    validation_ = std::make_unique<inputs>(model_.dataset, datasets::split::validation, model_.steps, model_.graph);
  if (model_.steps.file.empty()) note("no preprocessing file: inputs are the raw pixel values");
}

designer::image_sets designer::load_images() const {
  const graph::shape_t& shape = image_input(model_.graph).shape;
  const auto at_most = [](int limit, std::size_t there) {
    return limit > 0 ? std::min(static_cast<std::size_t>(limit), there) : there;
  };
  const std::size_t count = at_most(how_.training_images, train_->size());
  const auto load = [&](const inputs& from, const std::vector<std::size_t>& chosen) {
    return codesign::load_images(*from.pipeline(), model_.dataset, shape, chosen);
  };
  if (validation_)
    return {load(*train_, first(count)),
            load(*validation_, first(at_most(how_.validation_images, validation_->size())))};
  const codesign::index_split cut = codesign::cut_validation(count, how_.validation_fraction, how_.seed);
  return {load(*train_, cut.train), load(*train_, cut.validation)};
}

std::string designer::checkpoint() const {
  std::string folder = arguments_.source.out;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + ".checkpoint";
}

package::package designer::make() {
  package::package made = model_.package ? paired_again() : trained();
  made.macro = platform_.macro;
  made.policy = how_.to_yaml();
  made.preprocess = model_.preprocess_yaml;
  made.seed = how_.seed;
  package::write(made, arguments_.source.out);
  fmt::print("  {:<22} {}\n", "package", arguments_.source.out);
  return made;
}

std::vector<report::design_stage> designer::stages() const {
  std::vector<report::design_stage> made;
  for (const codesign::stage_work& w : work_)
    made.push_back({w.stage, codesign::instructions_of(platform_.processor, w.macs)});
  return made;
}

package::package designer::trained() {
  const image_sets images = load_images();
  training_progress shown(how_);
  codesign::design_task task;
  task.imported = model_.graph;
  task.macro = platform_.macro;
  task.accelerator = platform_.accelerator;
  task.noise = platform_.nonideality;
  task.costs = platform::load_costs(platform_);
  task.until = until_;
  task.flow.how = how_;
  task.flow.checkpoint = checkpoint();
  task.flow.resume = arguments_.resume;
  shown.attach(task.flow);
  codesign::design design = codesign::co_design(task, images.train, images.validation);
  fmt::print("{} co-designed\n  {:<22} {} of {} validation images\n  {:<22} {:.3f} of the bank operations\n",  //
             model_.info.name, "top-1", percent(design.accuracy), images.validation.size(), "density", design.density);
  fmt::print("  {:<22} {:.2f}\n", "mean bits", design.mean_bits);
  print_pairs(design.network, design.pairs);
  work_ = std::move(design.work);
  package::package made;
  made.network = std::move(design.network);
  made.network.name = model_.info.name;
  made.provenance["validation_top1"] = percent(design.accuracy);
  made.provenance["training_images"] = std::to_string(images.train.size());
  made.provenance["validation_images"] = std::to_string(images.validation.size());
  add_provenance(made);
  return made;
}

package::package designer::paired_again() {
  package::package made = *model_.package;
  const codesign::image_set sample = [&] {
    const std::size_t count = std::min<std::size_t>(64, train_->size());
    return codesign::load_images(*train_->pipeline(), model_.dataset, image_input(model_.graph).shape, first(count));
  }();
  codesign::pairing_options options;
  options.filters_per_slot = how_.pairing.filters_per_slot;
  const std::vector<codesign::pairing> pairs = codesign::pair_again(
      made.network, model_.package->macro, platform_.macro, options, codesign::calibration_sample(sample));
  fmt::print("{} paired again\n", model_.info.name);
  print_pairs(made.network, pairs);
  made.provenance["paired_from"] = model_.info.sha256;
  return made;
}

void designer::add_provenance(package::package& to) const {
  to.provenance["tool"] = std::string("cimbalom ") + CIMBALOM_VERSION;
  to.provenance["model"] = model_.info.name;
  to.provenance["model_sha256"] = model_.info.sha256;
  to.provenance["dataset"] = model_.dataset.substr(0, model_.dataset.find(':'));
  to.provenance["capability"] = processor_capability();
  to.provenance["threads"] = std::to_string(how_.threads);
}

std::string package_of(const run_arguments& arguments) {
  return (arguments.source.out.empty() ? std::string("out") : arguments.source.out) + "/package";
}

codesign_arguments design_of(const run_arguments& arguments) {
  codesign_arguments made;
  made.source = arguments.source;
  made.source.images = 0;
  made.source.out = package_of(arguments);
  made.policy = arguments.policy;
  made.resume = arguments.resume;
  if (!arguments.training.empty()) made.source.dataset = arguments.training;
  const std::string& spec = made.source.dataset;
  if (!spec.empty() && arguments.training.empty() && !datasets::names_splits(spec))
    throw bad_input({}, "--training", "", "is needed: " + spec + " does not say which images train");
  return made;
}

}  // namespace cimbalom::cli
