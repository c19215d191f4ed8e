#pragma once

// Inside of quantize(): one object turns one annotated graph into a network.

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "sw/graph/parameters.hpp"
#include "sw/quantization/annotated_graph.hpp"
#include "sw/quantization/calibration.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/quantization/settings.hpp"

namespace cimbalom::quantization {

class lowering {
 public:
  lowering(annotated_graph annotated, const quantization_settings& settings, const value_ranges& ranges);
  network run();

 private:
  /// Where a value of the graph lies: the codes of a tensor, read in the order CHW, or HWC when channels_last.
  struct view {
    int tensor = -1;
    bool channels_last = false;
  };
  /// Bounds of a fused activation, real values.
  struct real_bounds {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
  };

  /// Where the weights of a filter, in the order (kernel row, kernel column, channel), lie in the graph's tensor.
  struct weight_order {
    std::size_t filter_stride = 0;
    std::vector<std::size_t> offsets;
    std::size_t at(std::size_t filter, std::size_t k) const { return filter * filter_stride + offsets[k]; }
  };

  // lowering.cpp: order of work, tensors, views.
  void plan_residuals();
  void lower(int index);
  void add_input(graph::value_id v);
  bool lower_alias(const graph::node& n);
  int new_tensor(graph::value_id v, bool channels_last, const activation_scale& scale);
  int new_host_tensor(graph::value_id v);
  activation_scale scale_for(graph::value_id v);
  activation_scale scale_from_range(const value_range& range) const;
  void move_to_accelerator(graph::value_id v, int tensor);
  void lower_host(int index);
  bool is_exact(const view& at) const;
  int exact_tensor(graph::value_id v);
  int image_tensor(graph::value_id v, const graph::node& reader);
  int stored_tensor(graph::value_id v);
  graph::value_id absorb_activation(graph::value_id v, real_bounds& bounds);
  graph::value_id sole_reader_output(graph::value_id v, int& reader) const;
  void finish(layer& l, graph::value_id v, const real_bounds& bounds, bool channels_last);
  void push(layer l) { net_.layers.push_back(std::move(l)); }
  [[noreturn]] void refuse(const graph::node& n, const std::string& why) const;

  // lowering_matrix.cpp: Conv, Gemm, MatMul.
  bool is_matrix(const graph::node& n) const;
  void lower_matrix(int index, graph::value_id residual, int add_index);
  void fill_window(const graph::node& n, layer& l);
  void fill_conv_weights(const graph::node& n, layer& l);
  void fill_gemm_weights(const graph::node& n, layer& l, const view& input);
  void fill_weights(const graph::node& n, layer& l, const weight_order& order, double factor, int filter_axis);
  void quantize_filters(const graph::node& n, layer& l, const graph::tensor& real, double factor,
                        const weight_order& order);
  void take_filters(const graph::node& n, layer& l, const constant_codes& codes, double factor,
                    const weight_order& order, bool along_filters);
  std::vector<double> bias_of(const graph::node& n, graph::value_id& result);
  void fill_bias(const graph::node& n, layer& l, const std::vector<double>& bias);

  // lowering_vector.cpp: pooling, addition, layout, per-channel functions.
  bool lower_vector(int index);
  bool lower_add(int index);
  bool lower_pool(int index);
  bool lower_slice_pad(int index);
  bool lower_concat(int index);
  bool lower_affine(int index);
  void add_affine(const std::string& name, int input, graph::value_id result, std::vector<double> scale,
                  std::vector<double> bias, real_bounds bounds, bool channels_last);
  bool channel_constant(graph::value_id constant, graph::value_id x, int channels, std::vector<double>& out) const;
  registers::requantization requantization_for(graph::value_id v) const;

  const graph::node& node_at(int index) const { return g_.nodes[static_cast<std::size_t>(index)]; }
  tensor& tensor_at(int number) { return net_.tensors[static_cast<std::size_t>(number)]; }
  const tensor& tensor_at(int number) const { return net_.tensors[static_cast<std::size_t>(number)]; }

  annotated_graph a_;
  const graph::graph& g_;
  const quantization_settings& settings_;
  const value_ranges& ranges_;
  network net_;
  std::map<graph::value_id, view> views_;
  std::vector<bool> done_;          // by node: absorbed into a layer already made
  std::map<int, int> residual_of_;  // Add node -> matrix node that is made at its place
  std::map<int, int> deferred_to_;  // the reverse
  std::vector<int> producers_;
  std::vector<std::vector<int>> consumers_;
};

/// Format of a value as one image: rank 1 (c), 2 (1, c) or (w, c), 3 (1, c, w), 4 (1, c, h, w). False: no image.
bool image_format(const graph::shape_t& shape, bool channels_last, registers::tensor_format& format);

}  // namespace cimbalom::quantization
