#include "sw/cli/settings.hpp"

#include <charconv>

#include "platform/configuration/error.hpp"
#include "platform/configuration/keys.hpp"

namespace cimbalom::cli {
namespace {

const place option{"--set", 0};
const std::string layer_prefix = "layer_bits.";

template <class T>
T number(const std::string& key, const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) throw bad_input(option, "quantization." + key, text, "a number");
  return value;
}

void set_quantization(quantization::quantization_settings& q, const std::string& key, const std::string& text) {
  const std::vector<std::string> names = {"weight_bits", "activation_bits", "calibration_images",
                                          "method",      "percentile",      "layer_bits.LAYER"};
  if (key == "weight_bits") {
    q.weight_bits = number<int>(key, text);
  } else if (key == "activation_bits") {
    q.activation_bits = number<int>(key, text);
  } else if (key == "calibration_images") {
    q.calibration_images = number<int>(key, text);
  } else if (key == "method") {
    q.method = quantization::calibration_method_of(text);
  } else if (key == "percentile") {
    q.percentile = number<double>(key, text);
  } else if (key.compare(0, layer_prefix.size(), layer_prefix) == 0) {
    q.layer_bits[key.substr(layer_prefix.size())] = number<int>(key, text);
  } else {
    throw bad_input(option, "quantization." + key, "",
                    "no such key; the nearest is quantization." + platform::nearest(key, names));
  }
}

}  // namespace

settings parse_settings(const std::vector<std::string>& given) {
  settings parsed;
  const std::string quantization = "quantization.";
  const std::string platform = "platform.";
  for (const std::string& setting : given) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) throw bad_input(option, setting, "", "must read KEY=VALUE");
    if (setting.compare(0, quantization.size(), quantization) == 0) {
      const std::string key = setting.substr(quantization.size(), equals - quantization.size());
      set_quantization(parsed.quantization, key, setting.substr(equals + 1));
    } else if (setting.compare(0, platform.size(), platform) == 0) {
      parsed.platform.push_back(setting);
    } else {
      throw bad_input(option, setting.substr(0, equals), "", "must start with platform. or quantization.");
    }
  }
  try {
    parsed.quantization.validate();
  } catch (const input_error& error) {
    throw bad_input(option, error.what(), "", "");
  }
  return parsed;
}

}  // namespace cimbalom::cli
