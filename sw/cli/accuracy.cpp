#include "sw/cli/accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/progress.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/clip_warnings.hpp"
#include "sw/runtime/layer_quality.hpp"

namespace cimbalom::cli {

runtime::evaluation evaluate_on(const preparation& p, const quantization::network& network,
                                const cim::macro_config& macro, const arithmetic::nonideality_config& nonideality,
                                const std::string& what, unsigned threads) {
  platform::platform_config platform = p.platform;
  platform.macro = macro;
  const compiler::program program = compiler::compile(network, platform, compile_options_of(p));
  progress bar(what, "images");
  runtime::evaluate_options options;
  options.threads = static_cast<int>(threads);
  options.stop = &interrupted;
  options.progress = [&](std::size_t done) { bar.update(done, p.count); };
  runtime::evaluation result =
      runtime::evaluate(network, program, platform.accelerator, macro, nonideality, p.images->source(p.count), options);
  if (result.images < p.count) throw run_error("interrupted: no report is written");
  return result;
}

void add_software_accuracy(preparation& p, unsigned threads) {
  runtime::accuracy_result& accuracy = p.report.result.accuracy;
  if (accuracy.labelled == 0) return;
  const runtime::lossless_form lossless = runtime::make_lossless(p.network, p.platform.macro);
  accuracy.quantized_correct = evaluate_on(p, lossless.network, lossless.macro, {}, "integer", threads).correct;
  accuracy.has_quantized = true;
  accuracy.has_float = p.floats != nullptr;
  if (accuracy.has_float) accuracy.float_correct = count_float_correct(p, p.count);
}

void add_layer_quality(preparation& p, const compiler::program& program) {
  if (p.floats == nullptr) return;
  constexpr std::size_t sampled_images = 16;
  const auto reference = [&](const float* image, const runtime::value_observer& see) {
    const graph::value_info& input = image_input(p.graph);
    const std::vector<float> values(image, image + p.images->source(1).values);
    p.floats->run_all({graph::tensor::of<float>(input.shape, values)},
                      [&](graph::value_id id, const graph::tensor& value) {
                        if (value.type() != graph::data_type::float32) return;
                        const std::vector<float> seen = value.as_floats();
                        see(p.graph.values[static_cast<std::size_t>(id)].name, seen.data(), seen.size());
                      });
  };
  const std::vector<double> sqnr =
      runtime::layer_sqnr_db(p.network, program, p.platform.accelerator, p.platform.macro, p.platform.nonideality,
                             p.images->source(p.count), sampled_images, reference);
  std::vector<runtime::layer_result>& layers = p.report.result.layers;
  for (std::size_t l = 0; l < std::min(layers.size(), sqnr.size()); ++l) {
    // Hundredths of a dB: float32 sums differ between processors beyond that.
    layers[l].sqnr_db = std::round(sqnr[l] * 100) / 100;
  }
}

void warn_of_clipping(const preparation& p) {
  std::vector<arithmetic::activity> activity;
  for (const runtime::layer_result& l : p.report.result.layers) activity.push_back(l.activity);
  for (const std::string& warning : runtime::clip_warnings(p.network, activity, p.platform.macro)) {
    fmt::print(stderr, "warning: {}\n", warning);
  }
}

}  // namespace cimbalom::cli
