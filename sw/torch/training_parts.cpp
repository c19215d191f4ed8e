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

/// Straight-through rounding to scale * (low .. high).
at::Tensor rounded_to(const at::Tensor& from, const at::Tensor& scale, const at::Tensor& low, const at::Tensor& high) {
  const at::Tensor inside = at::minimum(at::maximum(from / scale, low), high);
  return (inside + (at::round(inside) - inside).detach()) * scale;
}

}  // namespace

void learned_widths::start(const std::vector<float>& values, const std::vector<std::int64_t>& groups) {
  width = at::tensor(values).reshape({-1, 1});
  group = index_tensor(groups);
  mean = at::zeros_like(width);
  square = at::zeros_like(width);
  const std::int64_t count = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
  size = at::zeros({count}).index_add(0, group, at::ones({group.numel()}));
  target = at::zeros({count}).index_add(0, group, width.reshape({-1})) / size;
  width.requires_grad_(true);
}

/// Values less the mean of their group.
at::Tensor learned_widths::centred(const at::Tensor& values) const {
  const at::Tensor means = at::zeros_like(size).index_add(0, group, values.reshape({-1})) / size;
  return values - means.index_select(0, group).reshape({-1, 1});
}

void learned_widths::update(double rate) {
  constexpr double memory = 0.9, square_memory = 0.99;
  constexpr int rounds = 4;  // clamping moves the mean: project again
  mean.mul_(memory).add_(centred(width.grad()), 1 - memory);
  square.mul_(square_memory).add_(width.grad().square(), 1 - square_memory);
  // One scale a layer: a filter that matters more moves more.
  at::Tensor moved = width - mean * (rate / (std::sqrt(square.mean().item<double>()) + 1e-12));
  for (int k = 0; k < rounds; ++k)
    moved = (centred(moved) + target.index_select(0, group).reshape({-1, 1})).clamp(least, most);
  width.copy_(moved);
  width.mutable_grad() = at::Tensor();
}

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

void product_state::set_bits(const at::Tensor& whole) {
  bits = whole;
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
  at::Tensor made =
      widths.active() ? between_widths(from) : rounded_to(from, with_gradient(step, gradient_scale), low, high);
  if (spec.factor != 1) made = made / spec.factor;
  return made.reshape({-1}).index_select(0, inverse).reshape(weight_shape());
}

at::Tensor product_state::between_widths(const at::Tensor& from) const {
  const at::Tensor below = at::floor(widths.width.detach()).clamp(widths.least, widths.most - 1);
  const at::Tensor part = widths.width - below;
  const at::Tensor fine = with_gradient(step, gradient_scale) * at::pow(2.0, bits - below - 1);
  const at::Tensor half = at::pow(2.0, below - 1);
  const at::Tensor coarse = rounded_to(from, fine * 2, -half, half - 1);
  return coarse + (rounded_to(from, fine, -2 * half, 2 * half - 1) - coarse) * part;
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
