#include "sw/cli/inspect.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "models/energy/wide.hpp"
#include "platform/configuration/error.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/graph/operators.hpp"
#include "sw/package/package.hpp"
#include "sw/report/figures.hpp"

namespace cimbalom::cli {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string costs_text(const energy::component_table& costs) {
  std::string text = "\nenergy of an event\n";
  for (std::size_t i = 0; i < energy::event_count; ++i) {
    const auto what = static_cast<energy::event>(i);
    text += fmt::format("  {:<30} {:>14} pJ  {}\n", energy::name(what), energy::to_decimal(costs.yoctojoules(what), 12),
                        costs.cost(what).origin.method);
  }
  text += "\narea\n";
  for (const energy::part_area& part : costs.areas()) {
    text += fmt::format("  {:<30} {:>14.6f} mm2  {}\n", part.part, static_cast<double>(part.milli_um2) / 1e9,
                        part.origin.method);
  }
  const double total = energy::to_double(energy::total_area_milli_um2(costs)) / 1e9;
  text += fmt::format("  {:<30} {:>14.6f} mm2\n\nleakage\n", "total, without DRAM", total);
  for (const auto& [component, power] : costs.leakages()) {
    text += fmt::format("  {:<30} {:>14.6f} mW\n", energy::components()[component],
                        static_cast<double>(power.picowatts) / 1e9);
  }
  return text;
}

}  // namespace

std::string inspect_platform(const std::string& preset_or_path) {
  const platform::platform_config config = platform::read_platform(preset_or_path);
  const double cell_kib = platform::number(config, "macro.cell_bytes").value_or(0) / 1024;
  const int macros = config.accelerator.macros * config.accelerator.count;
  std::string text = platform::write_platform(config);
  text += "\nderived\n";
  text += fmt::format("  {:<30} {:>14.1f} GOPS at 8b/8b\n", "peak", report::peak_gops(config));
  text += fmt::format("  {:<30} {:>14.1f} KiB in {} macros\n", "weights held", cell_kib * macros, macros);
  text += fmt::format("  {:<30} {:>14}\n", "slots of a bank", config.macro.slots());
  text += fmt::format("  {:<30} {:>14}\n", "positions of a bank", config.macro.positions());
  return text + costs_text(platform::load_costs(config));
}

std::string inspect(const inspect_arguments& arguments) {
  if (arguments.operators) return graph::operators_text();
  const std::string& file = arguments.file;
  if (std::filesystem::is_directory(file)) {
    if (std::filesystem::exists(file + "/report.json")) return inspect_result(file + "/report.json");
    if (package::is_package(file)) return inspect_package(file);
    throw bad_input({file, 0}, "", "", "a folder without report.json or MANIFEST.json");
  }
  if (ends_with(file, ".onnx")) return inspect_model(file);
  if (ends_with(file, ".json")) return inspect_result(file);
  return inspect_platform(file);
}

}  // namespace cimbalom::cli
