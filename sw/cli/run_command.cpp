#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "platform/configuration/error.hpp"
#include "sw/cli/accuracy.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/comparison.hpp"
#include "sw/cli/designer.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/kernel.hpp"
#include "sw/cli/preparation.hpp"
#include "sw/cli/progress.hpp"
#include "sw/codesign/variants.hpp"
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
    if (!config_.path.empty()) check_writable();
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
  // Before any work. Keeps what is there, and leaves nothing behind: a run may end before time starts.
  void check_writable() const {
    const bool there = std::filesystem::exists(config_.path);
    if (!std::ofstream(config_.path, std::ios::app)) {
      throw bad_input({}, "--vcd", config_.path, "a file that can be written");
    }
    if (!there) std::filesystem::remove(config_.path);
  }

  traces::waveform_config config_;
  std::unique_ptr<traces::waveform> waveform_;
};

/// The accelerator's commands as a timeline, where asked for.
std::unique_ptr<traces::timeline_file> timeline_of(const run_arguments& arguments, runtime::simulate_options& options) {
  if (arguments.timeline.empty()) return nullptr;
  auto timeline = std::make_unique<traces::timeline_file>(arguments.timeline);
  options.command_done = [&file = *timeline](std::size_t accelerator, const registers::command& done,
                                             std::uint64_t start_ps, std::uint64_t end_ps) {
    traces::add_command(file, "accelerator" + std::to_string(accelerator), done, start_ps, end_ps);
  };
  return timeline;
}

/// What is simulated: known before, or made by a co-design on the processor's thread.
struct work {
  preparation prepared;
  compiler::program program;
  runtime::image_source images;

  runtime::workload make(const run_arguments& arguments) {
    prepared = prepare(arguments.source, "run", default_images, arguments.timing_only);
    program = compiler::compile(prepared.network, prepared.platform, compile_options_of(prepared, arguments.batch));
    images = prepared.images->source(prepared.count);
    return {&prepared.network, &program, &images};
  }
};

runtime::simulation simulate(work& job, const run_arguments& arguments, designer* first, recording& waves) {
  progress bar("simulate", "images");
  runtime::simulate_options options;
  options.batch = arguments.batch;
  options.timing_only = arguments.timing_only;
  options.stop = &interrupted;
  options.elaborated = [&](platform::system&) { waves.start(); };
  options.ended = [&](platform::system&) { waves.stop(); };
  options.progress = [&](std::uint64_t done) { bar.update(std::min(done, job.images.count), job.images.count); };
  const std::unique_ptr<traces::timeline_file> timeline = timeline_of(arguments, options);
  runtime::simulation simulation;
  const auto design = [&](registers::host_port&) {
    first->make();
    return job.make(arguments);
  };
  if (first == nullptr) job.make(arguments);
  run_in_kernel([&] {
    simulation = first != nullptr
                     ? runtime::simulate(first->platform(), design, options)
                     : runtime::simulate(job.prepared.network, job.program, job.prepared.platform, job.images, options);
  });
  if (timeline) timeline->finish();
  return simulation;
}

/// The baseline, and each part of the co-design on its own where asked for.
void compare(preparation& p, const run_arguments& arguments) {
  if (arguments.source.package.empty() || !arguments.source.variant.empty()) return;
  std::vector<std::string> names = {codesign::name_of(codesign::variant::dense)};
  if (arguments.ablation)
    for (const codesign::variant which : codesign::ablation_variants()) names.emplace_back(codesign::name_of(which));
  std::vector<report::compared_run> runs = run_variants(arguments, names);
  p.report.baseline = std::move(runs.front());
  p.report.ablation.assign(std::make_move_iterator(runs.begin() + 1), std::make_move_iterator(runs.end()));
}

/// A co-design comes first, in OUT/package; then the run is one of a package.
run_arguments behind_design(const run_arguments& arguments) {
  run_arguments made = arguments;
  if (arguments.policy.empty()) return made;
  made.policy.clear();
  made.source.model.clear();
  made.source.package = package_of(arguments);
  const auto is_policy = [](const std::string& setting) { return setting.rfind("policy.", 0) == 0; };
  std::vector<std::string>& settings = made.source.settings;
  settings.erase(std::remove_if(settings.begin(), settings.end(), is_policy), settings.end());
  return made;
}

}  // namespace

void run(const run_arguments& given) {
  report::prepare_folder(given.source.out.empty() ? "out" : given.source.out);  // waves may go there
  recording waves(given);
  const run_arguments arguments = behind_design(given);
  std::unique_ptr<designer> first;
  if (!given.policy.empty()) first = std::make_unique<designer>(design_of(given));
  work job;
  runtime::simulation simulation = simulate(job, arguments, first.get(), waves);
  preparation& p = job.prepared;
  p.report.result = std::move(simulation.result);
  p.report.happened = std::move(simulation.happened);
  p.report.by_phase.assign(simulation.by_phase.begin(), simulation.by_phase.end());
  p.report.options["batch"] = report::json_value::integer(arguments.batch);
  p.report.options["timing_only"] = report::json_value::boolean(arguments.timing_only);
  if (!arguments.timing_only) {
    add_software_accuracy(p, 0);
    if (arguments.source.variant.empty()) add_layer_quality(p, job.program);
  }
  if (first) p.report.design = first->stages();
  warn_of_clipping(p);
  compare(p, arguments);
  report::write_report(p.report, p.out);
  fmt::print("{}\n{}{}/report.json\n", report::summary(p.report), report::comparison_text(p.report), p.out);
}

}  // namespace cimbalom::cli
