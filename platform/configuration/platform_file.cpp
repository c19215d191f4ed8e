#include "platform/configuration/platform_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "platform/configuration/embedded.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/system_keys.hpp"
#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::platform {
namespace {

using place_map = std::map<std::string, place>;

/// One value as read, not yet taken.
struct assignment {
  const key* target;
  std::string text;
  place where;
  bool changed = false;  ///< the value; once it is taken
};
using assignments = std::vector<assignment>;

std::vector<std::string> paths_of(const std::vector<key>& all) {
  std::vector<std::string> paths;
  paths.reserve(all.size());
  for (const key& k : all) paths.push_back(k.path);
  return paths;
}

std::string section_of(const std::string& path) {
  const std::size_t dot = path.find('.');
  return dot == std::string::npos ? std::string() : path.substr(0, dot);
}

std::vector<std::string> sections_of(const std::vector<key>& all) {
  std::vector<std::string> sections;
  for (const key& k : all) {
    const std::string section = section_of(k.path);
    if (!section.empty() && std::find(sections.begin(), sections.end(), section) == sections.end()) {
      sections.push_back(section);
    }
  }
  return sections;
}

const key& find_key(const std::vector<key>& all, const std::string& path, const place& where) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const key& k) { return k.path == path; });
  if (found != all.end()) return *found;
  const std::vector<std::string> sections = sections_of(all);
  if (std::find(sections.begin(), sections.end(), path) != sections.end()) {
    const auto first = std::find_if(all.begin(), all.end(), [&](const key& k) { return section_of(k.path) == path; });
    throw bad_input(where, path, "", "is a section: name one of its keys, such as " + first->path);
  }
  throw bad_input(where, path, "", "no such key; the nearest is " + nearest(path, paths_of(all)));
}

// Given figures of the macro that belong to one value of these keys.
constexpr const char* op_time_key = "macro.op_ns";
constexpr const char* op_time_depends_on[] = {"macro.adc_bits", "macro.rows_active", "macro.cols_per_adc",
                                              "macro.vdd_v"};
constexpr const char* setting_origin = "--set";

void take(assignment& a, place_map& places) {
  const key& k = *a.target;
  const std::string before = value_text(k);
  if (!set_value(k, a.text)) {
    throw bad_input(a.where, k.path, a.text.empty() ? "''" : a.text, "allowed: " + allowed(k));
  }
  a.changed = value_text(k) != before;
  places[k.path] = a.where;
}

// Time does not follow from the other figures: whoever changes them without a new time is told.
void warn_of_unscaled_time(const assignments& read, platform_config& config) {
  std::string changed;
  for (const assignment& a : read) {
    const bool matters = std::find(std::begin(op_time_depends_on), std::end(op_time_depends_on), a.target->path) !=
                         std::end(op_time_depends_on);
    if (!a.changed || !matters || changed.find(a.target->path) != std::string::npos) continue;
    const bool by_setting = a.where.file == setting_origin;
    const bool timed = std::any_of(read.begin(), read.end(), [&](const assignment& other) {
      return other.target->path == op_time_key && (other.where.file == setting_origin || !by_setting);
    });
    if (!timed) changed += (changed.empty() ? "" : ", ") + a.target->path;
  }
  if (changed.empty()) return;
  config.warnings.push_back(fmt::format("{} changed without {}: an operation still takes {} ns, its time is not scaled",
                                        changed, op_time_key, config.macro.op_ns));
}

void warn_of_ideal_memory(platform_config& config) {
  if (!config.dram.ideal) return;
  config.warnings.push_back(dram_preset_key + std::string(" is ideal: memory answers at once, times are too good"));
}

/// In order, but the DRAM preset first: it replaces what stands below it.
void take_all(assignments& read, place_map& places) {
  const auto is_preset = [](const assignment& a) { return a.target->path == dram_preset_key; };
  for (assignment& a : read) {
    if (is_preset(a)) take(a, places);
  }
  for (assignment& a : read) {
    if (!is_preset(a)) take(a, places);
  }
}

void read_section(const YAML::Node& section, const std::string& name, const std::string& file,
                  const std::vector<key>& all, assignments& read) {
  if (section.IsNull()) return;
  require_map(section, file, name);
  for (const auto& entry : section) {
    const std::string path = name + "." + entry.first.Scalar();
    const key& k = find_key(all, path, place_of(file, entry.first));
    read.push_back({&k, scalar(entry.second, file, path), place_of(file, entry.second), false});
  }
}

void read_document(const YAML::Node& document, const std::string& file, const std::vector<key>& all,
                   assignments& read) {
  if (document.IsNull()) return;
  require_map(document, file, "");
  const std::vector<std::string> sections = sections_of(all);
  for (const auto& entry : document) {
    const std::string& name = entry.first.Scalar();
    if (name == quantization_section) continue;
    if (std::find(sections.begin(), sections.end(), name) != sections.end()) {
      read_section(entry.second, name, file, all, read);
      continue;
    }
    std::vector<std::string> candidates = sections;
    for (const key& k : all) {
      if (section_of(k.path).empty()) candidates.push_back(k.path);
    }
    if (std::find(candidates.begin(), candidates.end(), name) == candidates.end()) {
      throw bad_input(place_of(file, entry.first), name, "",
                      "no such key; the nearest is " + nearest(name, candidates));
    }
    read.push_back({&find_key(all, name, {}), scalar(entry.second, file, name), place_of(file, entry.second), false});
  }
}

void apply_setting(const std::string& setting, const std::vector<key>& all, assignments& read) {
  const place where{setting_origin, 0};
  const std::size_t equals = setting.find('=');
  if (equals == std::string::npos) throw bad_input(where, setting, "", "must read platform.KEY=VALUE");
  const std::string full = setting.substr(0, equals);
  const std::string kind = "platform.";
  if (full.compare(0, kind.size(), kind) != 0) {
    throw bad_input(where, full, "", "must start with the kind of file, e.g. platform.macro.adc_bits=6");
  }
  read.push_back({&find_key(all, full.substr(kind.size()), where), setting.substr(equals + 1), where, false});
}

/// A module's check knows the key but not the line: puts the place in front.
[[noreturn]] void rethrow_with_place(const std::string& line, const std::string& file, const place_map& places) {
  const std::string path = line.substr(0, line.find_first_of(" :"));
  const auto found = places.find(path);
  const place where = found == places.end() ? place{file, 0} : found->second;
  throw bad_input(where, line, "", "");
}

platform_config read_and_check(const std::string& text, const std::string& file,
                               const std::vector<std::string>& settings) {
  platform_config config;
  config.dram = dram::make_dram_config(config.dram.preset);
  const std::vector<key> all = keys(config);
  assignments read;
  read_document(parse_yaml(text, file), file, all, read);
  for (const std::string& setting : settings) apply_setting(setting, all, read);
  place_map places;
  take_all(read, places);
  warn_of_unscaled_time(read, config);
  warn_of_ideal_memory(config);
  config.nonideality.cols_per_adc = config.macro.cols_per_adc;
  try {
    validate(config);
  } catch (const input_error& error) {
    rethrow_with_place(error.what(), file, places);
  }
  return config;
}

}  // namespace

void validate(const platform_config& config) {
  config.processor.validate();
  interconnect::interconnect_config fabric = config.interconnect;
  if (fabric.initiators.empty()) fabric.initiators = {"any"};  // connected later, by the assembly
  if (fabric.targets.empty()) fabric.targets = {{"any", 0, 1}};
  fabric.validate();
  config.dram.validate();
  config.dma.validate();
  config.accelerator.validate();
  config.macro.validate();
  try {
    arithmetic::validate(config.nonideality);
  } catch (const std::invalid_argument& error) {
    throw bad_input({}, std::string("nonideality.") + error.what(), "", "");
  }
}

platform_config parse_platform(const std::string& text, const std::string& file,
                               const std::vector<std::string>& settings) {
  try {
    return read_and_check(text, file, settings);
  } catch (const input_error& error) {
    throw in_one_line(error);
  }
}

platform_config read_platform(const std::string& preset_or_path, const std::vector<std::string>& settings) {
  const std::string name = preset_or_path.empty() ? "nthu-28nm" : preset_or_path;
  const std::string preset = preset_text(name);
  if (!preset.empty()) return parse_platform(preset, name, settings);
  if (!std::filesystem::exists(name)) {
    std::string presets;
    for (const std::string& known : preset_names()) presets += (presets.empty() ? "" : ", ") + known;
    throw bad_input({name, 0}, "", "", "no such platform file, and no preset of that name (" + presets + ")");
  }
  return parse_platform(read_text(name), name, settings);
}

std::string write_platform(const platform_config& config) {
  platform_config copy = config;
  std::string text;
  std::string section;
  for (const key& k : keys(copy)) {
    const std::string at = section_of(k.path);
    if (at != section) text += at + ":\n";
    section = at;
    const std::string name = at.empty() ? k.path : "  " + k.path.substr(at.size() + 1);
    text += fmt::format("{}: {}\n", name, value_text(k));
  }
  return text;
}

std::vector<std::string> preset_names() {
  return embedded_names("presets/");
}

std::string preset_text(const std::string& name) {
  return embedded_text("presets/" + name + ".yaml");
}

}  // namespace cimbalom::platform
