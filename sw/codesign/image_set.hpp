#pragma once

#include <cstdint>
#include <vector>

#include "sw/datasets/dataset.hpp"
#include "sw/datasets/preprocess.hpp"
#include "sw/graph/tensor.hpp"

namespace cimbalom::codesign {

/// Labelled images as the network takes them, in memory.
struct image_set {
  graph::shape_t shape;       ///< of one image, batch extent 1 first
  std::vector<float> pixels;  ///< image after image
  std::vector<int> labels;

  std::size_t size() const { return labels.size(); }
  std::size_t values() const { return labels.empty() ? 0 : pixels.size() / labels.size(); }
};

/// Images `chosen` of a pipeline. Throws input_error naming `spec` when one has no label.
image_set load_images(const datasets::input_pipeline& from, const std::string& spec, const graph::shape_t& shape,
                      const std::vector<std::size_t>& chosen);

/// Numbers 0 .. count - 1 in an order that depends on the seed alone.
std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed);

/// Splits 0 .. count - 1 in two, each part ascending: the second has the fraction, at least one.
struct index_split {
  std::vector<std::size_t> train, validation;
};
index_split cut_validation(std::size_t count, double fraction, std::uint64_t seed);

/// What is done to an image before it is shown; images of rank 4 only.
struct augmentation {
  bool flip = false;
  int shift = 0;  ///< pixels at most, zeros move in
  bool channels_last = false;
};

/// A batch of the images `first` .. `first + count - 1` of `order`. Flip and shift of an image depend on `seed` (0:
/// none is made) and its place in the set.
struct image_batch {
  graph::tensor images;
  std::vector<int> labels;
};
image_batch make_batch(const image_set& from, const std::vector<std::size_t>& order, std::size_t first,
                       std::size_t count, const augmentation& how, std::uint64_t seed);

}  // namespace cimbalom::codesign
