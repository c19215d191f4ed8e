#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"
#include "platform/configuration/yaml_reader.hpp"
#include "sw/cli/inspect.hpp"

namespace cimbalom::cli {
namespace {

using nlohmann::json;

std::string short_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? fmt::format("{:.6g}", value.get<double>()) : value.dump();
}

/// Every number and word below `value`, one a line with its dotted key; lists are left out.
void append_flat(std::string& text, const json& value, const std::string& path) {
  for (const auto& [name, child] : value.items()) {
    const std::string at = path.empty() ? name : path + "." + name;
    if (child.is_object()) {
      append_flat(text, child, at);
    } else if (!child.is_array()) {
      text += fmt::format("  {:<48} {}\n", at, short_text(child));
    }
  }
}

std::string layers_text(const json& layers) {
  std::string text = fmt::format("\n  {:<32} {:>14} {:>16} {:>14}\n", "layer", "MACs", "latency_ns", "energy_pj");
  for (const json& layer : layers) {
    const auto field = [&](const char* key) { return layer.contains(key) ? short_text(layer[key]) : std::string("-"); };
    text += fmt::format("  {:<32} {:>14} {:>16} {:>14}\n", field("name").substr(0, 32), field("macs"),
                        field("latency_ns"), field("energy_pj"));
  }
  return text;
}

}  // namespace

std::string inspect_result(const std::string& path) {
  json report = json::parse(platform::read_text(path), nullptr, false);
  if (report.is_discarded() || !report.is_object()) throw bad_input({path, 0}, "", "", "not valid JSON");
  if (!report.contains("schema_version") || report["schema_version"] != 1) {
    throw bad_input({path, 0}, "schema_version", "", "a report of version 1 is needed");
  }
  report.erase("config");
  std::string text;
  append_flat(text, report, "");
  if (report.contains("layers") && report["layers"].is_array()) text += layers_text(report["layers"]);
  return text;
}

}  // namespace cimbalom::cli
