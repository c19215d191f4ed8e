#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "models/arithmetic/nonideality.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/runtime/evaluate.hpp"

namespace cimbalom::testing_support {

/// NAME.onnx of the shared folder: networks as they are trained and published. Tests skip when it is not there.
inline std::filesystem::path network_file(const std::string& name) {
  const char* chosen = std::getenv("CIMBALOM_SHARED");
  const std::filesystem::path root = chosen != nullptr ? chosen : CIMBALOM_SHARED_DIR;
  return root / "data" / "networks" / (name + ".onnx");
}

/// Quantised without looking at data: every value may be in [-6, 6]; QDQ graphs keep their own scales.
inline quantization::network quantized(const graph::graph& imported) {
  const graph::graph g = quantization::prepare(imported);
  quantization::value_ranges ranges;
  if (!quantization::is_quantized(g)) {
    for (const graph::value_info& value : g.values) ranges[value.name] = {-6, 6};
  }
  return quantization::quantize(g, {}, ranges);
}

inline runtime::image_source noise_images(const quantization::network& net, std::size_t count) {
  runtime::image_source images;
  images.count = count;
  images.values = 1;
  for (const std::int64_t extent : net.tensors[static_cast<std::size_t>(net.input)].shape) {
    images.values *= static_cast<std::size_t>(extent);
  }
  images.fetch = [values = images.values](std::size_t image, float* to) {
    for (std::size_t i = 0; i < values; ++i) {
      to[i] = static_cast<float>(arithmetic::random_normal(image + 1, i)) / 65536.0F;
    }
  };
  return images;
}

}  // namespace cimbalom::testing_support
