#pragma once

#include <array>
#include <cstdint>

#include "sw/datasets/dataset.hpp"

namespace cimbalom::datasets {

/// The data set `builtin`: ten shapes (disc, ring, square, triangle, plus, frame, crescent, bars, half disc, angle) in
/// random place, size, rotation, colour and texture on a cluttered, noisy background, 3 x 32 x 32 bytes.
/// Record i is of class i mod 10. Drawn on demand with integers only: the same bytes on every machine.
class builtin_images : public dataset {
 public:
  static constexpr int extent = 32;
  static constexpr int classes = 10;
  static constexpr std::size_t image_bytes = std::size_t{3} * extent * extent;
  using image = std::array<std::uint8_t, image_bytes>;

  explicit builtin_images(split part);

  std::size_t size() const override;
  const std::vector<std::int64_t>& shape() const override { return shape_; }
  std::optional<int> label(std::size_t i) const override { return static_cast<int>(i % classes); }
  using dataset::pixels;
  void pixels(std::size_t i, float* out) const override;

  /// The bytes of record i, planes R, G, B.
  image draw(std::size_t i) const;

 private:
  split part_;
  std::vector<std::int64_t> shape_ = {3, extent, extent};
};

}  // namespace cimbalom::datasets
