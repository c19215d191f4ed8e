#include "sw/codesign/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <variant>

#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::codesign {
namespace {

using bits_by_layer = std::map<std::string, int>;
using field = std::variant<std::uint64_t*, int*, double*, bool*, std::vector<double>*, std::vector<int>*,
                           bits_by_layer*, allocation_method*>;
constexpr const char* method_names[] = {"sensitivity", "distortion", "learned"};

struct key {
  std::string path;
  field value;
  double low = 0, high = 0;
  bool above_low = false;  // low itself is not allowed
};

std::vector<key> keys(policy& p) {
  return {
      {"seed", &p.seed, 0, 18446744073709551615.0},
      {"threads", &p.threads, 1, 256},
      {"batch", &p.batch, 1, 65536},
      {"learning_rate", &p.learning_rate, 0, 10, true},
      {"warm_up", &p.warm_up, 0, 0.5},
      {"momentum", &p.momentum, 0, 0.999},
      {"weight_decay", &p.weight_decay, 0, 1},
      {"training_images", &p.training_images, 0, 1e9},
      {"validation_images", &p.validation_images, 0, 1e9},
      {"validation_fraction", &p.validation_fraction, 0.01, 0.5},
      {"epochs.pruning", &p.epochs.pruning, 0, 10000},
      {"epochs.widths", &p.epochs.widths, 1, 10000},
      {"epochs.mixed", &p.epochs.mixed, 0, 10000},
      {"epochs.hardware", &p.epochs.hardware, 0, 10000},
      {"keep_best", &p.keep_best},
      {"budget.mean_bits", &p.budget.mean_bits, 1, 8},
      {"budget.least_bits", &p.budget.least_bits, 1, 4},
      {"budget.operations", &p.budget.operations, 0, 1},
      {"budget.energy", &p.budget.energy, 0, 1},
      {"budget.activation_choices", &p.budget.activation_choices, 2, 8},
      {"input_bits", &p.input_bits, 2, 8},
      {"activation_bits", &p.activation_bits, 2, 8},
      {"layer_activation_bits", &p.layer_activation_bits, 2, 8},
      {"pruning.target_density", &p.pruning.target_density, 0, 1, true},
      {"pruning.least_density", &p.pruning.least_density, 0, 1},
      {"pruning.ramp", &p.pruning.ramp, 0, 1, true},
      {"pruning.group_lasso", &p.pruning.group_lasso, 0, 1},
      {"distillation.weight", &p.distillation.weight, 0, 1},
      {"distillation.temperature", &p.distillation.temperature, 0.1, 100},
      {"augmentation.flip", &p.augmentation.flip},
      {"augmentation.shift", &p.augmentation.shift, 0, 64},
      {"allocation", &p.allocation},
      {"pairing.filters_per_slot", &p.pairing.filters_per_slot, 1, 8},
  };
}

std::string allowed(const key& k) {
  if (std::holds_alternative<bool*>(k.value)) return "true or false";
  if (std::holds_alternative<allocation_method*>(k.value)) return "sensitivity, distortion or learned";
  if (std::holds_alternative<std::uint64_t*>(k.value)) return "a whole number, 0..18446744073709551615";
  const bool whole = std::holds_alternative<int*>(k.value) || std::holds_alternative<bits_by_layer*>(k.value) ||
                     std::holds_alternative<std::vector<int>*>(k.value);
  const std::string kind = whole ? "a whole number " : "a number ";
  if (k.above_low) return fmt::format("{}above {}, at most {}", kind, k.low, k.high);
  return fmt::format("{}in {}..{}", kind, k.low, k.high);
}

bool inside(const key& k, double value) {
  return std::isfinite(value) && value <= k.high && (k.above_low ? value > k.low : value >= k.low);
}

template <class T>
bool from_text(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end;
}

template <class T>
T number(const YAML::Node& node, const std::string& file, const std::string& path, const key& k) {
  const std::string text = platform::scalar(node, file, path);
  T value{};
  if (!from_text(text, value) || !inside(k, static_cast<double>(value)))
    throw bad_input(platform::place_of(file, node), path, text, allowed(k));
  return value;
}

/// Reads one key's value by the type of its field.
struct reader {
  const YAML::Node& node;
  const std::string& file;
  const key& k;

  void operator()(std::uint64_t* to) const { *to = number<std::uint64_t>(node, file, k.path, k); }
  void operator()(int* to) const { *to = number<int>(node, file, k.path, k); }
  void operator()(double* to) const { *to = number<double>(node, file, k.path, k); }
  void operator()(bool* to) const {
    const std::string text = platform::scalar(node, file, k.path);
    if (text != "true" && text != "false") throw bad_input(platform::place_of(file, node), k.path, text, allowed(k));
    *to = text == "true";
  }
  void operator()(std::vector<double>* to) const {
    to->clear();
    if (!node.IsSequence()) {
      to->push_back(number<double>(node, file, k.path, k));
      return;
    }
    if (node.size() == 0)
      throw bad_input(platform::place_of(file, node), k.path, "[]", allowed(k) + ", or a list with one a stage");
    for (const auto& entry : node) to->push_back(number<double>(entry, file, k.path, k));
  }
  void operator()(std::vector<int>* to) const {
    if (!node.IsSequence())
      throw bad_input(platform::place_of(file, node), k.path, platform::scalar(node, file, k.path),
                      fmt::format("a list of numbers, each {}", allowed(k)));
    to->clear();
    for (const auto& entry : node) to->push_back(number<int>(entry, file, k.path, k));
  }
  void operator()(bits_by_layer* to) const {
    platform::require_map(node, file, k.path);
    for (const auto& entry : node) {
      const std::string name = platform::scalar(entry.first, file, k.path);
      (*to)[name] = number<int>(entry.second, file, k.path + "." + name, k);
    }
  }
  void operator()(allocation_method* to) const {
    const std::string text = platform::scalar(node, file, k.path);
    const auto* const found = std::find(std::begin(method_names), std::end(method_names), text);
    if (found == std::end(method_names)) throw bad_input(platform::place_of(file, node), k.path, text, allowed(k));
    *to = static_cast<allocation_method>(found - std::begin(method_names));
  }
};

bool is_section(const std::vector<key>& known, const std::string& name) {
  for (const key& k : known)
    if (k.path.rfind(name + ".", 0) == 0) return true;
  return false;
}

void read_map(const YAML::Node& map, const std::string& file, const std::string& prefix, std::vector<key>& known) {
  platform::require_map(map, file, prefix);
  for (const auto& entry : map) {
    const std::string name = platform::scalar(entry.first, file, prefix.empty() ? "a key" : prefix);
    const std::string path = prefix.empty() ? name : fmt::format("{}.{}", prefix, name);
    const auto found = std::find_if(known.begin(), known.end(), [&](const key& k) { return k.path == path; });
    if (found != known.end()) {
      std::visit(reader{entry.second, file, *found}, found->value);
    } else if (prefix.empty() && is_section(known, name)) {
      read_map(entry.second, file, name, known);
    } else {
      std::string names;
      for (const key& k : known)
        if (prefix.empty() || k.path.rfind(prefix + ".", 0) == 0)
          names.append(names.empty() ? "" : ", ").append(k.path);
      throw bad_input(platform::place_of(file, entry.first), path, "", "unknown key; known are " + names);
    }
  }
}

std::string text_of(const field& value) {
  struct writer {
    std::string operator()(const std::uint64_t* v) const { return std::to_string(*v); }
    std::string operator()(const int* v) const { return std::to_string(*v); }
    std::string operator()(const double* v) const { return fmt::format("{}", *v); }
    std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
    std::string operator()(const std::vector<double>* v) const { return fmt::format("[{}]", fmt::join(*v, ", ")); }
    std::string operator()(const std::vector<int>* v) const { return fmt::format("[{}]", fmt::join(*v, ", ")); }
    std::string operator()(const allocation_method* v) const { return name_of(*v); }
    std::string operator()(const bits_by_layer* v) const {
      std::string text = "{";
      for (const auto& [name, bits] : *v) {
        YAML::Emitter quoted;
        quoted << YAML::DoubleQuoted << name;
        text += fmt::format("{}{}: {}", text.size() > 1 ? ", " : "", quoted.c_str(), bits);
      }
      return text + "}";
    }
  };
  return std::visit(writer{}, value);
}

/// What each key allows and the others do not.
void check_together(const policy& p) {
  if (p.pruning.target_density < p.pruning.least_density)
    throw bad_input({}, "policy.pruning.target_density", fmt::format("{}", p.pruning.target_density),
                    fmt::format("at least pruning.least_density, which is {}", p.pruning.least_density));
  if (p.pruning.target_density < 1 && p.epochs.pruning == 0)
    throw bad_input({}, "policy.pruning.target_density", fmt::format("{}", p.pruning.target_density),
                    "1 where epochs.pruning is 0: nothing is pruned without training");
  for (const double mean : p.budget.mean_bits)
    if (mean < p.budget.least_bits)
      throw bad_input({}, "policy.budget.mean_bits", fmt::format("{}", mean),
                      fmt::format("at least budget.least_bits, which is {}", p.budget.least_bits));
  if (p.budget.operations > 0 && p.budget.energy > 0)
    throw bad_input({}, "policy.budget.energy", fmt::format("{}", p.budget.energy),
                    "0 where budget.operations is given: one budget at a time");
  if (!p.budget.activation_choices.empty() && p.budget.operations <= 0 && p.budget.energy <= 0)
    throw bad_input({}, "policy.budget.activation_choices",
                    fmt::format("[{}]", fmt::join(p.budget.activation_choices, ", ")),
                    "[] without budget.operations or budget.energy: nothing says how many slices are too many");
  if (p.epochs.hardware > p.epochs.mixed)
    throw bad_input({}, "policy.epochs.hardware", std::to_string(p.epochs.hardware),
                    fmt::format("at most epochs.mixed, which is {}: they are its last", p.epochs.mixed));
}

}  // namespace

const char* name_of(allocation_method method) {
  return method_names[static_cast<std::size_t>(method)];
}

void policy::validate() const {
  policy copy = *this;
  for (const key& k : keys(copy)) {
    const auto check = [&](double value) {
      if (!inside(k, value)) throw bad_input({}, "policy." + k.path, fmt::format("{}", value), allowed(k));
    };
    if (const auto* whole = std::get_if<int*>(&k.value)) check(**whole);
    if (const auto* real = std::get_if<double*>(&k.value)) check(**real);
    if (const auto* list = std::get_if<std::vector<double>*>(&k.value)) {
      for (const double value : **list) check(value);
      if ((*list)->empty()) throw bad_input({}, "policy." + k.path, "[]", allowed(k));
    }
    if (const auto* choices = std::get_if<std::vector<int>*>(&k.value))
      for (const int value : **choices) check(value);
    if (const auto* map = std::get_if<bits_by_layer*>(&k.value))
      for (const auto& [name, bits] : **map) check(bits);
  }
  check_together(*this);
}

std::string policy::to_yaml() const {
  policy copy = *this;
  std::string text, section;
  for (const key& k : keys(copy)) {
    const std::size_t dot = k.path.find('.');
    const std::string head = dot == std::string::npos ? "" : k.path.substr(0, dot);
    if (!head.empty() && head != section) text += head + ":\n";
    section = head;
    text += (head.empty() ? k.path : "  " + k.path.substr(dot + 1)) + ": " + text_of(k.value) + "\n";
  }
  return text;
}

policy parse_policy(const std::string& text, const std::string& name) {
  policy made;
  try {
    std::vector<key> known = keys(made);
    const YAML::Node root = platform::parse_yaml(text, name);
    if (!root.IsNull()) read_map(root, name, "", known);
  } catch (const input_error& error) {
    throw platform::in_one_line(error);
  }
  return made;
}

policy read_policy(const std::string& path) {
  return parse_policy(platform::read_text(path), path);
}

// The key becomes the nested map that a file would hold; the name of a layer may have dots.
void set_key(policy& how, const std::string& key, const std::string& text, const std::string& from) {
  try {
    const std::size_t dot = key.find('.');
    YAML::Node root, value = platform::parse_yaml(text, from);
    if (dot == std::string::npos) {
      root[key] = value;
    } else {
      root[key.substr(0, dot)][key.substr(dot + 1)] = value;
    }
    std::vector<cimbalom::codesign::key> known = keys(how);
    read_map(root, from, "", known);
  } catch (const input_error& error) {
    throw platform::in_one_line(error);
  }
}

}  // namespace cimbalom::codesign
