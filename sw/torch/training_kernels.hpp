#pragma once

// Private to the libtorch plug-in: what training does to whole feature maps, in as few passes over memory as possible.

#include <ATen/ATen.h>

namespace cimbalom::torch {

/// Codes of a value, and how much of the summed gradient its scale gets.
struct code_range {
  int low = 0, high = 255, zero_point = 0;
  double gradient_scale = 1;
};

/// scale * (clamp(round_half_even(x / scale) + zero_point, low, high) - zero_point), any shape and layout, float32.
/// Straight-through inside the range for x, LSQ for `scale` ([1]).
at::Tensor fake_quantised(const at::Tensor& x, const at::Tensor& scale, const code_range& range);

/// What batch normalisation needs besides gamma and beta. All [channels].
struct norm_state {
  at::Tensor mean, variance;  ///< running; moved by the batch's in place
  at::Tensor folding;         ///< x arrives multiplied by it: it is taken off before the statistics
  at::Tensor offset;          ///< added to x once its factor is off; may be undefined
  double epsilon = 1e-5, momentum = 0.05;
};

/// gamma * normalise(x / folding + offset) + beta with the statistics of the batch, channels on axis 1, in any layout
/// that is contiguous or channels last. Gradients reach x, gamma and beta; the folding is taken as a constant. Sums
/// are taken image by image, so the bits do not depend on the number of threads.
at::Tensor batch_normalised(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const norm_state& state);

}  // namespace cimbalom::torch
