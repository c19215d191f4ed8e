#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace cimbalom::quantization {

/// How the range of an activation is chosen from the calibration images.
enum class calibration_method {
  min_max,     ///< everything that was seen
  percentile,  ///< all but the outermost (100 - percentile) percent on each side
  mse,         ///< the range with the smallest mean squared quantisation error
};

const char* name_of(calibration_method method);
/// Throws input_error naming the key and what is allowed.
calibration_method calibration_method_of(const std::string& name);

/// Post-training quantisation. Keys are those of a policy or the command line, section `quantization`.
struct quantization_settings {
  int weight_bits = 8;                    ///< 1..16, every layer
  std::map<std::string, int> layer_bits;  ///< by layer name: overrides weight_bits
  int activation_bits = 8;                ///< 2..16
  int calibration_images = 64;            ///< 1..100000
  calibration_method method = calibration_method::mse;
  double percentile = 99.99;  ///< 50..100, of method percentile

  /// Throws input_error naming the key, the value and the allowed range.
  void validate() const;
};

}  // namespace cimbalom::quantization
