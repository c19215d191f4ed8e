#include "benchmarks/cifar_resnet18.hpp"

#include "models/arithmetic/nonideality.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::benchmarks {

quantization::network cifar_resnet18() {
  constexpr int bits = 4, stages = 4, blocks = 2, width = 64, size = 32;
  test::network_builder b;
  test::network_builder::conv_options usual;
  usual.weight_bits = usual.output_bits = bits;
  usual.filters = width;
  int x = b.conv(b.input(size, size, 3), usual);
  for (int stage = 0; stage < stages; ++stage) {
    usual.filters = width << stage;
    for (int block = 0; block < blocks; ++block) {
      test::network_builder::conv_options first = usual, second = usual, shortcut = usual;
      int skip = x;
      if (stage > 0 && block == 0) {
        first.stride = shortcut.stride = 2;
        shortcut.kernel = 1;
        shortcut.pad = 0;
        shortcut.relu = false;
        skip = b.conv(x, shortcut);
      }
      second.residual = skip;
      x = b.conv(b.conv(x, first), second);
    }
  }
  x = b.pool(x, quantization::layer_kind::average_pool, size >> (stages - 1), 1);
  x = b.dense(x, 10);
  quantization::network network = b.finish({x});
  // The builder's scales are for codes of 8 bits; each follows from the one before.
  constexpr double fewer_codes = 1 << (8 - bits);
  for (std::size_t i = 1; i < network.tensors.size(); ++i) network.tensors[i].scale *= fewer_codes;
  return network;
}

runtime::image_source random_images(const quantization::network& network, std::size_t count) {
  const quantization::tensor& input = network.tensors[static_cast<std::size_t>(network.input)];
  const registers::tensor_format& format = input.format;
  const double scale = input.scale * 40.0 / 65536.0;
  runtime::image_source images;
  images.count = count;
  images.values = static_cast<std::size_t>(format.height) * static_cast<std::size_t>(format.width) *
                  static_cast<std::size_t>(format.channels);
  images.fetch = [values = images.values, scale](std::size_t image, float* to) {
    for (std::size_t i = 0; i < values; ++i) {
      to[i] = static_cast<float>(static_cast<double>(arithmetic::random_normal(image, i)) * scale);
    }
  };
  return images;
}

}  // namespace cimbalom::benchmarks
