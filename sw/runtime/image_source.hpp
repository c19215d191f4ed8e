#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace cimbalom::runtime {

/// Images as a network takes them. Both functions may be called from several threads at a time.
struct image_source {
  std::size_t count = 0;
  std::size_t values = 0;  ///< float32 values of one image
  std::function<void(std::size_t image, float* to)> fetch;
  std::function<std::optional<int>(std::size_t image)> label;  ///< may be empty: no labels
};

}  // namespace cimbalom::runtime
