#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/registers/descriptor.hpp"
#include "sw/graph/graph.hpp"

namespace cimbalom::quantization {

/// A value between layers. On the accelerator: one image, HWC codes. On the host: float32, the graph's own shape.
struct tensor {
  std::string name;                 ///< of the graph's value
  registers::tensor_format format;  ///< height, width, channels, bits, sign, zero point
  double scale = 1;                 ///< real = scale * (code - zero_point)
  std::vector<std::int64_t> shape;  ///< the graph's shape (batch 1 included)
  bool on_host = false;             ///< float32 on the processor
  bool channels_last = false;       ///< the shape is (1, h, w, c): the graph's own order is that of the codes
};

enum class layer_kind {
  mvm,  ///< Conv, Gemm, MatMul with constant weights, on the macros
  add,
  max_pool,
  average_pool,  ///< GlobalAveragePool too
  slice_pad,     ///< Slice, Pad, Concat pieces: strided copy with channel offset
  affine,        ///< BatchNormalization that cannot be folded, Relu/Clip alone, requantisation
  host           ///< one graph node on the processor, float32
};

/// The kind's name in reports.
constexpr const char* to_string(layer_kind kind) {
  switch (kind) {
    case layer_kind::mvm:
      return "mvm";
    case layer_kind::add:
      return "add";
    case layer_kind::max_pool:
      return "max_pool";
    case layer_kind::average_pool:
      return "average_pool";
    case layer_kind::slice_pad:
      return "slice_pad";
    case layer_kind::affine:
      return "affine";
    case layer_kind::host:
      return "host";
  }
  return "";
}

/// Parameters of a matrix-vector layer. The kernel covers (kernel_h, kernel_w, channels of the group), c fastest.
struct mvm_parameters {
  std::int32_t groups = 1;
  std::int32_t filters = 0;  ///< all output channels
  std::int32_t channels_per_group = 0;
  registers::window filter_window;
  std::vector<std::int16_t>
      weights;  ///< [filters][kernel_h][kernel_w][channels_per_group] stored codes (w + zero point)
  std::vector<std::uint8_t> weight_bits;        ///< a filter, 1..16
  std::vector<double> weight_scale;             ///< a filter
  std::vector<std::int32_t> weight_zero_point;  ///< a filter; 0 for symmetric
  std::vector<std::int64_t> bias;               ///< a filter, in units of input scale * weight scale
  std::int32_t adc_step_sixteenths = 16;
  /// Flattened layers: rows of a row group that hold weights at most, the others store and drive 0, so that fewer
  /// products meet in a conversion. 0, or not below rows_active: all of them.
  std::int32_t group_rows = 0;
  /// Which filters share a slot and which slots share a pass: passes of slots of filters, a slot's filters from the
  /// high to the low columns. Every filter once; empty: one filter a slot, ascending.
  std::vector<std::vector<std::vector<std::int32_t>>> slot_assignment;
};

/// One layer. Requantisation is given as real factors: the compiler turns them into multiplier and shift (fixed_point)
/// or into float32 (floating_point).
struct layer {
  layer_kind kind = layer_kind::mvm;
  std::string name;         ///< of the graph node that gave it
  std::vector<int> inputs;  ///< tensor numbers; add: two; mvm with residual: input, residual
  int output = -1;
  bool has_residual = false;   ///< mvm: inputs[1] is added before the activation
  std::int32_t clamp_low = 0;  ///< codes of the output (activation and width)
  std::int32_t clamp_high = 255;
  registers::requantization requantize = registers::requantization::fixed_point;
  mvm_parameters mvm;
  registers::window pool_window;
  bool count_include_pad = false;
  /// slice_pad: output channel output_channel + k is input channel channel_offset + k, k < channels_written.
  std::int32_t channel_offset = 0, output_channel = 0, channels_written = 0;
  std::vector<double> affine_scale, affine_bias;  ///< a channel, real values: y = scale * x + bias
  int graph_node = -1;                            ///< host: index in network::host_graph.nodes
  std::uint64_t macs = 0;                         ///< dense multiply-accumulates of one image
};

/// The integer network that compiler, reference executor and package share.
struct network {
  std::string name;
  std::vector<tensor> tensors;
  std::vector<layer> layers;  ///< in execution order
  int input = -1;             ///< tensor that the data set fills
  std::vector<int> outputs;
  graph::graph host_graph;       ///< the float graph that host layers refer to (names, attributes, shapes)
  std::uint64_t parameters = 0;  ///< weights and biases of the float network

  std::uint64_t macs() const {
    std::uint64_t sum = 0;
    for (const layer& l : layers) sum += l.macs;
    return sum;
  }
  /// Of the matrix-vector layers.
  std::uint64_t weights() const {
    std::uint64_t sum = 0;
    for (const layer& l : layers) sum += l.mvm.weights.size();
    return sum;
  }
};

}  // namespace cimbalom::quantization
