#include "sw/cli/preparation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/cli/model_source.hpp"
#include "sw/cli/progress.hpp"
#include "sw/cli/settings.hpp"
#include "sw/cli/topology.hpp"
#include "sw/codesign/variants.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/adc_calibration.hpp"
#include "sw/quantization/calibration.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/report/sha256.hpp"
#include "sw/runtime/host_steps.hpp"

namespace cimbalom::cli {
namespace {

constexpr std::size_t adc_images = 16;
constexpr std::uint64_t float_batch = 50;

void tell_what_is_assumed(const loaded_model& model) {
  if (model.dataset.empty()) {
    note("no --dataset: inputs are synthetic, and no accuracy is reported");
  } else if (model.steps.file.empty()) {
    note("no preprocessing file: inputs are the raw pixel values");
  }
}

/// Calibration never looks at test images where the data set has others.
inputs calibration_inputs(const loaded_model& model) {
  datasets::split part = datasets::split::train;
  if (!datasets::has_split(model.dataset, part)) {
    note("the data set has no training images: calibrating on test images");
    part = datasets::split::test;
  }
  return inputs(model.dataset, part, model.steps, model.graph);
}

std::unique_ptr<torch::float_executor> find_executor(const graph::graph& g, bool needed) {
  try {
    return torch::load_float_executor(g);
  } catch (const run_error& error) {
    if (needed) throw;
    note(std::string(error.what()) + "; float accuracy is left out");
    return nullptr;
  }
}

/// Images that decided something, `count` of them at most.
void hash_calibration(preparation& made, const inputs& images, std::size_t count) {
  if (count > 0) made.report.input_sha256["calibration_images"] = images.sha256(std::min(count, images.size()));
}

/// Of every file that the result depends on and that the report does not hold itself.
void hash_files(preparation& made, const source_arguments& source, const loaded_model& model) {
  std::map<std::string, std::string>& sums = made.report.input_sha256;
  sums[model.package ? "package" : "model"] = model.info.sha256;
  sums["images"] = made.images->sha256(made.count);
  sums["technology"] = report::sha256(platform::technology_text(made.platform.technology));
  if (!model.preprocess_yaml.empty()) sums["preprocess"] = report::sha256(model.preprocess_yaml);
  if (source.model.empty()) return;
  const std::filesystem::path folder = std::filesystem::path(source.model).parent_path();
  for (const std::string& file : onnx::summarize_file(source.model).data_files) {
    if (!std::filesystem::exists(folder / file)) continue;  // a topology
    sums["model_data." + file] = report::sha256_of_file((folder / file).string());
  }
}

void choose_adc_steps(preparation& made, const inputs& images) {
  const runtime::image_source source = images.source(images.size());
  std::vector<std::vector<float>> sample;
  if (made.platform.macro.adc_range == cim::adc_range::calibrated) {
    for (std::size_t i = 0; i < std::min(adc_images, images.size()); ++i) {
      sample.emplace_back(source.values);
      source.fetch(i, sample.back().data());
    }
  }
  const cim::macro_config& macro = made.platform.macro;
  quantization::calibrate_adc(made.network, macro.shape(), macro.adc_range, macro.adc_step_sixteenths, sample);
}

void quantize_model(preparation& made, const loaded_model& model, const settings& chosen, const inputs& images) {
  const bool scaled = quantization::is_quantized(model.graph);
  made.graph = quantization::prepare(model.graph);
  made.floats = find_executor(made.graph, !scaled);
  const runtime::image_source source = images.source(images.size());
  quantization::value_ranges ranges;
  if (!scaled) {
    ranges = quantization::calibrate(made.graph, *made.floats, source.fetch, images.size(), chosen.quantization);
  }
  made.network = quantization::quantize(made.graph, chosen.quantization, ranges);
  for (const auto& [layer, bits] : chosen.quantization.layer_bits) {
    const auto named = [&name = layer](const quantization::layer& l) { return l.name == name; };
    if (std::any_of(made.network.layers.begin(), made.network.layers.end(), named)) continue;
    throw bad_input({}, "quantization.layer_bits." + layer, std::to_string(bits), "the name of a layer of the network");
  }
  const bool calibrated = made.platform.macro.adc_range == cim::adc_range::calibrated;
  const auto for_ranges = static_cast<std::size_t>(scaled ? 0 : chosen.quantization.calibration_images);
  hash_calibration(made, images, std::max(for_ranges, calibrated ? adc_images : std::size_t{0}));
}

bool same_conversion(const cim::macro_config& a, const cim::macro_config& b) {
  return a.kind == b.kind && a.rows_active == b.rows_active && a.bits_per_cell == b.bits_per_cell &&
         a.dac_bits == b.dac_bits && a.adc_bits == b.adc_bits && a.combine_columns == b.combine_columns;
}

void use_package(preparation& made, const loaded_model& model, codesign::variant which) {
  const bool needs_dense = which != codesign::variant::all && which != codesign::variant::no_residency;
  if (needs_dense) quantize_model(made, model, {}, calibration_inputs(model));
  made.graph = model.graph;
  if (!needs_dense) made.floats = find_executor(made.graph, false);
  codesign::variant_network chosen =
      codesign::make_variant(which, model.package->network, made.network, model.package->macro);
  made.network = std::move(chosen.network);
  made.skip_zero_groups = chosen.skip_zero_groups;
  made.residency = chosen.residency;
  const cim::macro_config& macro = made.platform.macro;
  const bool same = macro.adc_range == cim::adc_range::calibrated && same_conversion(macro, model.package->macro);
  if (same && chosen.keeps_adc_steps) return;
  if (!same) note("the package was made for another ADC: its steps are chosen again");
  const inputs images = calibration_inputs(model);
  choose_adc_steps(made, images);
  if (macro.adc_range == cim::adc_range::calibrated) hash_calibration(made, images, adc_images);
}

void add_options(report::report_input& report, const quantization::quantization_settings& q) {
  using report::json_value;
  json_value& options = report.options["quantization"];
  options["weight_bits"] = json_value::integer(static_cast<std::uint64_t>(q.weight_bits));
  options["activation_bits"] = json_value::integer(static_cast<std::uint64_t>(q.activation_bits));
  options["calibration_images"] = json_value::integer(static_cast<std::uint64_t>(q.calibration_images));
  options["method"] = json_value::text(quantization::name_of(q.method));
  options["percentile"] = json_value::real(q.percentile);
  options["layer_bits"].as_object();
  for (const auto& [layer, bits] : q.layer_bits) {
    options["layer_bits"][layer] = json_value::integer(static_cast<std::uint64_t>(bits));
  }
}

}  // namespace

preparation prepare(const source_arguments& source, const std::string& command, std::uint64_t default_images,
                    bool timing_only) {
  preparation made;
  made.out = source.out.empty() ? "out" : source.out;
  report::prepare_folder(made.out);
  const settings chosen = parse_settings(source.platform, source.settings);
  refuse_policy_keys(chosen);
  made.platform = platform::read_platform(source.platform, chosen.platform);
  for (const std::string& warning : made.platform.warnings) fmt::print(stderr, "warning: {}\n", warning);
  made.report.command = command;
  made.report.platform = made.platform;
  made.report.costs = platform::load_costs(made.platform);
  loaded_model model = load_model(source, !timing_only);
  const bool topology = !model.package && lacks_weights(model.graph);
  made.images = std::make_unique<inputs>(model.dataset, datasets::split::test, model.steps, model.graph);
  const std::uint64_t asked = source.images > 0 ? source.images : default_images;
  if (asked == 0 && made.images->synthetic()) throw bad_input({}, "--images", "", "is needed without --dataset");
  made.count = asked == 0 ? made.images->size() : std::min<std::uint64_t>(asked, made.images->size());
  tell_what_is_assumed(model);
  if (source.images > made.count) note(fmt::format("the data set has {} images", made.count));
  if (model.package) {
    use_package(made, model, source.variant.empty() ? codesign::variant::all : codesign::variant_of(source.variant));
  } else if (topology) {
    note("the file of weights is absent: they are zero, and only time is simulated");
    made.network = quantize_topology(std::move(model.graph), chosen.quantization, made.platform.macro);
  } else {
    const inputs images = calibration_inputs(model);
    quantize_model(made, model, chosen, images);
    choose_adc_steps(made, images);
  }
  made.report.model = model.info;
  made.report.model.macs = made.network.macs();
  made.report.model.parameters = made.network.parameters;
  made.report.model.weights = made.network.weights();
  hash_files(made, source, model);
  made.report.options["images"] = report::json_value::integer(made.count);
  if (!source.variant.empty()) made.report.options["variant"] = report::json_value::text(source.variant);
  made.report.options["synthetic_inputs"] = report::json_value::boolean(made.images->synthetic());
  if (!model.package) {
    add_options(made.report, chosen.quantization);
    made.report.quantization_yaml = quantization_yaml(chosen.quantization);
  }
  return made;
}

compiler::compile_options compile_options_of(const preparation& prepared, std::uint64_t batch) {
  compiler::compile_options how;
  how.skip_zero_groups = prepared.skip_zero_groups;
  how.residency = prepared.residency;
  how.image_slots = static_cast<int>(std::max<std::uint64_t>(batch, static_cast<std::uint64_t>(how.image_slots)));
  return how;
}

std::uint64_t count_float_correct(const preparation& prepared, std::uint64_t count) {
  const graph::value_info& input = image_input(prepared.graph);
  const runtime::image_source images = prepared.images->source(count);
  const std::uint64_t batch = input.batch_axis >= 0 ? float_batch : 1;
  progress bar("float", "images");
  std::uint64_t correct = 0;
  for (std::uint64_t first = 0; first < count; first += batch) {
    const std::uint64_t n = std::min(batch, count - first);
    std::vector<float> values(n * images.values);
    for (std::uint64_t i = 0; i < n; ++i) images.fetch(first + i, values.data() + i * images.values);
    graph::shape_t shape = input.shape;
    if (input.batch_axis >= 0) shape[static_cast<std::size_t>(input.batch_axis)] = static_cast<std::int64_t>(n);
    const std::vector<graph::tensor> outputs = prepared.floats->run({graph::tensor::of<float>(shape, values)});
    const std::vector<double> scores = outputs.front().as_doubles();
    const std::size_t classes = scores.size() / n;
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto begin = scores.begin() + static_cast<std::ptrdiff_t>(i * classes);
      const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes)) - begin;
      if (images.label(first + i) == static_cast<int>(best)) ++correct;
    }
    bar.update(first + n, count);
  }
  return correct;
}

std::vector<runtime::layer_result> layer_rows(const quantization::network& network) {
  std::vector<runtime::layer_result> rows;
  for (const quantization::layer& l : network.layers) {
    runtime::layer_result row;
    row.name = l.name;
    row.kind = quantization::to_string(l.kind);
    row.macs = l.macs;
    row.adc_step_sixteenths = l.kind == quantization::layer_kind::mvm ? l.mvm.adc_step_sixteenths : 0;
    row.sqnr_db = std::numeric_limits<double>::quiet_NaN();
    rows.push_back(row);
  }
  return rows;
}

}  // namespace cimbalom::cli
