#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "platform/configuration/embedded.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/technology.hpp"
#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::platform {
namespace {

using unit_table = std::map<std::string, double>;
const unit_table energy_units = {{"aJ", 1}, {"fJ", 1e3}, {"pJ", 1e6}, {"nJ", 1e9}};
const unit_table power_units = {{"pW", 1}, {"nW", 1e3}, {"uW", 1e6}, {"mW", 1e9}};
const unit_table area_units = {{"um2", 1e3}, {"mm2", 1e9}};
const std::map<std::string, law> laws = {{"power", law::power},       {"levels", law::levels},
                                         {"sar", law::sar},           {"adc_survey", law::adc_survey},
                                         {"adc_area", law::adc_area}, {"full_adders", law::full_adders}};

/// Reads one file; holds what every message needs.
class reader {
 public:
  reader(const std::string& text, std::string file) : file_(std::move(file)), root_(parse_yaml(text, file_)) {}

  technology read() {
    allow(root_, "", {"name", "node_nm", "sources", "delay", "sram", "events", "leakage", "area"});
    technology tech;
    tech.file = file_;
    tech.name = scalar(need(root_, "", "name"), file_, "name");
    tech.node_nm = real_number(need(root_, "", "node_nm"), file_, "node_nm");
    read_sources();
    read_sram(tech);
    read_events(tech);
    read_leakage(tech);
    read_areas(tech);
    if (root_["delay"]) read_delay(tech);
    return tech;
  }

 private:
  YAML::Node need(const YAML::Node& map, const std::string& path, const std::string& name) const {
    const YAML::Node child = map[name];
    if (!child) throw bad_input(place_of(file_, map), join(path, name), "", "missing");
    return child;
  }

  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  void allow(const YAML::Node& map, const std::string& path, const std::vector<std::string>& names) const {
    require_map(map, file_, path);
    for (const auto& entry : map) {
      const std::string& name = entry.first.Scalar();
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        throw bad_input(place_of(file_, entry.first), join(path, name), "",
                        "no such key; the nearest is " + nearest(name, names));
      }
    }
  }

  std::string text(const YAML::Node& map, const std::string& path, const std::string& name) const {
    const YAML::Node child = map[name];
    return child ? scalar(child, file_, join(path, name)) : std::string();
  }

  double real(const YAML::Node& map, const std::string& path, const std::string& name) const {
    return real_number(need(map, path, name), file_, join(path, name));
  }

  void read_sources() {
    const YAML::Node sources = need(root_, "", "sources");
    require_map(sources, file_, "sources");
    for (const auto& entry : sources) {
      sources_[entry.first.Scalar()] = scalar(entry.second, file_, "sources." + entry.first.Scalar());
    }
  }

  energy::provenance origin(const YAML::Node& row, const std::string& path) const {
    energy::provenance from{text(row, path, "conditions"), text(row, path, "method"), ""};
    const std::string source = text(row, path, "source");
    if (source.empty()) {
      throw bad_input(place_of(file_, row), path, "",
                      "a cost needs a source: add `source:` with a name from `sources`");
    }
    const auto found = sources_.find(source);
    if (found == sources_.end()) {
      throw bad_input(place_of(file_, row["source"]), path + ".source", source, "must be a name from `sources`");
    }
    from.source = found->second;
    return from;
  }

  void read_sram(technology& tech) {
    const YAML::Node sram = need(root_, "", "sram");
    allow(sram, "sram", {"method", "source", "conditions", "rows"});
    sram_origin_ = origin(sram, "sram");
    const YAML::Node rows = need(sram, "sram", "rows");
    if (!rows.IsSequence() || rows.size() == 0)
      throw bad_input(place_of(file_, rows), "sram.rows", "", "a list of macros");
    for (const YAML::Node& row : rows) {
      const std::string path = "sram.rows";
      allow(row, path, {"width_bits", "bytes", "read_pj", "write_pj", "leakage_uw", "area_um2"});
      sram_row r{real(row, path, "width_bits"), real(row, path, "bytes"),      real(row, path, "read_pj"),
                 real(row, path, "write_pj"),   real(row, path, "leakage_uw"), real(row, path, "area_um2")};
      for (const double value : {r.width_bits, r.bytes, r.read_pj, r.write_pj, r.leakage_uw, r.area_um2}) {
        if (value <= 0) throw bad_input(place_of(file_, row), path, "", "every value must be above 0");
      }
      tech.sram.push_back(r);
    }
  }

  std::vector<scale_factor> scales(const YAML::Node& row, const std::string& path) const {
    std::vector<scale_factor> all;
    const YAML::Node list = row["scale"];
    if (!list) return all;
    if (!list.IsSequence())
      throw bad_input(place_of(file_, list), path + ".scale", "", "a list of {key, at, law, exponent}");
    for (const YAML::Node& item : list) {
      const std::string where = path + ".scale";
      allow(item, where, {"key", "at", "law", "exponent", "input_bits", "input_bits_at"});
      scale_factor s;
      s.key = scalar(need(item, where, "key"), file_, where + ".key");
      s.at = real(item, where, "at");
      if (s.at <= 0) throw bad_input(place_of(file_, item), where + ".at", text(item, where, "at"), "above 0");
      if (item["exponent"]) s.exponent = real(item, where, "exponent");
      if (item["law"]) s.how = law_of(item["law"], where + ".law");
      if (s.how == law::full_adders) {
        s.input_bits_key = scalar(need(item, where, "input_bits"), file_, where + ".input_bits");
        s.input_bits_at = real(item, where, "input_bits_at");
      }
      all.push_back(s);
    }
    return all;
  }

  law law_of(const YAML::Node& node, const std::string& path) const {
    const std::string word = scalar(node, file_, path);
    const auto found = laws.find(word);
    if (found != laws.end()) return found->second;
    throw bad_input(place_of(file_, node), path, word, "power, levels, sar, adc_survey, adc_area or full_adders");
  }

  double in_unit(const YAML::Node& row, const std::string& path, const unit_table& units) const {
    const std::string unit = scalar(need(row, path, "unit"), file_, path + ".unit");
    const auto found = units.find(unit);
    if (found == units.end()) {
      std::string known;
      for (const auto& u : units) known += (known.empty() ? "" : ", ") + u.first;
      throw bad_input(place_of(file_, row["unit"]), path + ".unit", unit, "one of " + known);
    }
    const double value = real(row, path, "value");
    if (value < 0)
      throw bad_input(place_of(file_, row["value"]), path + ".value", text(row, path, "value"), "0 or more");
    return value * found->second;
  }

  quantity read_quantity(const YAML::Node& row, const std::string& path, const unit_table& units) const {
    allow(row, path,
          {"value", "unit", "scale", "count", "sram", "bytes", "width_bits", "dram", "of_area", "method", "conditions",
           "source", "published", "parts"});
    quantity q;
    q.where = place_of(file_, row);
    q.scale = scales(row, path);
    if (const YAML::Node count = row["count"]) {
      if (!count.IsSequence())
        throw bad_input(place_of(file_, count), path + ".count", "", "a list of keys and numbers");
      for (const YAML::Node& item : count) q.count.push_back(scalar(item, file_, path + ".count"));
    }
    if (row["sram"]) {
      q.what = quantity::kind::sram;
      q.word = text(row, path, "sram");
      q.bytes_key = scalar(need(row, path, "bytes"), file_, path + ".bytes");
      q.width_key = text(row, path, "width_bits");
      q.origin = sram_origin_;
      if (row["conditions"]) q.origin.conditions += "; " + text(row, path, "conditions");
      const std::set<std::string> words = {"read", "write", "leakage", "area"};
      if (words.count(q.word) == 0) throw bad_input(q.where, path + ".sram", q.word, "read, write, leakage or area");
      return q;
    }
    q.origin = origin(row, path);
    if (row["dram"]) {
      q.what = quantity::kind::dram;
      q.word = text(row, path, "dram");
    } else if (!row["published"]) {
      if (row["of_area"]) {
        q.what = quantity::kind::of_area;
        q.word = text(row, path, "of_area");
      }
      q.value = in_unit(row, path, units);
    }
    return q;
  }

  void read_events(technology& tech) const {
    const YAML::Node events = need(root_, "", "events");
    require_map(events, file_, "events");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < energy::event_count; ++i)
      names.emplace_back(energy::name(static_cast<energy::event>(i)));
    for (const auto& entry : events) {
      const std::string& name = entry.first.Scalar();
      const auto what = energy::find_event(name);
      if (!what) {
        throw bad_input(place_of(file_, entry.first), "events." + name, "",
                        "no such event; the nearest is " + nearest(name, names));
      }
      tech.events[*what] = read_quantity(entry.second, "events." + name, energy_units);
    }
    for (std::size_t i = 0; i < energy::event_count; ++i) {
      if (tech.events.count(static_cast<energy::event>(i)) == 0) {
        throw bad_input({file_, 0}, "events." + names[i], "", "missing: every event needs a row");
      }
    }
  }

  void read_leakage(technology& tech) const {
    const YAML::Node leakage = need(root_, "", "leakage");
    require_map(leakage, file_, "leakage");
    const std::vector<std::string> names(energy::components().begin(), energy::components().end());
    for (const auto& entry : leakage) {
      const std::string& name = entry.first.Scalar();
      const auto component = energy::find_component(name);
      if (!component) {
        throw bad_input(place_of(file_, entry.first), "leakage." + name, "",
                        "no such component; the nearest is " + nearest(name, names));
      }
      tech.leakage[*component] = read_quantity(entry.second, "leakage." + name, power_units);
    }
  }

  void read_delay(technology& tech) const {
    const YAML::Node delay = root_["delay"];
    allow(delay, "delay", {"threshold_v", "alpha", "method", "conditions", "source"});
    tech.delay.origin = origin(delay, "delay");
    for (const auto& [name, target] :
         {std::pair{"threshold_v", &tech.delay.threshold_v}, {"alpha", &tech.delay.alpha}}) {
      *target = real(delay, "delay", name);
      if (*target <= 0)
        throw bad_input(place_of(file_, delay[name]), join("delay", name), text(delay, "delay", name), "above 0");
    }
  }

  void read_areas(technology& tech) const {
    const YAML::Node areas = need(root_, "", "area");
    require_map(areas, file_, "area");
    for (const auto& entry : areas) {
      area_row row;
      row.part = entry.first.Scalar();
      const std::string path = "area." + row.part;
      row.whole = read_quantity(entry.second, path, area_units);
      row.published_key = text(entry.second, path, "published");
      if (const YAML::Node parts = entry.second["parts"]) {
        require_map(parts, file_, path + ".parts");
        const std::string prefix = path + ".parts.";
        for (const auto& part : parts) {
          const std::string name = part.first.Scalar();
          row.parts.emplace_back(name, read_quantity(part.second, prefix + name, area_units));
        }
      }
      if (!row.published_key.empty() && row.parts.empty())
        throw bad_input(row.whole.where, path + ".parts", "", "missing");
      tech.areas.push_back(row);
    }
  }

  std::string file_;
  YAML::Node root_;
  std::map<std::string, std::string> sources_;
  energy::provenance sram_origin_;
};

}  // namespace

technology parse_technology(const std::string& text, const std::string& file) {
  try {
    return reader(text, file).read();
  } catch (const input_error& error) {
    throw in_one_line(error);
  }
}

std::string technology_text(const std::string& name_or_path) {
  std::string embedded = embedded_text("technology/" + name_or_path + ".yaml");
  if (!embedded.empty()) return embedded;
  if (!std::filesystem::exists(name_or_path)) {
    std::string names;
    for (const std::string& known : embedded_names("technology/")) names += (names.empty() ? "" : ", ") + known;
    throw bad_input({}, "technology", name_or_path, "an embedded technology (" + names + ") or the path of a file");
  }
  return read_text(name_or_path);
}

technology read_technology(const std::string& name_or_path) {
  const bool embedded = !embedded_text("technology/" + name_or_path + ".yaml").empty();
  return parse_technology(technology_text(name_or_path), embedded ? name_or_path + ".yaml" : name_or_path);
}

}  // namespace cimbalom::platform
