#include <fmt/format.h>

#include "sw/cli/accuracy.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/preparation.hpp"
#include "sw/compiler/compile.hpp"

namespace cimbalom::cli {

void evaluate(const evaluate_arguments& arguments) {
  preparation p = prepare(arguments.source, "evaluate", 0);
  const runtime::evaluation hardware =
      evaluate_on(p, p.network, p.platform.macro, p.platform.nonideality, "hardware", arguments.threads);
  runtime::run_result& result = p.report.result;
  result.images = result.timed_images = hardware.images;
  result.layers = layer_rows(p.network);
  for (std::size_t i = 0; i < result.layers.size() && i < hardware.layers.size(); ++i) {
    result.layers[i].activity = hardware.layers[i];
    if (hardware.images > 0) result.layers[i].conversions = hardware.layers[i].conversions / hardware.images;
  }
  result.accuracy.images = hardware.images;
  result.accuracy.labelled = hardware.labelled;
  result.accuracy.hardware_correct = hardware.correct;
  result.accuracy.has_hardware = hardware.labelled > 0;
  add_software_accuracy(p, arguments.threads);
  const compiler::program program = compiler::compile(p.network, p.platform, compile_options_of(p));
  result.weight_storage_bits = program.weight_storage_bits;
  add_layer_quality(p, program);
  p.report.timed = false;
  warn_of_clipping(p);
  report::write_report(p.report, p.out);
  fmt::print("{}\n{}/report.json\n", report::summary(p.report), p.out);
}

}  // namespace cimbalom::cli
