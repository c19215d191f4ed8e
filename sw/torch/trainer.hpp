#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::torch {

/// A Conv, Gemm or MatMul whose weights are trained through their codes. Matrices below are [filters][length], the
/// weights of a filter in the hardware's order (kernel row, kernel column, channel).
struct trained_product {
  std::string node;                 ///< name in the graph
  std::string norm;                 ///< BatchNormalization folded into it, which alone reads it; empty: none
  std::string input;                ///< value that it reads codes of (trained_value); for hardware in the loop
  std::int64_t filters = 0;         ///< rows of the matrix
  double factor = 1;                ///< matrix element = factor * weight of the graph (alpha of Gemm), not 0
  std::vector<std::int64_t> order;  ///< [filters * length] place of each element in the graph's weight tensor
  std::vector<std::int64_t> unit;   ///< [filters * length] pruning unit of each element: 0 .. units - 1
  std::int64_t units = 0;
};

/// A value of the graph that the accelerator holds as codes: scale * (code - zero_point), low <= code <= high.
struct trained_value {
  std::string name;
  double scale = 1;  ///< to begin with; it is learned
  int zero_point = 0, low = 0, high = 255;
};

/// A product of a batch, for whoever computes it in the place of libtorch: codes only, no scales.
struct hardware_call {
  std::size_t product = 0;
  std::size_t images = 0;
  const std::int32_t* input = nullptr;    ///< [image] HWC codes
  const std::int16_t* weights = nullptr;  ///< [filter][length], as trained_product has them
  const std::uint8_t* bits = nullptr;     ///< a filter
  float* sums = nullptr;  ///< [image][pixel][filter], to be written: sums of weight code * (code - zero point)
};
using hardware_function = std::function<void(const hardware_call&)>;

struct trainer_setup {
  graph::graph graph;  ///< as imported: float32, batch normalisation not folded
  std::vector<trained_product> products;
  std::vector<trained_value> values;
  std::string logits;                   ///< value that the loss reads, (images, classes)
  std::optional<graph::graph> teacher;  ///< float network that distillation follows: the same input and logits by name
  int threads = 1;                      ///< of libtorch's pool
};

/// One update. Loss = (1 - distillation) * cross entropy + distillation * temperature^2 * cross entropy with the
/// teacher's softened answers + group_lasso * sum over units of sqrt(elements) * L2 norm.
struct step_settings {
  double learning_rate = 0.01, momentum = 0.9, weight_decay = 0;
  double group_lasso = 0;
  double distillation = 0, temperature = 4;
  bool freeze_norms = false;  ///< use the running statistics, and leave them
  double width_rate = 0;      ///< of learned widths: bits that the mean filter of a layer moves in an update
  bool observe = false;       ///< update the curvature only: nothing else moves (with freeze_norms)
};

struct step_result {
  double loss = 0;
  std::int64_t correct = 0;
};

/// What a product holds now.
struct product_weights {
  std::vector<float> real;          ///< matrix: normalisation and factor folded in, masked
  std::vector<float> curvature;     ///< matrix: running mean of the squared gradient, the diagonal of the Fisher matrix
  std::vector<std::int16_t> codes;  ///< matrix: real = step * code
  std::vector<float> step;          ///< a filter
  std::vector<std::uint8_t> bits;   ///< a filter
};

/// Trains a float graph as the accelerator will compute it: weights and activations fake-quantised with learned step
/// sizes (LSQ), masks on pruning units. What classify() sees is, up to rounding, the integer network of the codes.
/// With the same calls and threads on the same machine, the same bits.
class trainer {
 public:
  using tensors = std::map<std::string, graph::tensor>;

  virtual ~trainer() = default;

  /// Forward, backward, update on images (a batch of the graph's input). Throws run_error when the loss is not finite.
  virtual step_result step(const graph::tensor& images, const std::vector<int>& labels, const step_settings& how) = 0;
  /// Logits (images, classes) with running statistics, nothing recorded.
  virtual graph::tensor infer(const graph::tensor& images) = 0;

  /// 1 keeps a unit, 0 holds it at zero.
  virtual void set_mask(std::size_t product, const std::vector<std::uint8_t>& units) = 0;
  /// Width (1..16) and step (> 0) of every filter.
  virtual void set_widths(std::size_t product, const std::vector<std::uint8_t>& bits,
                          const std::vector<float>& step) = 0;
  /// Begins to learn real-valued widths, least .. most; filters of a group keep their mean width. An empty list ends
  /// it.
  virtual void learn_widths(std::size_t product, const std::vector<float>& widths,
                            const std::vector<std::int64_t>& group, double least, double most) = 0;
  /// Empty when they are not learned.
  virtual std::vector<float> learned_widths(std::size_t product) const = 0;
  /// From now on the products of forward passes, in training and in infer(), are what `compute` gives; gradients stay
  /// those of the fake-quantised product (straight-through). Empty: libtorch's own again. Throws input_error for a
  /// product whose input is not among the setup's values.
  virtual void use_hardware(const hardware_function& compute) = 0;
  /// Another range and scale for a value; its name stays.
  virtual void set_value(std::size_t value, const trained_value& as) = 0;
  virtual product_weights weights(std::size_t product) const = 0;
  /// Learned scales, in the order of the setup's values.
  virtual std::vector<double> value_scales() const = 0;
  /// The graph with its trained parameters and statistics.
  virtual graph::graph trained_graph() const = 0;

  /// Everything that changes, by name, and back: training goes on to the same bits.
  virtual tensors state() const = 0;
  /// Throws input_error when a tensor is missing or of another shape.
  virtual void restore(const tensors& from) = 0;
};

/// Loads libcimbalom_torch.so as load_float_executor does. Throws input_error for a setup that does not fit its graph
/// (unknown names, shapes, a graph that mixes the images of a batch).
std::unique_ptr<trainer> load_trainer(const trainer_setup& setup);

}  // namespace cimbalom::torch
