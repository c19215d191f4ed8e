#include "sw/quantization/reference_executor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/arithmetic/adc.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

arithmetic::macro_shape lossless(int rows_active, int dac_bits, int bits_per_cell) {
  arithmetic::macro_shape shape;
  shape.rows_active = rows_active;
  shape.dac_bits = dac_bits;
  shape.bits_per_cell = bits_per_cell;
  shape.adc_bits = 16;
  return shape;
}

// A random convolution: groups, stride, dilation, padding, widths.
graph::graph random_convolution() {
  const std::int64_t groups = *rc::gen::element<std::int64_t>(1, 1, 2, 4);
  const std::int64_t channels = groups * *rc::gen::inRange<std::int64_t>(1, 6);
  const std::int64_t filters = groups * *rc::gen::inRange<std::int64_t>(1, 4);
  const std::int64_t kernel = *rc::gen::inRange<std::int64_t>(1, 4), stride = *rc::gen::inRange<std::int64_t>(1, 3);
  const std::int64_t dilation = *rc::gen::inRange<std::int64_t>(1, 3), pad = *rc::gen::inRange<std::int64_t>(0, 3);
  graph::graph g;
  const value_id x = input(g, {1, channels, 7, 6});
  g.outputs = {conv(g, "c", x, {filters, channels / groups, kernel, kernel},
                    {{"group", groups},
                     {"strides", ints{stride, stride}},
                     {"dilations", ints{dilation, dilation}},
                     {"pads", ints{pad, 0, pad, pad}}})};
  return g;
}

TEST(reference_executor, lossless_conversion_equals_plain_integers) {
  EXPECT_TRUE(rc::check([] {
    graph::graph g = random_convolution();
    quantization_settings settings;
    settings.weight_bits = *rc::gen::inRange(1, 13);
    settings.activation_bits = *rc::gen::inRange(2, 12);
    const network net = quantize(prepare(g), settings, wide_ranges(g, *rc::gen::element(-2.0, 0.0), 2));
    const arithmetic::macro_shape shape =
        lossless(*rc::gen::inRange(1, 40), *rc::gen::inRange(1, 4), *rc::gen::inRange(1, 4));
    reference_executor plain(net), macro(net, shape);
    const std::vector<float> x = noise(graph::element_count(g.shape_of(g.inputs[0])), 77);
    RC_ASSERT(plain.run(x.data()) == macro.run(x.data()));
    RC_ASSERT(plain.codes(net.layers[0].output) == macro.codes(net.layers[0].output));
    RC_ASSERT(macro.clipped() == 0U);
  }));
}

TEST(reference_executor, plain_integers_stay_close_to_real_numbers) {
  EXPECT_TRUE(rc::check([] {
    graph::graph g = random_convolution();
    quantization_settings settings;
    settings.weight_bits = 12;
    settings.activation_bits = 12;
    const network net = quantize(prepare(g), settings, wide_ranges(g, -16, 16));
    const mvm_parameters& p = net.layers[0].mvm;
    const tensor &in = net.tensors[0], &out = net.tensors[1];
    const std::vector<float> x = noise(graph::element_count(in.shape), 5);
    reference_executor plain(net);
    const std::vector<float> y = plain.run(x.data()).at(0);
    const graph::node& n = g.nodes[0];
    const std::vector<float> w = g.constant(n.inputs[1])->as_floats(), b = g.constant(n.inputs[2])->as_floats();
    const registers::window& k = p.filter_window;
    for (int f = 0; f < p.filters; ++f)
      for (int row = 0; row < out.format.height; ++row)
        for (int column = 0; column < out.format.width; ++column) {
          double sum = static_cast<double>(b[static_cast<std::size_t>(f)]);
          for (int c = 0; c < p.channels_per_group; ++c)
            for (int i = 0; i < k.kernel_h; ++i)
              for (int j = 0; j < k.kernel_w; ++j) {
                const int h = row * k.stride_h - k.pad_top + i * k.dilation_h;
                const int v = column * k.stride_w - k.pad_left + j * k.dilation_w;
                if (h < 0 || h >= in.format.height || v < 0 || v >= in.format.width) continue;
                const int channel = f / (p.filters / p.groups) * p.channels_per_group + c;
                const auto at = static_cast<std::size_t>((channel * in.format.height + h) * in.format.width + v);
                const auto tap =
                    static_cast<std::size_t>(((f * p.channels_per_group + c) * k.kernel_h + i) * k.kernel_w + j);
                sum += static_cast<double>(x[at]) * static_cast<double>(w[tap]);
              }
          const auto at = static_cast<std::size_t>((f * out.format.height + row) * out.format.width + column);
          RC_ASSERT(std::fabs(static_cast<double>(y[at]) - sum) < 0.2);
        }
  }));
}

TEST(reference_executor, adc_steps_follow_the_transfer) {
  graph::graph g;
  const value_id x = input(g, {1, 16, 1, 1});
  g.outputs = {conv(g, "c", x, {1, 16, 1, 1}, {}, false)};
  network net = quantize(prepare(g), {}, wide_ranges(g, 0, 1));
  const arithmetic::macro_shape shape;  // 16 rows, dac_bits 2, 5-bit ADC
  const mvm_parameters& p = net.layers[0].mvm;
  for (const int step : {16, 17, 25}) {
    net.layers[0].mvm.adc_step_sixteenths = step;
    const arithmetic::adc_transfer adc(shape, step);
    reference_executor macro(net, shape);
    const std::vector<float> values(16, 0.9F);
    macro.run(values.data());
    const std::vector<std::int32_t> u = macro.codes(net.input);
    std::int64_t sum = 0;
    for (int bit = 0; bit < 8; ++bit)
      for (int slice = 0; slice < 4; ++slice) {
        std::int64_t s = 0;
        for (std::size_t r = 0; r < 16; ++r) s += ((u[r] >> (2 * slice)) & 3) * ((p.weights[r] >> bit) & 1);
        const std::int64_t worth = std::int64_t{adc.code(s)} << (2 * slice + bit);
        sum += bit == 7 ? -worth : worth;
      }
    const constants k = mvm_constants(net, net.layers[0])[0];
    const std::int64_t wanted = divide_half_even((sum + k.bias) * k.multiplier, std::int64_t{1} << k.shift);
    EXPECT_EQ(macro.codes(net.layers[0].output)[0], std::clamp<std::int64_t>(wanted, 0, 255)) << step;
  }
}

}  // namespace
}  // namespace cimbalom::quantization
