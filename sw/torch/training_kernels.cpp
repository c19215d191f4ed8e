#include "sw/torch/training_kernels.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cimbalom::torch {
namespace {

using at::Tensor;
using ::torch::autograd::AutogradContext;
using ::torch::autograd::Function;
using ::torch::autograd::variable_list;

constexpr std::int64_t block = 16384;  // elements of a task: fixed, so that sums do not depend on threads

/// Adding and taking off 1.5 * 2^23 leaves a float rounded half to even: |x| < 2^22 holds after the clamp.
inline float rounded(float x) {
  constexpr float magic = 12582912.0F;
  return (x + magic) - magic;
}

/// Rounded codes relative to the zero point, as real = scale * code.
struct quantiser {
  float inverse, scale, low, high;
  quantiser(float step, const code_range& r)
      : inverse(1 / step),
        scale(step),
        low(static_cast<float>(r.low - r.zero_point)),
        high(static_cast<float>(r.high - r.zero_point)) {}
  float clamped(float x) const { return std::min(std::max(x * inverse, low), high); }
};

class fake_quantise : public Function<fake_quantise> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& scale, const code_range& range) {
    const Tensor from = x.is_non_overlapping_and_dense() ? x : x.contiguous();
    Tensor made = at::empty_like(from);
    const quantiser q(scale.item<float>(), range);
    const float* in = from.data_ptr<float>();
    float* out = made.data_ptr<float>();
    at::parallel_for(0, from.numel(), block, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t k = first; k < last; ++k) out[k] = rounded(q.clamped(in[k])) * q.scale;
    });
    context->save_for_backward({from, scale});
    context->saved_data["low"] = range.low;
    context->saved_data["high"] = range.high;
    context->saved_data["zero"] = range.zero_point;
    context->saved_data["factor"] = range.gradient_scale;
    return made;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const code_range range{
        static_cast<int>(context->saved_data["low"].toInt()), static_cast<int>(context->saved_data["high"].toInt()),
        static_cast<int>(context->saved_data["zero"].toInt()), context->saved_data["factor"].toDouble()};
    const quantiser q(saved[1].item<float>(), range);
    const Tensor gradient =
        gradients[0].strides() == x.strides() ? gradients[0] : at::empty_like(x).copy_(gradients[0]);
    Tensor made = at::empty_like(x);
    const std::int64_t blocks = (x.numel() + block - 1) / block;
    std::vector<double> sums(static_cast<std::size_t>(blocks));
    const float* in = x.data_ptr<float>();
    const float* g = gradient.data_ptr<float>();
    float* out = made.data_ptr<float>();
    at::parallel_for(0, blocks, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t b = first; b < last; ++b)
        sums[static_cast<std::size_t>(b)] =
            block_gradient(q, in, g, out, b * block, std::min(x.numel(), (b + 1) * block));
    });
    double sum = 0;
    for (const double part : sums) sum += part;
    return {made, at::full({1}, static_cast<float>(sum * range.gradient_scale)), Tensor()};
  }

 private:
  /// Writes the gradient of x; returns the sum for the scale: code - x / scale inside the range, the bound outside.
  static double block_gradient(const quantiser& q, const float* in, const float* g, float* out, std::int64_t first,
                               std::int64_t last) {
    constexpr int lanes = 16;  // of independent sums, which the compiler keeps in vectors
    float sums[lanes] = {};
    const auto one = [&](std::int64_t k, float& sum) {
      const float ratio = in[k] * q.inverse;
      const float inside = std::min(std::max(ratio, q.low), q.high);
      out[k] = inside == ratio ? g[k] : 0.0F;
      sum += g[k] * (inside == ratio ? rounded(inside) - ratio : inside);
    };
    std::int64_t k = first;
    for (; k + lanes <= last; k += lanes)
      for (int lane = 0; lane < lanes; ++lane) one(k + lane, sums[lane]);
    for (; k < last; ++k) one(k, sums[0]);
    double sum = 0;
    for (const float part : sums) sum += static_cast<double>(part);
    return sum;
  }
};

/// A map as rows of [images][outer][channels][inner]: channels last has inner 1, the usual order outer 1.
struct map_layout {
  std::int64_t images = 1, outer = 1, channels = 1, inner = 1;
  Tensor dense;

  explicit map_layout(const Tensor& x) : images(x.size(0)), channels(x.size(1)) {
    const std::int64_t pixels = x.numel() / std::max<std::int64_t>(1, images * channels);
    const bool last = x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
    dense = last ? x : x.contiguous();
    (last ? outer : inner) = pixels;
  }
  std::int64_t image_size() const { return outer * channels * inner; }
  double count() const { return static_cast<double>(images * outer * inner); }
  Tensor alike(const Tensor& x) const { return x.strides() == dense.strides() ? x : at::empty_like(dense).copy_(x); }
};

using sums = std::vector<double>;  // by channel

/// Sums over all images and pixels of two functions of a channel's values; `both(channel, k, a, b)` adds to a and b.
template <class F>
void channel_sums(const map_layout& map, const F& both, sums& first, sums& second) {
  const auto channels = static_cast<std::size_t>(map.channels);
  std::vector<float> parts(static_cast<std::size_t>(map.images) * channels * 2, 0.0F);
  at::parallel_for(0, map.images, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* a = parts.data() + static_cast<std::size_t>(i) * channels * 2;
      float* b = a + channels;
      std::int64_t k = i * map.image_size();
      for (std::int64_t o = 0; o < map.outer; ++o) {
        if (map.inner == 1) {
          for (std::int64_t c = 0; c < map.channels; ++c) both(c, k + c, a[c], b[c]);
          k += map.channels;
        } else {
          for (std::int64_t c = 0; c < map.channels; ++c)
            for (std::int64_t p = 0; p < map.inner; ++p, ++k) both(c, k, a[c], b[c]);
        }
      }
    }
  });
  first.assign(channels, 0);
  second.assign(channels, 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(map.images); ++i)
    for (std::size_t c = 0; c < channels; ++c) {
      first[c] += static_cast<double>(parts[(2 * i) * channels + c]);
      second[c] += static_cast<double>(parts[(2 * i + 1) * channels + c]);
    }
}

/// out[k] = f(channel, k) over the whole map.
template <class F>
void for_each_element(const map_layout& map, const F& f) {
  at::parallel_for(0, map.images, 1, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t k = begin * map.image_size();
    for (std::int64_t o = begin * map.outer; o < end * map.outer; ++o) {
      if (map.inner == 1) {
        for (std::int64_t c = 0; c < map.channels; ++c) f(c, k + c);
        k += map.channels;
      } else {
        for (std::int64_t c = 0; c < map.channels; ++c)
          for (std::int64_t p = 0; p < map.inner; ++p, ++k) f(c, k);
      }
    }
  });
}

std::vector<float> floats(const Tensor& t) {
  const Tensor dense = t.contiguous();
  return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

/// Mean and inverse deviation of the batch, of x as it arrives; running statistics of x without its factor.
void batch_statistics(const map_layout& map, const norm_state& state, std::vector<float>& centre,
                      std::vector<float>& inverse) {
  const float* in = map.dense.data_ptr<float>();
  const auto channels = static_cast<std::size_t>(map.channels);
  // Sums about a value near the mean: nothing cancels.
  std::vector<float> about(channels);
  for (std::size_t c = 0; c < channels; ++c) about[c] = in[static_cast<std::int64_t>(c) * map.inner];
  sums once, twice;
  channel_sums(
      map,
      [in, near = about.data()](std::int64_t c, std::int64_t k, float& a, float& b) {
        const float d = in[k] - near[c];
        a += d;
        b += d * d;
      },
      once, twice);
  const std::vector<float> folding = floats(state.folding);
  const std::vector<float> offset = state.offset.defined() ? floats(state.offset) : std::vector<float>(channels, 0.0F);
  float* mean = state.mean.data_ptr<float>();
  float* variance = state.variance.data_ptr<float>();
  const double n = map.count(), keep = 1 - state.momentum;
  for (std::size_t c = 0; c < channels; ++c) {
    const double factor = std::fabs(folding[c]) < 1e-8F ? 1e-8 : static_cast<double>(folding[c]);
    const double distance = once[c] / n;
    const double centre_c = static_cast<double>(about[c]) + distance;
    const double spread = std::max(0.0, twice[c] / n - distance * distance);
    centre[c] = static_cast<float>(centre_c);
    inverse[c] = static_cast<float>(std::copysign(1 / std::sqrt(spread + state.epsilon * factor * factor), factor));
    const double real_mean = centre_c / factor + static_cast<double>(offset[c]);
    const double real_variance = spread / (factor * factor) * (n > 1 ? n / (n - 1) : 1);
    mean[c] = static_cast<float>(keep * static_cast<double>(mean[c]) + state.momentum * real_mean);
    variance[c] = static_cast<float>(keep * static_cast<double>(variance[c]) + state.momentum * real_variance);
  }
}

class batch_normalise : public Function<batch_normalise> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                        const norm_state& state) {
    const map_layout map(x);
    const auto channels = static_cast<std::size_t>(map.channels);
    std::vector<float> centre(channels), inverse(channels), factor(channels), shift(channels);
    batch_statistics(map, state, centre, inverse);
    const std::vector<float> gammas = floats(gamma), betas = floats(beta);
    for (std::size_t c = 0; c < channels; ++c) {
      factor[c] = gammas[c] * inverse[c];
      shift[c] = betas[c] - factor[c] * centre[c];
    }
    Tensor made = at::empty_like(map.dense);
    for_each_element(map, [in = map.dense.data_ptr<float>(), out = made.data_ptr<float>(), a = factor.data(),
                           b = shift.data()](std::int64_t c, std::int64_t k) { out[k] = a[c] * in[k] + b[c]; });
    context->save_for_backward({map.dense, gamma, at::tensor(centre), at::tensor(inverse)});
    return made;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const map_layout map(saved[0]);
    const auto channels = static_cast<std::size_t>(map.channels);
    const Tensor gradient = map.alike(gradients[0]);
    const std::vector<float> gamma = floats(saved[1]), centre = floats(saved[2]), inverse = floats(saved[3]);
    const float* in = map.dense.data_ptr<float>();
    const float* g = gradient.data_ptr<float>();
    sums plain, weighted;
    channel_sums(
        map,
        [in, g, mean = centre.data()](std::int64_t c, std::int64_t k, float& a, float& b) {
          a += g[k];
          b += g[k] * (in[k] - mean[c]);
        },
        plain, weighted);
    // dx = gamma * inverse * (g - mean(g) - y * mean(g * y)), y = (x - mean) * inverse.
    std::vector<float> scale(channels), slope(channels), shift(channels), d_gamma(channels), d_beta(channels);
    const double n = map.count();
    for (std::size_t c = 0; c < channels; ++c) {
      const auto deviation = static_cast<double>(inverse[c]);
      const double whole = static_cast<double>(gamma[c]) * deviation;
      const double curve = whole * deviation * deviation * weighted[c] / n;
      scale[c] = static_cast<float>(whole);
      slope[c] = static_cast<float>(-curve);
      shift[c] = static_cast<float>(-whole * plain[c] / n);
      d_gamma[c] = static_cast<float>(weighted[c] * deviation);
      d_beta[c] = static_cast<float>(plain[c]);
    }
    Tensor made = at::empty_like(map.dense);
    for_each_element(map, [in, g, out = made.data_ptr<float>(), a = scale.data(), b = slope.data(), d = shift.data(),
                           mean = centre.data()](std::int64_t c, std::int64_t k) {
      out[k] = a[c] * g[k] + (b[c] * (in[k] - mean[c]) + d[c]);
    });
    return {made, at::tensor(d_gamma), at::tensor(d_beta), Tensor()};
  }
};

}  // namespace

Tensor fake_quantised(const Tensor& x, const Tensor& scale, const code_range& range) {
  return fake_quantise::apply(x, scale, range);
}

Tensor batch_normalised(const Tensor& x, const Tensor& gamma, const Tensor& beta, const norm_state& state) {
  return batch_normalise::apply(x, gamma, beta, state);
}

}  // namespace cimbalom::torch
