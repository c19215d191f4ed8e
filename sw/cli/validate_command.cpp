#include <fmt/format.h>

#include <filesystem>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/settings.hpp"
#include "sw/report/report.hpp"
#include "sw/validate/dram_report.hpp"
#include "sw/validate/silicon_report.hpp"
#include "traces/memory_trace.hpp"

namespace cimbalom::cli {

void validate_dram(const validate_dram_arguments& arguments) {
  if (!arguments.out.empty()) report::prepare_folder(arguments.out);
  const settings chosen = parse_settings(arguments.platform, arguments.settings);
  refuse_policy_keys(chosen);
  validate::dram_validation all;
  all.memory = platform::read_platform(arguments.platform, chosen.platform).dram;
  for (const std::string& file : arguments.traces) {
    const std::string name = std::filesystem::path(file).stem().string();
    all.traces.push_back({name, validate::replay(all.memory, traces::read_memory_trace(file))});
  }
  if (arguments.traces.empty()) {
    all.references = validate::compare_with_references();
    for (const validate::trace_rule& rule : validate::small_traces()) {
      all.traces.push_back({rule.name, validate::replay(all.memory, validate::make_trace(rule))});
    }
  }
  fmt::print("{}", validate::dram_text(all));
  if (!arguments.out.empty()) {
    const std::string file = arguments.out + "/validate_dram.json";
    report::write_whole(file, validate::dram_json(all).to_text());
    fmt::print("{}\n", file);
  }
  const std::vector<std::string> beyond = validate::beyond_tolerance(all.references);
  if (!beyond.empty()) throw run_error(beyond.front());
}

void validate_silicon(const validate_silicon_arguments& arguments) {
  if (!arguments.out.empty()) report::prepare_folder(arguments.out);
  std::vector<validate::silicon_result> results;
  if (arguments.macros.empty()) {
    for (const validate::silicon_macro& macro : validate::published_silicon()) {
      results.push_back(validate::compare(macro));
    }
  }
  for (const std::string& file : arguments.macros) {
    results.push_back(validate::compare(validate::read_silicon(file)));
  }
  fmt::print("{}", validate::silicon_text(results));
  if (!arguments.out.empty()) {
    const std::string file = arguments.out + "/validate_silicon.json";
    report::write_whole(file, validate::silicon_json(results).to_text());
    fmt::print("{}\n", file);
  }
  if (!arguments.macros.empty()) return;
  const std::vector<std::string> beyond = validate::beyond_bounds(results);
  if (!beyond.empty()) throw run_error(beyond.front());
}

}  // namespace cimbalom::cli
