#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "platform/configuration/error.hpp"
#include "sw/cli/accuracy.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/kernel.hpp"
#include "sw/cli/preparation.hpp"
#include "sw/cli/progress.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/simulate.hpp"
#include "traces/command_timeline.hpp"
#include "traces/waveform.hpp"

namespace cimbalom::cli {
namespace {

constexpr std::uint64_t default_images = 16;

/// The waveform file of a run. It must let go of the system before the system goes.
class recording {
 public:
  explicit recording(const run_arguments& arguments) {
    if (arguments.vcd.empty() && (!arguments.vcd_signals.empty() || !arguments.vcd_window.empty())) {
      throw bad_input({}, "--vcd", "", "is needed with --vcd-signals and --vcd-window");
    }
    config_.path = arguments.vcd;
    if (!config_.path.empty() && !std::ofstream(config_.path, std::ios::app)) {  // before any work; keeps what is there
      throw bad_input({}, "--vcd", config_.path, "a file that can be written");
    }
    if (!arguments.vcd_signals.empty()) config_.globs = {arguments.vcd_signals};
    if (!arguments.vcd_window.empty()) config_.window = traces::parse_window("--vcd-window", arguments.vcd_window);
  }

  void start() {
    if (!config_.path.empty()) waveform_ = std::make_unique<traces::waveform>(config_);
  }

  void stop() {
    if (waveform_) waveform_->flush();
    waveform_.reset();
  }

 private:
  traces::waveform_config config_;
  std::unique_ptr<traces::waveform> waveform_;
};

/// The accelerator's commands as a timeline, where asked for.
std::unique_ptr<traces::timeline_file> timeline_of(const run_arguments& arguments, runtime::simulate_options& options) {
  if (arguments.timeline.empty()) return nullptr;
  auto timeline = std::make_unique<traces::timeline_file>(arguments.timeline);
  options.hooks.command_done = [&file = *timeline](const registers::command& done, std::uint64_t start_ps,
                                                   std::uint64_t end_ps) {
    traces::add_command(file, "accelerator0", done, start_ps, end_ps);
  };
  return timeline;
}

runtime::simulation simulate(const preparation& p, const compiler::program& program, const run_arguments& arguments,
                             recording& waves) {
  progress bar("simulate", "images");
  const runtime::image_source images = p.images->source(p.count);
  const std::uint64_t total = p.count;
  runtime::simulate_options options;
  options.batch = arguments.batch;
  options.timing_only = arguments.timing_only;
  options.stop = &interrupted;
  options.elaborated = [&](platform::system&) { waves.start(); };
  options.ended = [&](platform::system&) { waves.stop(); };
  options.progress = [&](std::uint64_t done) { bar.update(std::min(done, total), total); };
  const std::unique_ptr<traces::timeline_file> timeline = timeline_of(arguments, options);
  runtime::simulation simulation;
  run_in_kernel([&] { simulation = runtime::simulate(p.network, program, p.platform, images, options); });
  if (timeline) timeline->finish();
  return simulation;
}

}  // namespace

void run(const run_arguments& arguments) {
  report::prepare_folder(arguments.source.out.empty() ? "out" : arguments.source.out);  // waves may go there
  recording waves(arguments);
  preparation p = prepare(arguments.source, "run", default_images);
  compiler::compile_options how;
  how.skip_zero_groups = p.skip_zero_groups;
  how.image_slots =
      static_cast<int>(std::max<std::uint64_t>(arguments.batch, static_cast<std::uint64_t>(how.image_slots)));
  const compiler::program program = compiler::compile(p.network, p.platform, how);
  runtime::simulation simulation = simulate(p, program, arguments, waves);
  p.report.result = std::move(simulation.result);
  p.report.happened = std::move(simulation.happened);
  p.report.by_phase.assign(simulation.by_phase.begin(), simulation.by_phase.end());
  p.report.options["batch"] = report::json_value::integer(arguments.batch);
  p.report.options["timing_only"] = report::json_value::boolean(arguments.timing_only);
  if (!arguments.timing_only) {
    add_software_accuracy(p, 0);
    add_layer_quality(p, program);
  }
  warn_of_clipping(p);
  report::write_report(p.report, p.out);
  fmt::print("{}\n{}/report.json\n", report::summary(p.report), p.out);
}

}  // namespace cimbalom::cli
