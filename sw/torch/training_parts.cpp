#include "sw/torch/training_parts.hpp"

#include <algorithm>
#include <cmath>

#include "sw/torch/training_kernels.hpp"

namespace cimbalom::torch {
namespace {

at::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

/// The gradient of `to` times `factor`, the value as it is.
at::Tensor with_gradient(const at::Tensor& to, const at::Tensor& factor) {
  const at::Tensor scaled = to * factor;
  return scaled + (to - scaled).detach();
}

}  // namespace

void product_state::prepare() {
  const std::int64_t length = static_cast<std::int64_t>(spec.order.size()) / spec.filters;
  order = index_tensor(spec.order);
  inverse = at::empty_like(order);
  inverse.index_copy_(0, order, at::arange(order.numel(), at::kLong));
  unit = index_tensor(spec.unit);
  unit_weight = at::zeros({spec.units}).index_add(0, unit, at::ones({unit.numel()})).sqrt();
  curvature = at::zeros({spec.filters, length});
  step = at::ones({spec.filters, 1});
  step.requires_grad_(true);
  set_mask(at::ones({spec.units}));
  set_bits(at::full({spec.filters, 1}, 8.0F));
}

void product_state::set_mask(const at::Tensor& units) {
  mask = units;
  element_mask = mask.index_select(0, unit).reshape({spec.filters, -1});
}

void product_state::set_bits(const at::Tensor& widths) {
  bits = widths;
  const at::Tensor half = at::pow(2.0, bits - 1);
  low = -half;
  high = half - 1;
  gradient_scale = 1.0 / (high.clamp_min(1) * static_cast<double>(curvature.size(1))).sqrt();
}

at::Tensor product_state::matrix(bool constant_folding) {
  at::Tensor made = weight.reshape({-1}).index_select(0, order).reshape({spec.filters, -1});
  if (spec.factor != 1) made = made * spec.factor;
  if (gamma.defined()) {
    // Normalisation with a batch's statistics takes the folding off again, so no gradient comes through it there.
    folding = (constant_folding ? gamma.detach() : gamma) / (variance + epsilon).sqrt();
    made = made * folding.unsqueeze(1);
  }
  folded = made;
  real = made * element_mask;
  return real;
}

at::Tensor product_state::codes(const at::Tensor& matrix) const {
  return at::round(at::minimum(at::maximum(matrix / step, low), high));
}

at::Tensor product_state::quantised(bool constant_folding) {
  const at::Tensor from = matrix(constant_folding);
  if (from.requires_grad()) from.retain_grad();
  const at::Tensor scale = with_gradient(step, gradient_scale);
  const at::Tensor inside = at::minimum(at::maximum(from / scale, low), high);
  at::Tensor made = (inside + (at::round(inside) - inside).detach()) * scale;
  if (spec.factor != 1) made = made / spec.factor;
  return made.reshape({-1}).index_select(0, inverse).reshape(weight_shape());
}

at::Tensor product_state::normalised(const at::Tensor& product, bool batch_statistics) {
  if (batch_statistics)
    return batch_normalised(product, gamma, beta, {mean, variance, folding, bias, epsilon, norm_momentum});
  std::vector<std::int64_t> along(static_cast<std::size_t>(product.dim()), 1);
  along[1] = -1;
  const at::Tensor offset = bias.defined() ? bias : at::zeros_like(mean);
  return product + ((offset - mean) * folding + beta).reshape(along);
}

at::Tensor product_state::lasso() const {
  const at::Tensor squares = at::zeros({spec.units}).index_add(0, unit, folded.square().reshape({-1}));
  return ((squares + 1e-12).sqrt() * unit_weight * mask).sum();
}

at::Tensor quantised_value(const at::Tensor& x, const at::Tensor& scale, const trained_value& spec) {
  const double count = static_cast<double>(x.numel()) * std::max(1, spec.high - spec.zero_point);
  return fake_quantised(x, scale, {spec.low, spec.high, spec.zero_point, 1.0 / std::sqrt(count)});
}

}  // namespace cimbalom::torch
