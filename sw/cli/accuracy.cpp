#include "sw/cli/accuracy.hpp"

#include "platform/configuration/error.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/progress.hpp"
#include "sw/compiler/compile.hpp"

namespace cimbalom::cli {

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

}  // namespace cimbalom::cli
