#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/graph/build.hpp"
#include "sw/graph/graph.hpp"
#include "sw/quantization/quantize.hpp"
#include "tests/support/refusal.hpp"

namespace cimbalom::quantization {

using graph::op;
using graph::value_id;
using ints = std::vector<std::int64_t>;

/// Numbers that look random and are the same everywhere, in [-1, 1].
inline std::vector<float> noise(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values;
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 1;
  for (std::int64_t k = 0; k < count; ++k) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    values.push_back(static_cast<float>(static_cast<double>(state >> 40) / 8388608.0 - 1.0));
  }
  return values;
}

inline value_id noise_constant(graph::graph& g, const std::string& name, const graph::shape_t& shape,
                               std::uint64_t seed) {
  return g.add_constant(name, graph::tensor::of<float>(shape, noise(graph::element_count(shape), seed)));
}

inline value_id ints_constant(graph::graph& g, const std::string& name, const ints& values) {
  return g.add_constant(name, graph::tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

inline value_id input(graph::graph& g, const graph::shape_t& shape) {
  return graph::add_input(g, "x", graph::data_type::float32, shape);
}

/// Conv with random weights; `attributes` beside kernel_shape.
inline value_id conv(graph::graph& g, const std::string& name, value_id x, const graph::shape_t& weights,
                     std::map<std::string, graph::attribute> attributes = {}, bool bias = true) {
  attributes["kernel_shape"] = ints(weights.begin() + 2, weights.end());
  std::vector<value_id> inputs = {x, noise_constant(g, name + ".w", weights, name.size() + 7)};
  if (bias) inputs.push_back(noise_constant(g, name + ".b", {weights[0]}, 5));
  return graph::add_node(g, op::conv, name, inputs, attributes);
}

/// The range [low, high] for every value.
inline value_ranges wide_ranges(const graph::graph& g, double low = -4, double high = 4) {
  value_ranges ranges;
  for (const graph::value_info& info : g.values) ranges[info.name] = {low, high};
  return ranges;
}

using testing_support::refusal;

}  // namespace cimbalom::quantization
