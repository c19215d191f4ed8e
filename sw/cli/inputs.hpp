#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sw/datasets/dataset.hpp"
#include "sw/datasets/preprocess.hpp"
#include "sw/graph/graph.hpp"
#include "sw/runtime/image_source.hpp"

namespace cimbalom::cli {

/// The images that a network is fed with: a data set as the network's input wants it, or synthetic values where none
/// was named.
class inputs {
 public:
  /// SPEC; empty: synthetic values without labels. Throws input_error (also for labels beyond the network's classes).
  inputs(const std::string& spec, datasets::split part, const datasets::preprocess& steps, const graph::graph& g);

  bool synthetic() const { return data_ == nullptr; }
  /// Null where inputs are synthetic.
  const datasets::input_pipeline* pipeline() const { return pipeline_.get(); }
  /// Records of the data set; without one as many as anybody asks for.
  std::size_t size() const;
  /// The first `count` images, which `this` must outlive.
  runtime::image_source source(std::size_t count) const;
  /// SHA-256 of the values and labels of the first `count` images.
  std::string sha256(std::size_t count) const;

 private:
  std::size_t values_ = 0;
  std::unique_ptr<datasets::dataset> data_;
  std::unique_ptr<datasets::input_pipeline> pipeline_;
};

/// The one input that images go to. Throws input_error when there are several, or when it is not float32.
const graph::value_info& image_input(const graph::graph& g);

}  // namespace cimbalom::cli
