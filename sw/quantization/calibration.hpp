#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/quantization/settings.hpp"
#include "sw/torch/float_executor.hpp"

namespace cimbalom::quantization {

/// Real values that a quantised tensor should cover; always contains 0.
struct value_range {
  double low = 0, high = 0;
};

/// By name of the graph's value.
using value_ranges = std::map<std::string, value_range>;

/// Writes image i as the network's input wants it (float32).
using image_source = std::function<void(std::size_t i, float* out)>;

/// Ranges of every float32 value of `g` over the first `settings.calibration_images` of `available` images, run in
/// batches through `executor`, which was built from `g`. Throws input_error when there is no image or more than one
/// graph input.
value_ranges calibrate(const graph::graph& g, torch::float_executor& executor, const image_source& images,
                       std::size_t available, const quantization_settings& settings);

/// The histogram of one value, and the range that a method takes from it.
class histogram {
 public:
  histogram(double low, double high);
  void add(const float* values, std::size_t count);
  value_range range(const quantization_settings& settings) const;

 private:
  double error(double low, double high, int bits) const;

  double low_, high_, width_;
  std::vector<double> counts_;
};

}  // namespace cimbalom::quantization
