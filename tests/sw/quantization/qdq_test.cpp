#include <gmock/gmock.h>

#include "sw/quantization/annotated_graph.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

using graph::data_type;
using graph::tensor;
using testing::HasSubstr;

template <class T>
value_id scalar(graph::graph& g, const std::string& name, T value) {
  return g.add_constant(name, tensor::scalar<T>(value));
}

value_id quantize_node(graph::graph& g, const std::string& name, value_id x, float scale, std::uint8_t zero) {
  return graph::add_node(g, op::quantize_linear, name,
                         {x, scalar(g, name + ".s", scale), scalar<std::uint8_t>(g, name + ".z", zero)});
}
value_id dequantize_node(graph::graph& g, const std::string& name, value_id q, float scale, std::uint8_t zero) {
  return graph::add_node(g, op::dequantize_linear, name,
                         {q, scalar(g, name + ".s", scale), scalar<std::uint8_t>(g, name + ".z", zero)});
}
value_id pair(graph::graph& g, const std::string& name, value_id x, float scale, std::uint8_t zero) {
  return dequantize_node(g, name + ".dq", quantize_node(g, name + ".q", x, scale, zero), scale, zero);
}

std::int32_t quantised(double real, double scale, int zero) {
  const double code = std::nearbyint(static_cast<double>(static_cast<float>(real) / static_cast<float>(scale))) + zero;
  return static_cast<std::int32_t>(std::clamp(code, 0.0, 255.0));
}

// x -> QDQ -> Conv(int8 weights a channel, int32 bias) -> Relu -> QDQ, checked code by code.
TEST(qdq, convolution_keeps_the_scales_of_the_file) {
  graph::graph g;
  const value_id x = pair(g, "in", input(g, {1, 2, 3, 3}), 0.05F, 10);
  const std::vector<std::int8_t> codes = {3, -7, 100, -128, 5, 9};
  const value_id w = graph::add_node(g, op::dequantize_linear, "w.dq",
                                     {g.add_constant("w", tensor::of<std::int8_t>({3, 2, 1, 1}, codes)),
                                      g.add_constant("ws", tensor::of<float>({3}, {0.01F, 0.02F, 0.5F})),
                                      g.add_constant("wz", tensor::of<std::int8_t>({3}, {0, 0, 0}))},
                                     {{"axis", std::int64_t{0}}});
  const value_id b =
      graph::add_node(g, op::dequantize_linear, "b.dq",
                      {g.add_constant("b", tensor::of<std::int32_t>({3}, {100, -50, 7})),
                       g.add_constant("bs", tensor::of<float>({3}, {0.05F * 0.01F, 0.05F * 0.02F, 0.05F * 0.5F}))},
                      {{"axis", std::int64_t{0}}});
  const value_id c = graph::add_node(g, op::conv, "c", {x, w, b}, {{"kernel_shape", ints{1, 1}}});
  g.outputs = {pair(g, "out", graph::add_node(g, op::relu, "r", {c}), 0.1F, 3)};

  EXPECT_TRUE(is_quantized(g));
  const network net = quantize(prepare(g), {}, {});
  ASSERT_EQ(net.layers.size(), 1U);
  const layer& l = net.layers[0];
  EXPECT_EQ(l.requantize, registers::requantization::floating_point);
  EXPECT_EQ(l.mvm.bias, (std::vector<std::int64_t>{100, -50, 7}));
  EXPECT_EQ(l.clamp_low, 3);

  reference_executor run(net);
  const std::vector<float> values = noise(18, 2);
  const std::vector<float> y = run.run(values.data()).at(0);
  const double scales[] = {0.01F, 0.02F, 0.5F};
  const int bias[] = {100, -50, 7};
  for (std::size_t p = 0; p < 9; ++p)
    for (std::size_t f = 0; f < 3; ++f) {
      int sum = bias[f];
      for (std::size_t k = 0; k < 2; ++k)
        sum += (quantised(static_cast<double>(values[k * 9 + p]), 0.05F, 10) - 10) * codes[f * 2 + k];
      const float factor = static_cast<float>(static_cast<double>(0.05F) * scales[f] / static_cast<double>(0.1F));
      const double code = std::nearbyint(static_cast<double>(static_cast<float>(sum) * factor)) + 3;
      EXPECT_EQ(run.codes(l.output)[p * 3 + f], static_cast<std::int32_t>(std::clamp(code, 3.0, 255.0)));
      EXPECT_EQ(y[f * 9 + p], static_cast<float>(run.codes(l.output)[p * 3 + f] - 3) * 0.1F);
    }
}

TEST(qdq, scales_move_in_front_of_layout_and_max_pool) {
  graph::graph g;
  const value_id x = pair(g, "in", input(g, {1, 2, 4, 4}), 0.05F, 128);
  const value_id c = conv(g, "c", x, {2, 2, 1, 1}, {}, false);
  const value_id m =
      graph::add_node(g, op::max_pool, "m", {c}, {{"kernel_shape", ints{2, 2}}, {"strides", ints{2, 2}}});
  g.outputs = {pair(g, "out", m, 0.1F, 100)};
  const network net = quantize(prepare(g), {}, {});
  ASSERT_EQ(net.layers.size(), 2U);
  EXPECT_EQ(net.tensors[static_cast<std::size_t>(net.layers[0].output)].format.zero_point, 100);
  EXPECT_EQ(net.layers[1].kind, layer_kind::max_pool);
}

TEST(qdq, another_scale_behind_a_scale_is_a_requantisation) {
  graph::graph g;
  const value_id x = pair(g, "in", input(g, {1, 2, 2, 2}), 0.05F, 128);
  g.outputs = {pair(g, "out", x, 0.25F, 7)};
  const network net = quantize(prepare(g), {}, {});
  ASSERT_EQ(net.layers.size(), 1U);
  EXPECT_EQ(net.layers[0].kind, layer_kind::affine);
  reference_executor run(net);
  const std::vector<float> values = noise(8, 2);
  run.run(values.data());
  for (std::size_t k = 0; k < 8; ++k) {
    const std::size_t p = k / 2, c = k % 2;
    const std::int32_t first = quantised(static_cast<double>(values[c * 4 + p]), 0.05F, 128);
    const double real = static_cast<double>(static_cast<float>(first - 128) * static_cast<float>(0.05F / 0.25F));
    EXPECT_EQ(run.codes(net.layers[0].output)[k], static_cast<std::int32_t>(std::nearbyint(real)) + 7);
  }
}

TEST(qdq, addition_rounds_once) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 2, 2});
  const value_id a = pair(g, "a", x, 0.5F, 0);
  const value_id b = pair(g, "b", conv(g, "c", a, {2, 2, 1, 1}, {}, false), 0.25F, 8);
  g.outputs = {pair(g, "out", graph::add_node(g, op::add, "sum", {a, b}), 0.125F, 9)};
  const network net = quantize(prepare(g), {}, {});
  ASSERT_EQ(net.layers.size(), 2U);
  EXPECT_EQ(net.layers[1].kind, layer_kind::add);
  reference_executor run(net);
  run.run(noise(8, 2).data());
  for (std::size_t k = 0; k < 8; ++k) {
    const double real = run.codes(net.input)[k] * 4.0 + (run.codes(net.layers[0].output)[k] - 8) * 2.0;
    EXPECT_EQ(run.codes(net.layers[1].output)[k], static_cast<std::int32_t>(std::clamp(real + 9, 0.0, 255.0)));
  }
}

TEST(qlinear, convolution_with_unsigned_weights_and_zero_point) {
  graph::graph g;
  const value_id x = graph::add_input(g, "x", data_type::uint8, {1, 1, 3, 3});
  const value_id w = g.add_constant("w", tensor::of<std::uint8_t>({1, 1, 1, 1}, {200}));
  g.outputs = {
      graph::add_node(g, op::qlinear_conv, "y",
                      {x, scalar(g, "xs", 0.5F), scalar<std::uint8_t>(g, "xz", 20), w, scalar(g, "ws", 0.25F),
                       scalar<std::uint8_t>(g, "wz", 150), scalar(g, "ys", 4.0F), scalar<std::uint8_t>(g, "yz", 5)},
                      {{"kernel_shape", ints{1, 1}}})};
  const network net = quantize(prepare(g), {}, {});
  ASSERT_EQ(net.layers.size(), 1U);
  EXPECT_EQ(net.layers[0].mvm.weights[0], 72);
  EXPECT_EQ(net.layers[0].mvm.weight_zero_point[0], 22);
  reference_executor run(net);
  std::vector<float> values;
  for (int k = 0; k < 9; ++k) values.push_back(static_cast<float>(k * 30 - 20) * 0.5F);  // codes k * 30
  run.run(values.data());
  for (int k = 0; k < 9; ++k) {
    const double code = std::nearbyint((k * 30 - 20) * 50 * 0.5 * 0.25 / 4.0) + 5;
    EXPECT_EQ(run.codes(net.layers[0].output)[static_cast<std::size_t>(k)],
              static_cast<std::int32_t>(std::clamp(code, 0.0, 255.0)));
  }
}

TEST(qlinear, integer_convolution_is_held_where_16_bits_suffice) {
  const auto made = [](std::uint8_t weight) {
    graph::graph g;
    const value_id x = graph::add_input(g, "x", data_type::uint8, {1, 1, 3, 3});
    const value_id w = g.add_constant("w", tensor::of<std::uint8_t>({1, 1, 1, 1}, {weight}));
    g.outputs = {graph::add_node(g, op::conv_integer, "y", {x, w, scalar<std::uint8_t>(g, "xz", 1)},
                                 {{"kernel_shape", ints{1, 1}}})};
    return g;
  };
  const network net = quantize(prepare(made(100)), {}, {});
  reference_executor run(net);
  const std::vector<float> values = {0, 1, 2, 3, 4, 5, 100, 200, 254};
  const std::vector<float> y = run.run(values.data()).at(0);
  for (std::size_t k = 0; k < 9; ++k) EXPECT_EQ(y[k], values[k] * 100);
  EXPECT_THAT(refusal([&] { quantize(prepare(made(200)), {}, {}); }), HasSubstr("more than 16 bits"));
}

TEST(qlinear, matrix_product) {
  graph::graph g;
  const value_id a = graph::add_input(g, "a", data_type::uint8, {2, 4});
  const std::vector<std::uint8_t> weights = {152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247};
  const value_id b = g.add_constant("b", tensor::of<std::uint8_t>({4, 3}, weights));
  g.outputs = {graph::add_node(
      g, op::qlinear_mat_mul, "y",
      {a, scalar(g, "as", 0.0066F), scalar<std::uint8_t>(g, "az", 113), b, scalar(g, "bs", 0.00705F),
       scalar<std::uint8_t>(g, "bz", 114), scalar(g, "ys", 0.0107F), scalar<std::uint8_t>(g, "yz", 118)})};
  const network net = quantize(prepare(g), {}, {});
  reference_executor run(net);
  const std::vector<int> codes = {208, 236, 0, 238, 3, 214, 255, 29};
  std::vector<float> values;
  for (const int code : codes) values.push_back(static_cast<float>(code - 113) * 0.0066F);
  run.run(values.data());
  EXPECT_EQ(run.codes(net.layers[0].output), (std::vector<std::int32_t>{168, 115, 255, 1, 66, 151}));
}

TEST(qdq, refuses_what_cannot_be_held) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 2, 2});
  const value_id s = g.add_constant("s", tensor::of<float>({2}, {1, 2}));
  const value_id z = g.add_constant("z", tensor::of<std::uint8_t>({2}, {0, 0}));
  g.outputs = {graph::add_node(g, op::quantize_linear, "perchannel", {x, s, z}, {{"axis", std::int64_t{1}}})};
  EXPECT_THAT(refusal([&] { annotate(g); }), HasSubstr("perchannel"));
}

}  // namespace
}  // namespace cimbalom::quantization
