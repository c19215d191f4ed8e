#include "sw/validate/silicon_macro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "platform/configuration/embedded.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::validate {

namespace {

constexpr std::array<const char*, 3> figure_names = {"tops_per_w", "gops", "area_mm2"};

/// The block below `key:` with every other line emptied, so that messages about it name the right line.
std::string block_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  std::string block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    const bool top_level = !line.empty() && line[0] != ' ' && line[0] != '#' && line[0] != '\r';
    if (inside && !top_level) block += line;
    if (top_level) inside = line.rfind(key + ":", 0) == 0;
    block += '\n';
  }
  return block;
}

class reader {
 public:
  reader(const std::string& text, std::string file)
      : text_(text), file_(std::move(file)), root_(platform::parse_yaml(text, file_)) {}

  silicon_macro read() {
    allow(root_, "",
          {"name", "source", "remark", "platform", "area_without", "guard_columns", "ripple_rows", "points"});
    silicon_macro macro;
    macro.file = file_;
    macro.id = std::filesystem::path(file_).stem().string();
    macro.name = word(root_, "name");
    macro.source = word(root_, "source");
    if (root_["remark"]) macro.remark = word(root_, "remark");
    macro.platform = platform_of(macro.name);
    if (const YAML::Node parts = root_["area_without"]) {
      if (!parts.IsSequence()) {
        throw bad_input(platform::place_of(file_, parts), "area_without", "", "a list of parts of the macro's area");
      }
      for (const YAML::Node& part : parts) macro.area_without.push_back(platform::scalar(part, file_, "area_without"));
    }
    if (root_["guard_columns"]) macro.guard_columns = whole(root_, "guard_columns", 0, 64);
    if (root_["ripple_rows"]) macro.ripple_rows = whole(root_, "ripple_rows", 0, 65536);
    read_points(macro);
    check_fit(macro);
    return macro;
  }

 private:
  void allow(const YAML::Node& map, const std::string& path, const std::vector<std::string>& names) const {
    platform::require_map(map, file_, path);
    for (const auto& entry : map) {
      const std::string key = entry.first.Scalar();
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      throw bad_input(platform::place_of(file_, entry.first), path.empty() ? key : fmt::format("{}.{}", path, key), "",
                      "no such key; the nearest is " + platform::nearest(key, names));
    }
  }

  YAML::Node need(const YAML::Node& map, const std::string& key) const {
    const YAML::Node child = map[key];
    if (!child) throw bad_input(platform::place_of(file_, map), key, "", "missing");
    return child;
  }

  std::string word(const YAML::Node& map, const std::string& key) const {
    std::string value = platform::scalar(need(map, key), file_, key);
    if (value.empty()) throw bad_input(platform::place_of(file_, map[key]), key, "''", "a text");
    return value;
  }

  double real(const YAML::Node& map, const std::string& key, double low, double high) const {
    const double value = platform::real_number(need(map, key), file_, key);
    if (value >= low && value <= high) return value;
    throw bad_input(platform::place_of(file_, map[key]), key, map[key].Scalar(),
                    fmt::format("a number in {}..{}", low, high));
  }

  int whole(const YAML::Node& map, const std::string& key, int low, int high) const {
    const double value = real(map, key, low, high);
    if (value == static_cast<int>(value)) return static_cast<int>(value);
    throw bad_input(platform::place_of(file_, map[key]), key, map[key].Scalar(), fmt::format("{}..{}", low, high));
  }

  bool flag(const YAML::Node& map, const std::string& key) const {
    const std::string value = word(map, key);
    if (value == "true" || value == "false") return value == "true";
    throw bad_input(platform::place_of(file_, map[key]), key, value, "true or false");
  }

  /// A preset, the path of a platform file (seen from this file), or the keys of a platform themselves.
  platform::platform_config platform_of(const std::string& name) const {
    const YAML::Node node = need(root_, "platform");
    if (node.IsScalar()) {
      const std::filesystem::path beside = std::filesystem::path(file_).parent_path() / node.Scalar();
      const bool is_file = std::filesystem::is_regular_file(beside);
      return platform::read_platform(is_file ? beside.string() : word(root_, "platform"));
    }
    if (node.Style() != YAML::EmitterStyle::Block) {
      throw bad_input(platform::place_of(file_, node), "platform", "",
                      "a preset, a path, or the sections of a platform on lines of their own");
    }
    platform::platform_config config = platform::parse_platform(block_of(text_, "platform"), file_);
    if (!node["name"]) config.name = name;
    return config;
  }

  void read_points(silicon_macro& macro) const {
    const YAML::Node list = need(root_, "points");
    if (!list.IsSequence() || list.size() == 0) {
      throw bad_input(platform::place_of(file_, list), "points", "", "a list of published figures");
    }
    for (const YAML::Node& item : list) macro.points.push_back(point(item, macro.platform.macro));
  }

  silicon_point point(const YAML::Node& item, const cim::macro_config& macro) const {
    const std::string path = "points";
    allow(item, path,
          {"figure", "value", "vdd_v", "input_bits", "weight_bits", "wordline_ones", "column_sum", "fit", "outside",
           "note"});
    silicon_point p;
    const std::string figure = word(item, "figure");
    const auto found = std::find(figure_names.begin(), figure_names.end(), figure);
    if (found == figure_names.end()) {
      throw bad_input(platform::place_of(file_, item["figure"]), path + ".figure", figure,
                      "tops_per_w, gops or area_mm2");
    }
    p.figure = static_cast<silicon_figure>(found - figure_names.begin());
    p.line = platform::place_of(file_, item).line;
    p.published = real(item, "value", 1e-9, 1e12);
    p.vdd_v = item["vdd_v"] ? real(item, "vdd_v", 0.1, 10) : macro.vdd_v;
    if (item["input_bits"]) p.input_bits = whole(item, "input_bits", 1, arithmetic::max_operand_bits);
    if (item["weight_bits"]) p.weight_bits = whole(item, "weight_bits", 1, arithmetic::max_operand_bits);
    if (item["wordline_ones"]) p.activity.wordline_ones = real(item, "wordline_ones", 0, 1);
    if (item["column_sum"]) p.activity.column_sum = real(item, "column_sum", 0, 1);
    if (item["fit"]) p.fitted = flag(item, "fit");
    if (item["outside"]) p.outside = word(item, "outside");
    if (item["note"]) p.note = word(item, "note");
    return p;
  }

  /// At most one operating point, one figure of a kind, and never the area.
  void check_fit(const silicon_macro& macro) const {
    const silicon_point* first = nullptr;
    for (const silicon_point& p : macro.points) {
      if (!p.fitted) continue;
      const auto refuse = [&](const std::string& why) { return bad_input({file_, p.line}, "points.fit", "true", why); };
      if (p.figure == silicon_figure::area_mm2) throw refuse("area comes from components and is never fitted");
      if (!p.outside.empty()) throw refuse("a point outside the means cannot be the one that is fitted");
      if (first != nullptr && !first->same_conditions(p)) throw refuse("one operating point a macro");
      if (macro.fit_of(p.figure) != &p) throw refuse("one figure of a kind");
      first = &p;
    }
  }

  const std::string& text_;
  std::string file_;
  YAML::Node root_;
};

}  // namespace

const char* name_of(silicon_figure figure) {
  return figure_names[static_cast<std::size_t>(figure)];
}

bool silicon_point::same_conditions(const silicon_point& other) const {
  return vdd_v == other.vdd_v && input_bits == other.input_bits && weight_bits == other.weight_bits &&
         activity.wordline_ones == other.activity.wordline_ones && activity.column_sum == other.activity.column_sum;
}

const silicon_point* silicon_macro::fit_of(silicon_figure figure) const {
  const auto found = std::find_if(points.begin(), points.end(),
                                  [&](const silicon_point& p) { return p.fitted && p.figure == figure; });
  return found == points.end() ? nullptr : &*found;
}

silicon_macro parse_silicon(const std::string& text, const std::string& file) {
  try {
    return reader(text, file).read();
  } catch (const input_error& error) {
    throw platform::in_one_line(error);
  }
}

silicon_macro read_silicon(const std::string& path) {
  return parse_silicon(platform::read_text(path), path);
}

std::vector<silicon_macro> published_silicon() {
  std::vector<silicon_macro> all;
  for (const std::string& name : platform::embedded_names("silicon/")) {
    all.push_back(parse_silicon(platform::embedded_text("silicon/" + name + ".yaml"), name + ".yaml"));
  }
  return all;
}

}  // namespace cimbalom::validate
