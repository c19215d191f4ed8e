#pragma once

// Private to the libtorch plug-in: products and values under training.

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "sw/torch/trainer.hpp"

namespace cimbalom::torch {

/// Part of a batch's statistics in the running ones.
constexpr double norm_momentum = 0.05;

/// Real-valued widths that are trained with the weights. The mean of each group of filters stays what it was: bits move
/// between filters, the budget does not change. Empty tensors: widths are fixed.
struct learned_widths {
  at::Tensor width;         ///< [filters, 1], a leaf
  at::Tensor mean, square;  ///< [filters, 1] running means of the gradient, within its group, and of its square
  at::Tensor group;         ///< [filters] index of its group
  at::Tensor size, target;  ///< [groups] filters, and their mean width
  double least = 1, most = 8;

  bool active() const { return width.defined(); }
  void start(const std::vector<float>& widths, const std::vector<std::int64_t>& groups);
  /// One step down the gradient, then back to the groups' means.
  void update(double rate);

 private:
  at::Tensor centred(const at::Tensor& values) const;
};

/// A trained product: its weights pass through here on their way to the kernel.
struct product_state {
  trained_product spec;
  at::IntArrayRef weight_shape() const { return weight.sizes(); }

  at::Tensor weight;                       ///< of the graph, a leaf
  at::Tensor bias;                         ///< of the graph, a leaf; may be undefined
  at::Tensor gamma, beta, mean, variance;  ///< of the folded normalisation; undefined without one
  double epsilon = 1e-5;
  at::Tensor step;             ///< [filters, 1], a leaf
  at::Tensor bits, low, high;  ///< [filters, 1]
  at::Tensor mask;             ///< [units]
  at::Tensor curvature;        ///< [filters, length]

  at::Tensor order, inverse, unit;  ///< index tensors
  at::Tensor unit_weight;           ///< [units] sqrt(elements)
  at::Tensor element_mask;          ///< [filters, length]
  at::Tensor gradient_scale;        ///< [filters, 1] of the steps

  learned_widths widths;

  at::Tensor folding;  ///< [filters] gamma / sqrt(variance + epsilon), of the last forward pass
  at::Tensor folded;   ///< [filters, length] before the mask
  at::Tensor real;     ///< [filters, length] what the kernel sees; its gradient is kept

  /// Index tensors and state from the spec; weight, bias and normalisation are set.
  void prepare();
  void set_mask(const at::Tensor& units);
  void set_bits(const at::Tensor& whole);

  /// Folded and masked weights; remembers folding and real. constant_folding: no gradient reaches gamma through it.
  at::Tensor matrix(bool constant_folding = false);
  /// Codes (as floats) of a matrix.
  at::Tensor codes(const at::Tensor& matrix) const;
  /// The weight tensor for the kernel, fake-quantised, straight-through.
  at::Tensor quantised(bool constant_folding);
  /// What stands behind the product: normalisation of the rescaled product, or its folded bias.
  at::Tensor normalised(const at::Tensor& product, bool batch_statistics);
  /// Between the two nearest whole widths, in proportion: differentiable in the width. `step` is that of `bits`.
  at::Tensor between_widths(const at::Tensor& from) const;
  /// Sum over units of sqrt(elements) * L2 norm, of the last forward pass.
  at::Tensor lasso() const;
};

/// Fake-quantised x; gradients reach x and scale ([1]).
at::Tensor quantised_value(const at::Tensor& x, const at::Tensor& scale, const trained_value& spec);

}  // namespace cimbalom::torch
