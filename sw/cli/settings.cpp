#include "sw/cli/settings.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "platform/configuration/error.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::cli {
namespace {

const place option{"--set", 0};
const std::string section = std::string(platform::quantization_section) + ".";
const std::string layer_prefix = "layer_bits.";

template <class T>
T number(const place& where, const std::string& key, const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) throw bad_input(where, section + key, text, "a number");
  return value;
}

void set_quantization(quantization::quantization_settings& q, const place& where, const std::string& key,
                      const std::string& text) {
  const std::vector<std::string> names = {"weight_bits", "activation_bits", "calibration_images",
                                          "method",      "percentile",      "layer_bits.LAYER"};
  if (key == "weight_bits") {
    q.weight_bits = number<int>(where, key, text);
  } else if (key == "activation_bits") {
    q.activation_bits = number<int>(where, key, text);
  } else if (key == "calibration_images") {
    q.calibration_images = number<int>(where, key, text);
  } else if (key == "method") {
    q.method = quantization::calibration_method_of(text);
  } else if (key == "percentile") {
    q.percentile = number<double>(where, key, text);
  } else if (key.compare(0, layer_prefix.size(), layer_prefix) == 0) {
    q.layer_bits[key.substr(layer_prefix.size())] = number<int>(where, key, text);
  } else {
    throw bad_input(where, section + key, "", "no such key; the nearest is " + section + platform::nearest(key, names));
  }
}

void read_map(quantization::quantization_settings& q, const YAML::Node& map, const std::string& file,
              const std::string& prefix) {
  platform::require_map(map, file, section + prefix);
  for (const auto& entry : map) {
    const std::string key = prefix + entry.first.Scalar();
    if (entry.second.IsMap() && key + "." == layer_prefix) {
      read_map(q, entry.second, file, layer_prefix);
    } else {
      set_quantization(q, platform::place_of(file, entry.second), key,
                       platform::scalar(entry.second, file, section + key));
    }
  }
}

void read_file(quantization::quantization_settings& q, const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return;  // a preset has no such section
  const YAML::Node document = platform::parse_yaml(platform::read_text(path), path);
  if (!document.IsMap()) return;  // the platform's reader says what is wrong
  const YAML::Node map = document[platform::quantization_section];
  if (map && !map.IsNull()) read_map(q, map, path, "");
  try {
    q.validate();
  } catch (const input_error& error) {
    throw bad_input({path, 0}, section + error.what(), "", "");
  }
}

}  // namespace

settings parse_settings(const std::string& platform_file, const std::vector<std::string>& given) {
  settings parsed;
  if (!platform_file.empty()) read_file(parsed.quantization, platform_file);
  const std::string& quantization = section;
  const std::string platform = "platform.", policy = "policy.";
  for (const std::string& setting : given) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) throw bad_input(option, setting, "", "must read KEY=VALUE");
    if (setting.compare(0, quantization.size(), quantization) == 0) {
      const std::string key = setting.substr(quantization.size(), equals - quantization.size());
      set_quantization(parsed.quantization, option, key, setting.substr(equals + 1));
      parsed.quantization_given = true;
    } else if (setting.compare(0, platform.size(), platform) == 0) {
      parsed.platform.push_back(setting);
    } else if (setting.compare(0, policy.size(), policy) == 0) {
      parsed.policy.push_back(setting.substr(policy.size()));
    } else {
      throw bad_input(option, setting.substr(0, equals), "", "must start with platform., quantization. or policy.");
    }
  }
  try {
    parsed.quantization.validate();
  } catch (const input_error& error) {
    throw bad_input(option, error.what(), "", "");
  }
  return parsed;
}

void refuse_policy_keys(const settings& given) {
  if (!given.policy.empty()) throw bad_input(option, "policy." + given.policy.front(), "", "nothing is trained here");
}

std::string quantization_yaml(const quantization::quantization_settings& q) {
  std::string text = fmt::format(
      "{}:\n  weight_bits: {}\n  activation_bits: {}\n  calibration_images: {}\n  method: {}\n  percentile: {}\n",
      platform::quantization_section, q.weight_bits, q.activation_bits, q.calibration_images,
      quantization::name_of(q.method), q.percentile);
  if (!q.layer_bits.empty()) text += "  layer_bits:\n";
  for (const auto& [layer, bits] : q.layer_bits) {
    YAML::Emitter quoted;
    quoted << YAML::DoubleQuoted << layer;
    text += fmt::format("    {}: {}\n", quoted.c_str(), bits);
  }
  return text;
}

}  // namespace cimbalom::cli
