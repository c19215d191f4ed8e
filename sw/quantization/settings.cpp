#include "sw/quantization/settings.hpp"

#include <cmath>

#include "platform/configuration/error.hpp"

namespace cimbalom::quantization {
namespace {

void check(const std::string& key, int value, int low, int high) {
  if (value < low || value > high)
    throw bad_input({}, "quantization." + key, std::to_string(value),
                    std::to_string(low) + ".." + std::to_string(high));
}

}  // namespace

const char* name_of(calibration_method method) {
  switch (method) {
    case calibration_method::min_max:
      return "min_max";
    case calibration_method::percentile:
      return "percentile";
    case calibration_method::mse:
      return "mse";
  }
  return "";
}

calibration_method calibration_method_of(const std::string& name) {
  for (const calibration_method method :
       {calibration_method::min_max, calibration_method::percentile, calibration_method::mse})
    if (name == name_of(method)) return method;
  throw bad_input({}, "quantization.method", name, "min_max, percentile or mse");
}

void quantization_settings::validate() const {
  check("weight_bits", weight_bits, 1, 16);
  for (const auto& [name, bits] : layer_bits) check("layer_bits." + name, bits, 1, 16);
  check("activation_bits", activation_bits, 2, 16);
  check("calibration_images", calibration_images, 1, 100000);
  if (!(percentile >= 50 && percentile <= 100))
    throw bad_input({}, "quantization.percentile", std::to_string(percentile), "50..100");
}

}  // namespace cimbalom::quantization
