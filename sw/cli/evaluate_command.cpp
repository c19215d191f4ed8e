#include <fmt/format.h>

#include "platform/configuration/error.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/preparation.hpp"
#include "sw/cli/progress.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/evaluate.hpp"

namespace cimbalom::cli {
namespace {

runtime::evaluation evaluate_on(const preparation& p, const quantization::network& network,
                                const cim::macro_config& macro, const arithmetic::nonideality_config& nonideality,
                                const std::string& what, unsigned threads) {
  platform::platform_config platform = p.platform;
  platform.macro = macro;
  const compiler::program program = compiler::compile(network, platform);
  progress bar(what, "images");
  runtime::evaluate_options options;
  options.threads = static_cast<int>(threads);
  options.stop = &interrupted;
  options.progress = [&](std::size_t done) { bar.update(done, p.count); };
  return runtime::evaluate(network, program, platform.accelerator, macro, nonideality, p.images->source(p.count),
                           options);
}

/// The plain integer network: the same code on a macro that converts without loss.
std::uint64_t count_integer_correct(const preparation& p, unsigned threads) {
  const runtime::lossless_form lossless = runtime::make_lossless(p.network, p.platform.macro);
  return evaluate_on(p, lossless.network, lossless.macro, {}, "integer", threads).correct;
}

}  // namespace

void evaluate(const evaluate_arguments& arguments) {
  preparation p = prepare(arguments.source, "evaluate", 0);
  const runtime::evaluation hardware =
      evaluate_on(p, p.network, p.platform.macro, p.platform.nonideality, "hardware", arguments.threads);
  if (hardware.images < p.count) throw run_error("interrupted: the report is not written");
  runtime::run_result& result = p.report.result;
  result.images = hardware.images;
  result.layers = layer_rows(p.network);
  for (std::size_t i = 0; i < result.layers.size() && i < hardware.layers.size(); ++i) {
    result.layers[i].activity = hardware.layers[i];
  }
  runtime::accuracy_result& accuracy = result.accuracy;
  accuracy.images = hardware.images;
  accuracy.labelled = hardware.labelled;
  accuracy.hardware_correct = hardware.correct;
  accuracy.has_hardware = hardware.labelled > 0;
  if (accuracy.has_hardware) {
    accuracy.quantized_correct = count_integer_correct(p, arguments.threads);
    accuracy.has_quantized = true;
    accuracy.has_float = p.floats != nullptr;
    if (accuracy.has_float) accuracy.float_correct = count_float_correct(p, p.count);
  }
  result.weight_storage_bits = compiler::compile(p.network, p.platform).weight_storage_bits;
  p.report.timed = false;
  report::write_report(p.report, p.out);
  fmt::print("{}\n{}/report.json\n", report::summary(p.report), p.out);
}

}  // namespace cimbalom::cli
