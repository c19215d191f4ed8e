#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::codesign {

/// A matrix-vector layer after training. Arrays are a filter, or as quantization::mvm_parameters has them.
struct trained_layer {
  std::string name;                   ///< of the layer (the graph's node)
  std::vector<std::int16_t> weights;  ///< [filters][kernel_h][kernel_w][channels of the group] codes
  std::vector<std::uint8_t> bits;     ///< 1..8
  std::vector<double> scale;          ///< real weight = scale * code
  std::vector<double> bias;           ///< real, batch normalisation folded in
  int passes = 1, groups = 1;         ///< sets of filters that share a pattern, index codes of each
  std::vector<int> pass;              ///< a filter: its set
  std::vector<std::uint8_t> mask;     ///< [passes * groups] 0: the weight group is zero in all filters of the set
};

/// A value that the accelerator holds as codes: real = scale * (code - zero_point).
struct trained_value {
  std::string name;
  double scale = 1;
  int zero_point = 0;
  int bits = 8;
  bool is_signed = false;
};

/// A layer of one factor a channel: y = scale * x + bias, real values.
struct trained_affine {
  std::string name;
  std::vector<double> scale, bias;
};

/// What training changes of a network, by the graph's names.
struct trained_network {
  std::vector<trained_layer> layers;
  std::vector<trained_value> values;
  std::vector<trained_affine> affine;
};

/// Index codes of the weight groups that each filter keeps, ascending; kept ones may still round to zero.
std::vector<std::vector<std::uint16_t>> kept_groups(const trained_layer& layer);

/// True for a tensor that holds the codes of another one (behind max pooling, slices): its scale is not its own.
bool is_tied(const quantization::network& net, int tensor);

/// Turns the importer's network of the same graph, quantised at any widths, into the trained one: weight codes, widths,
/// scales, integer biases, scales of the activations and the clamps that follow from them. ADC steps are the caller's
/// to calibrate anew. Throws input_error naming what the network has and `trained` has not, or of another size.
void apply(const trained_network& trained, quantization::network& net);

}  // namespace cimbalom::codesign
