#include "sw/cli/arguments.hpp"

#include <CLI/CLI.hpp>

#include "platform/configuration/error.hpp"

namespace cimbalom::cli {
namespace {

/// An option that is given has a value: an empty one is a script's unset variable.
std::string refuse_empty(const std::string& text) {
  return text.empty() ? "an empty value" : "";
}
const CLI::Validator not_empty(refuse_empty, "");

void add_hardware(CLI::App& command, std::string& platform, std::vector<std::string>& settings) {
  command.add_option("--platform", platform, "platform file or preset (default: nthu-28nm)")->type_name("FILE");
  command.add_option("--set", settings, "override one key, e.g. platform.macro.adc_bits=6; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_network(CLI::App& command, source_arguments& source) {
  command.add_option("--model", source.model, "ONNX network (default: the embedded one)")
      ->type_name("FILE")
      ->check(not_empty);
  command.add_option("--package", source.package, "co-designed network (a folder)")
      ->type_name("DIR")
      ->excludes("--model");
  command.add_option("--dataset", source.dataset, "builtin, cifar10:DIR, idx:IMAGES,LABELS or npy:X,Y")
      ->type_name("SPEC")
      ->check(not_empty);
  command.add_option("--preprocess", source.preprocess, "scale, mean and std of the input (default: MODEL.yaml)")
      ->type_name("FILE")
      ->check(not_empty);
  add_hardware(command, source.platform, source.settings);
}

CLI::Range image_count() {
  return {std::uint64_t{1}, std::uint64_t{1000000000}};
}

void add_source(CLI::App& command, source_arguments& source, const std::string& images_default) {
  add_network(command, source);
  command.add_option("--images", source.images, "images to run (default: " + images_default + ")")
      ->type_name("N")
      ->check(image_count());
  command.add_option("--out", source.out, "folder of the report (default: out)")->type_name("DIR")->check(not_empty);
}

void add_design(CLI::App& command, run_arguments& run) {
  command.add_option("--policy", run.policy, "co-design first (POLICY.yaml); builtin: the embedded policy")
      ->type_name("FILE")
      ->check(not_empty)
      ->excludes("--package");
  command.add_option("--training", run.training, "training images (default: those of the data set)")
      ->type_name("SPEC")
      ->check(not_empty);
  command.add_flag("--resume", run.resume, "go on with the co-design that OUT holds");
  command.add_flag("--ablation", run.ablation, "measure each part of the co-design on its own");
  command
      .add_option("--variant", run.source.variant,
                  "one form of a package, without comparison: all, dense, pruning, mixed, pairing, activations, "
                  "no_residency")
      ->type_name("NAME")
      ->check(not_empty)
      ->excludes("--policy");
}

void add_run(CLI::App& app, arguments& parsed, run_arguments& run) {
  CLI::App* command =
      app.add_subcommand("run", "simulate a network on the platform; write accuracy, time, energy, area");
  add_source(*command, run.source, "16");
  command->add_option("--batch", run.batch, "images back to back for throughput (default: 16)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command->add_flag("--timing-only", run.timing_only, "the same times, without computing the network");
  command->add_option("--vcd", run.vcd, "write waveforms")->type_name("FILE");
  command->add_option("--vcd-signals", run.vcd_signals, "only signals whose name matches")->type_name("GLOB");
  command->add_option("--timeline", run.timeline, "write a timeline of the accelerators' commands (Trace Event JSON)")
      ->type_name("FILE");
  command->add_option("--vcd-window", run.vcd_window, "only this time, e.g. 10us:2ms")->type_name("A:B");
  add_design(*command, run);
  command->callback([&parsed, &run] {
    if (run.policy.empty() && run.source.package.empty()) {
      if (run.ablation) throw CLI::ValidationError("--ablation", "needs --policy or --package");
      if (!run.source.variant.empty()) throw CLI::ValidationError("--variant", "needs --package");
    }
    if (run.policy.empty() && (run.resume || !run.training.empty())) {
      throw CLI::ValidationError(run.resume ? "--resume" : "--training", "needs --policy");
    }
    parsed.run = run;
  });
}

/// A package comes out, or one is exported as it is.
void check_codesign_output(const codesign_arguments& codesign) {
  if (!codesign.source.out.empty()) return;
  if (codesign.export_to.empty() || codesign.source.package.empty())
    throw CLI::ValidationError("--out", "is required (but not to --export a --package as it is)");
  const source_arguments& source = codesign.source;
  if (!codesign.policy.empty() || !codesign.until.empty() || codesign.resume || !source.settings.empty() ||
      !source.platform.empty() || !source.dataset.empty() || !source.preprocess.empty() || source.images != 0)
    throw CLI::ValidationError("--export", "without --out takes --package alone: the package stays as it is");
}

void add_codesign(CLI::App& app, arguments& parsed, codesign_arguments& codesign) {
  CLI::App* command = app.add_subcommand(
      "codesign", "prune, choose a width for every filter, train, pair and pack a network; write a package");
  add_network(*command, codesign.source);
  command->add_option("--policy", codesign.policy, "how (POLICY.yaml); builtin: the embedded one")
      ->type_name("FILE")
      ->check(not_empty);
  command->add_option("--images", codesign.source.images, "training images (default: all)")
      ->type_name("N")
      ->check(image_count());
  command->add_option("--until", codesign.until, "end behind a stage: initial, pruning, widths, mixed (default)")
      ->type_name("STAGE")
      ->check(not_empty);
  command->add_flag("--resume", codesign.resume, "go on from PACKAGE.checkpoint");
  command->add_option("--out", codesign.source.out, "folder of the package")->type_name("PACKAGE")->check(not_empty);
  command
      ->add_option("--export", codesign.export_to,
                   "write the integer network as ONNX QDQ; with --package and no --out: nothing else")
      ->type_name("FILE")
      ->check(not_empty);
  command->callback([&parsed, &codesign] {
    check_codesign_output(codesign);
    if (codesign.policy.empty() && codesign.source.package.empty()) {
      throw CLI::ValidationError("codesign", "needs --policy, or a --package to pair again");
    }
    parsed.codesign = codesign;
  });
}

void add_evaluate(CLI::App& app, arguments& parsed, evaluate_arguments& evaluate) {
  CLI::App* command = app.add_subcommand("evaluate", "accuracy over a data set, bit-exact, without time");
  add_source(*command, evaluate.source, "all");
  command->add_option("--threads", evaluate.threads, "threads (default: one a core)")
      ->type_name("T")
      ->check(CLI::Range(1U, 1024U));
  command->callback([&parsed, &evaluate] { parsed.evaluate = evaluate; });
}

void add_estimate(CLI::App& app, arguments& parsed, estimate_arguments& estimate) {
  CLI::App* command = app.add_subcommand("estimate", "time, energy and area in closed form, without data or weights");
  command->add_option("--model", estimate.model, "ONNX network (default: the embedded one)")->type_name("FILE");
  command->add_option("--package", estimate.package, "co-designed network (a folder)")
      ->type_name("DIR")
      ->check(not_empty)
      ->excludes("--model");
  add_hardware(*command, estimate.platform, estimate.settings);
  command->add_option("--batch", estimate.batch, "images back to back for throughput (default: 16)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command->add_option("--out", estimate.out, "folder of the report (default: out)")->type_name("DIR");
  command->callback([&parsed, &estimate] { parsed.estimate = estimate; });
}

void add_inspect(CLI::App& app, arguments& parsed, inspect_arguments& inspect) {
  CLI::App* command = app.add_subcommand("inspect", "show a platform, a network, a package or a result");
  command->add_option("file", inspect.file, "platform file or preset, ONNX network, package, report.json or its folder")
      ->type_name("FILE");
  command->add_flag("--operators", inspect.operators, "list the operators that networks may use");
  command->callback([&parsed, &inspect] {
    if (inspect.file.empty() == !inspect.operators) {
      throw CLI::ValidationError("inspect", "needs one of FILE and --operators");
    }
    parsed.inspect = inspect;
  });
}

void add_validate_dram(CLI::App& validate, arguments& parsed, validate_dram_arguments& dram) {
  CLI::App* command = validate.add_subcommand("dram", "play memory traces; compare with other simulators");
  command->add_option("--traces", dram.traces, "files of 0xADDRESS READ|WRITE CYCLE lines (default: built-in ones)")
      ->type_name("FILE")
      ->check(not_empty);
  add_hardware(*command, dram.platform, dram.settings);
  command->add_option("--out", dram.out, "write validate_dram.json there")->type_name("DIR")->check(not_empty);
  command->callback([&parsed, &dram] { parsed.validate_dram = dram; });
}

void add_validate_silicon(CLI::App& validate, arguments& parsed, validate_silicon_arguments& silicon) {
  CLI::App* command = validate.add_subcommand("silicon", "published macros beside the model");
  command->add_option("--macro", silicon.macros, "a macro with its published figures (default: the built-in ones)")
      ->type_name("FILE")
      ->check(not_empty);
  command->add_option("--out", silicon.out, "write validate_silicon.json there")->type_name("DIR")->check(not_empty);
  command->callback([&parsed, &silicon] { parsed.validate_silicon = silicon; });
}

/// The message of the parser in one line.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// The parser would take the next word for the value.
void refuse_open_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") return;
    if (word.rfind("--", 0) != 0 || word.find('=') != word.size() - 1) continue;
    throw bad_input({}, "", "", "cimbalom: " + word + " needs a value behind the = (see cimbalom --help)");
  }
}

}  // namespace

arguments parse_arguments(int argc, const char* const* argv) {
  refuse_open_values(argc, argv);
  arguments parsed;
  run_arguments run;
  codesign_arguments codesign;
  evaluate_arguments evaluate;
  estimate_arguments estimate;
  inspect_arguments inspect;
  validate_dram_arguments validate_of_dram;
  validate_silicon_arguments validate_of_silicon;
  CLI::App app("Cimbalom: a compute-in-memory accelerator system, from ONNX to accuracy, time, energy and area",
               "cimbalom");
  app.set_version_flag("--version", "cimbalom " CIMBALOM_VERSION);
  app.require_subcommand(0, 1);  // none is refused below, after what was not understood
  add_run(app, parsed, run);
  add_codesign(app, parsed, codesign);
  add_evaluate(app, parsed, evaluate);
  add_estimate(app, parsed, estimate);
  add_inspect(app, parsed, inspect);
  CLI::App* validate = app.add_subcommand("validate", "the model beside published figures");
  validate->require_subcommand(1);
  add_validate_dram(*validate, parsed, validate_of_dram);
  add_validate_silicon(*validate, parsed, validate_of_silicon);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    CLI::App* shown = &app;
    for (auto within = shown->get_subcommands(); !within.empty(); within = shown->get_subcommands()) {
      shown = within.front();
    }
    parsed.text = shown->help("", CLI::AppFormatMode::Normal);
  } catch (const CLI::CallForAllHelp&) {
    parsed.text = app.help("", CLI::AppFormatMode::All);
  } catch (const CLI::CallForVersion&) {
    parsed.text = app.version() + "\n";
  } catch (const CLI::ParseError& error) {
    throw bad_input({}, "", "", "cimbalom: " + one_line(error.what()) + " (see cimbalom --help)");
  }
  if (parsed.text.empty() && app.get_subcommands().empty()) {
    throw bad_input(
        {}, "", "",
        "cimbalom: needs a command: run, codesign, evaluate, estimate, inspect or validate (see cimbalom --help)");
  }
  return parsed;
}

}  // namespace cimbalom::cli
