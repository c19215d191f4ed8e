// The kernels of training against libtorch's own operations.
#include "sw/torch/training_kernels.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

namespace cimbalom::torch {
namespace {

using at::Tensor;

/// Numbers that look random and are the same everywhere, in [-1, 1].
Tensor noise(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  Tensor made = at::empty(shape);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 1;
  float* to = made.data_ptr<float>();
  for (std::int64_t k = 0; k < made.numel(); ++k) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    to[k] = static_cast<float>(static_cast<double>(state >> 40) / 8388608.0 - 1.0);
  }
  return made;
}

Tensor leaf(Tensor t) {
  return t.detach().requires_grad_(true);
}

Tensor in_layout(const Tensor& t, bool channels_last) {
  return channels_last ? t.contiguous(at::MemoryFormat::ChannelsLast) : t.contiguous();
}

double farthest(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

void expect_norm_as_libtorch(bool channels_last, bool offset_present) {
  const auto column = [](const Tensor& t) { return t.reshape({1, -1, 1, 1}); };
  const Tensor folding = noise({16}, 2) + 0.01, offset = noise({16}, 3);
  const Tensor x = leaf(in_layout((noise({6, 16, 5, 7}, 1) * 3 + 1) * column(folding), channels_last));
  const Tensor gamma = leaf(noise({16}, 4) + 1.5), beta = leaf(noise({16}, 5)), gradient = noise({6, 16, 5, 7}, 6);
  const Tensor mean = noise({16}, 7), variance = noise({16}, 8) + 1.1;
  const Tensor plain_mean = mean.clone(), plain_variance = variance.clone();
  Tensor plain = x / column(folding);
  if (offset_present) plain = plain + column(offset);
  const Tensor wanted = at::batch_norm(plain, gamma, beta, plain_mean, plain_variance, true, 0.05, 1e-5, false);
  const Tensor made =
      batch_normalised(x, gamma, beta, {mean, variance, folding, offset_present ? offset : Tensor(), 1e-5, 0.05});
  EXPECT_EQ(made.strides(), x.strides());
  EXPECT_LT(farthest(made, wanted), 1e-5);
  EXPECT_LT(farthest(mean, plain_mean), 1e-6);
  EXPECT_LT(farthest(variance, plain_variance), 1e-6);
  const auto from = ::torch::autograd::grad({wanted}, {x, gamma, beta}, {gradient});
  const auto to = ::torch::autograd::grad({made}, {x, gamma, beta}, {gradient});
  const double size = from[0].abs().max().item<double>();
  EXPECT_LT(farthest(from[0], to[0]), 1e-5 * size);
  EXPECT_LT(farthest(from[1], to[1]), 1e-4);
  EXPECT_LT(farthest(from[2], to[2]), 1e-4);
}

TEST(training_kernels, normalise_as_libtorch_does_in_either_layout) {
  for (const bool last : {false, true})
    for (const bool offset : {false, true}) expect_norm_as_libtorch(last, offset);
}

TEST(training_kernels, codes_are_those_of_libtorch) {
  const Tensor x = noise({3, 20011}, 1) * 4, zeros = at::zeros({1});
  for (const int zero : {-32, 0, 5})
    for (const float step : {0.07F, 0.125F}) {
      const int low = zero < 0 ? -32 : 0, high = low + 63;
      const Tensor scale = at::full({1}, step);
      const Tensor wanted = at::_fake_quantize_learnable_per_tensor_affine(x, scale, zeros + zero, low, high, 1.0);
      EXPECT_EQ(farthest(fake_quantised(x, scale, {low, high, zero, 1}), wanted), 0);
    }
}

TEST(training_kernels, gradients_of_a_learned_step_are_those_of_lsq) {
  const Tensor x = leaf(noise({40000}, 1) * 4), scale = leaf(at::full({1}, 0.07F)), gradient = noise({40000}, 2);
  for (const int zero : {0, 13}) {
    const Tensor made = fake_quantised(x, scale, {0, 63, zero, 0.01});
    const auto to = ::torch::autograd::grad({made}, {x, scale}, {gradient});
    // Written out: inside the range x passes and the step gets the rounding error, outside it gets the bound.
    const Tensor ratio = x.detach() / scale.detach(), bounded = ratio.clamp(-zero, 63 - zero);
    const Tensor inside = (ratio - bounded).abs().lt(1e-7);
    EXPECT_EQ(farthest(to[0], gradient * inside), 0);
    const Tensor slope = at::where(inside, at::round(bounded) - ratio, bounded);
    EXPECT_NEAR(to[1].item<double>(), 0.01 * (slope * gradient).sum(at::kDouble).item<double>(), 1e-3);
  }
}

TEST(training_kernels, bits_do_not_depend_on_threads) {
  const int before = at::get_num_threads();
  const Tensor x = leaf(noise({5, 8, 9, 9}, 1).contiguous(at::MemoryFormat::ChannelsLast));
  const Tensor gamma = leaf(at::ones({8})), beta = leaf(at::zeros({8})), scale = leaf(at::full({1}, 0.05F));
  const Tensor gradient = noise({5, 8, 9, 9}, 2);
  std::vector<std::vector<Tensor>> made;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    const Tensor y = fake_quantised(
        batch_normalised(x, gamma, beta, {at::zeros({8}), at::ones({8}), at::ones({8}), Tensor(), 1e-5, 0.05}), scale,
        {0, 15, 0, 1});
    made.push_back(::torch::autograd::grad({y}, {x, gamma, beta, scale}, {gradient}));
    made.back().push_back(y);
  }
  at::set_num_threads(before);
  for (std::size_t k = 0; k < made[0].size(); ++k) EXPECT_TRUE(at::equal(made[0][k], made[1][k])) << k;
}

}  // namespace
}  // namespace cimbalom::torch
