#include "sw/codesign/hardware_product.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sw/quantization/reference_executor.hpp"

namespace cimbalom::codesign {
namespace {

struct numbers {
  std::uint64_t state;
  int next(int count) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state >> 33) % static_cast<std::uint64_t>(count));
  }
};

struct layer_case {
  const char* what = "";
  int channels = 16, filters = 8, groups = 1, kernel = 3, stride = 1, pad = 1, input_bits = 8;
  bool is_signed = false;
  int step_sixteenths = 16, group_rows = 0;
  bool pruned = false;
};

/// One matrix-vector layer whose output codes are its accumulators: all scales 1, 16-bit outputs.
quantization::network network_of(const layer_case& c, numbers& draw) {
  quantization::network net;
  net.name = c.what;
  quantization::tensor in, out;
  in.name = "x";
  in.format.height = 6;
  in.format.width = 5;
  in.format.channels = static_cast<decltype(in.format.channels)>(c.channels);
  in.format.bits = static_cast<std::uint8_t>(c.input_bits);
  in.format.is_signed = c.is_signed;
  // With a step other than 1 the accelerator rounds the correction for the zero point to its own unit.
  in.format.zero_point = c.step_sixteenths != 16 ? 0 : c.is_signed ? -3 : 2;
  out.name = "y";
  out.format.height = static_cast<decltype(out.format.height)>((6 + 2 * c.pad - c.kernel) / c.stride + 1);
  out.format.width = static_cast<decltype(out.format.width)>((5 + 2 * c.pad - c.kernel) / c.stride + 1);
  out.format.channels = static_cast<decltype(out.format.channels)>(c.filters);
  out.format.bits = 16;
  out.format.is_signed = true;
  for (quantization::tensor* t : {&in, &out}) t->shape = {1, t->format.channels, t->format.height, t->format.width};
  net.tensors = {in, out};
  net.input = 0;
  net.outputs = {1};
  quantization::layer l;
  l.name = "layer";
  l.inputs = {0};
  l.output = 1;
  l.clamp_low = -32768;
  l.clamp_high = 32767;
  l.requantize = registers::requantization::floating_point;
  quantization::mvm_parameters& p = l.mvm;
  p.groups = c.groups;
  p.filters = c.filters;
  p.channels_per_group = c.channels / c.groups;
  p.filter_window.kernel_h = p.filter_window.kernel_w = static_cast<decltype(p.filter_window.kernel_h)>(c.kernel);
  p.filter_window.stride_h = p.filter_window.stride_w = static_cast<decltype(p.filter_window.stride_h)>(c.stride);
  p.filter_window.pad_top = p.filter_window.pad_left = static_cast<decltype(p.filter_window.pad_top)>(c.pad);
  p.adc_step_sixteenths = c.step_sixteenths;
  p.group_rows = c.group_rows;
  const int length = c.kernel * c.kernel * p.channels_per_group;
  for (int f = 0; f < c.filters; ++f) {
    const int bits = 1 + draw.next(4);
    p.weight_bits.push_back(static_cast<std::uint8_t>(bits));
    for (int k = 0; k < length; ++k) {
      const bool gone = c.pruned && k / p.channels_per_group % 3 == 1;
      p.weights.push_back(static_cast<std::int16_t>(gone ? 0 : draw.next(1 << bits) - (1 << (bits - 1))));
    }
  }
  p.weight_scale.assign(static_cast<std::size_t>(c.filters), 1);
  p.weight_zero_point.assign(static_cast<std::size_t>(c.filters), 0);
  p.bias.assign(static_cast<std::size_t>(c.filters), 0);
  net.layers = {l};
  return net;
}

std::vector<std::int32_t> codes_of(const registers::tensor_format& f, numbers& draw) {
  std::vector<std::int32_t> made(static_cast<std::size_t>(f.height) * static_cast<std::size_t>(f.width) *
                                 static_cast<std::size_t>(f.channels));
  for (std::int32_t& code : made) code = f.minimum() + draw.next(f.maximum() - f.minimum() + 1);
  return made;
}

const layer_case cases[] = {
    {"channels"},
    {"two slices of channels", 20, 9, 1, 3, 1, 1, 6},
    {"four bits in", 16, 17, 1, 3, 2, 1, 4},
    {"flattened", 3, 5, 1, 3, 1, 1, 8},
    {"flattened, split rows", 3, 5, 1, 3, 1, 0, 8, false, 16, 10},
    {"signed inputs", 16, 4, 1, 1, 1, 0, 8, true},
    {"coarse steps", 16, 8, 1, 3, 1, 1, 8, false, 24},
    {"convolution groups", 8, 8, 4, 3, 1, 1, 6},
    {"pruned", 32, 8, 1, 3, 1, 1, 6, false, 16, 0, true},
};

TEST(hardware_product, gives_the_accumulators_of_the_accelerator) {
  for (const layer_case& c : cases) {
    numbers draw{7};
    const quantization::network net = network_of(c, draw);
    training_hardware hardware;
    quantization::reference_executor reference(net, hardware.shape);
    hardware_product product(net, net.layers[0], hardware, 0);
    std::vector<std::int32_t> codes;
    const std::size_t images = 3;
    std::vector<std::vector<std::int32_t>> wanted;
    for (std::size_t i = 0; i < images; ++i) {
      const std::vector<std::int32_t> one = codes_of(net.tensors[0].format, draw);
      codes.insert(codes.end(), one.begin(), one.end());
      reference.set_codes(0, one);
      reference.run_layer(0);
      wanted.push_back(reference.codes(1));
    }
    const quantization::mvm_parameters& p = net.layers[0].mvm;
    std::vector<float> sums(images * wanted[0].size()), again(sums.size());
    product.run(codes.data(), images, p.weights.data(), p.weight_bits.data(), 0, 1, sums.data());
    product.run(codes.data(), images, p.weights.data(), p.weight_bits.data(), 0, 2, again.data());
    EXPECT_EQ(sums, again) << c.what;
    for (std::size_t i = 0; i < images; ++i)
      for (std::size_t k = 0; k < wanted[i].size(); ++k)
        ASSERT_EQ(std::nearbyint(sums[i * wanted[i].size() + k]), wanted[i][k]) << c.what << " " << i << " " << k;
  }
}

TEST(hardware_product, noise_moves_sums_and_repeats) {
  numbers draw{9};
  const quantization::network net = network_of(cases[0], draw);
  training_hardware ideal, noisy;
  noisy.noise.adc_noise_lsb = 0.5;
  hardware_product plain(net, net.layers[0], ideal, 0), disturbed(net, net.layers[0], noisy, 0);
  const std::vector<std::int32_t> codes = codes_of(net.tensors[0].format, draw);
  const quantization::mvm_parameters& p = net.layers[0].mvm;
  std::vector<float> a(plain.pixels() * 8), b(a.size()), c(a.size()), d(a.size());
  plain.run(codes.data(), 1, p.weights.data(), p.weight_bits.data(), 0, 1, a.data());
  disturbed.run(codes.data(), 1, p.weights.data(), p.weight_bits.data(), 0, 1, b.data());
  disturbed.run(codes.data(), 1, p.weights.data(), p.weight_bits.data(), 0, 1, c.data());
  disturbed.run(codes.data(), 1, p.weights.data(), p.weight_bits.data(), 1, 1, d.data());
  EXPECT_NE(a, b);
  EXPECT_EQ(b, c);
  EXPECT_NE(b, d) << "another image, other noise";
}

}  // namespace
}  // namespace cimbalom::codesign
