#include <gmock/gmock.h>

#include "sw/graph/passes.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

network lower(graph::graph g, double low = -4, double high = 4) {
  const value_ranges ranges = wide_ranges(g, low, high);
  return quantize(prepare(g), {}, ranges);
}

std::vector<layer_kind> kinds(const network& net) {
  std::vector<layer_kind> result;
  for (const layer& l : net.layers) result.push_back(l.kind);
  return result;
}

const tensor& output_of(const network& net, std::size_t l) {
  return net.tensors[static_cast<std::size_t>(net.layers[l].output)];
}

TEST(lowering, convolution_takes_activation_and_residual) {
  graph::graph g;
  const value_id x = input(g, {1, 4, 6, 6});
  const value_id a =
      graph::add_node(g, op::relu, "a", {conv(g, "first", x, {4, 4, 3, 3}, {{"pads", ints{1, 1, 1, 1}}})});
  const value_id b = conv(g, "second", a, {4, 4, 3, 3}, {{"pads", ints{1, 1, 1, 1}}});
  g.outputs = {graph::add_node(g, op::relu, "y", {graph::add_node(g, op::add, "sum", {b, x})})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::mvm));
  EXPECT_EQ(net.layers[0].clamp_low, output_of(net, 0).format.zero_point);
  EXPECT_TRUE(net.layers[1].has_residual);
  EXPECT_EQ(net.layers[1].inputs[1], net.input);
  EXPECT_EQ(output_of(net, 1).name, "y");
  EXPECT_EQ(net.macs(), 2U * 36 * 9 * 16);
  EXPECT_EQ(net.parameters, 2U * (4 * 4 * 9 + 4));
}

TEST(lowering, a_product_read_twice_keeps_its_own_layer) {
  graph::graph g;
  const value_id x = input(g, {1, 4, 6, 6});
  const value_id a = conv(g, "first", x, {4, 4, 1, 1});
  const value_id sum = graph::add_node(g, op::add, "sum", {a, x});
  g.outputs = {graph::add_node(g, op::add, "y", {sum, a})};
  EXPECT_THAT(kinds(lower(g)), ElementsAre(layer_kind::mvm, layer_kind::add, layer_kind::add));
}

TEST(lowering, the_later_of_two_products_takes_the_addition) {
  graph::graph g;
  const value_id x = input(g, {1, 4, 6, 6});
  const value_id a = conv(g, "main", x, {4, 4, 1, 1}), b = conv(g, "skip", x, {4, 4, 1, 1});
  g.outputs = {graph::add_node(g, op::add, "y", {a, b})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::mvm));
  EXPECT_EQ(net.layers[0].name, "main");
  EXPECT_TRUE(net.layers[1].has_residual);
}

TEST(lowering, clip_becomes_codes) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 2, 2});
  const value_id low = g.add_constant("low", graph::tensor::scalar<float>(0));
  const value_id high = g.add_constant("high", graph::tensor::scalar<float>(6));
  g.outputs = {graph::add_node(g, op::clip, "y", {conv(g, "c", x, {2, 2, 1, 1}), low, high})};
  const network net = lower(g, 0, 12);
  EXPECT_FALSE(output_of(net, 0).format.is_signed);
  EXPECT_EQ(net.layers[0].clamp_low, 0);
  EXPECT_EQ(net.layers[0].clamp_high, 128);  // 6 / (12 / 255) = 127.5: to even
}

TEST(lowering, slice_and_pad_are_one_layer) {
  graph::graph g;
  const value_id x = input(g, {1, 4, 8, 8});
  const value_id a = graph::add_node(g, op::relu, "a", {conv(g, "c", x, {4, 4, 1, 1})});
  const value_id cut = graph::add_node(g, op::slice, "cut",
                                       {a, ints_constant(g, "s", {0, 0}), ints_constant(g, "e", {8, 8}),
                                        ints_constant(g, "ax", {2, 3}), ints_constant(g, "st", {2, 2})});
  g.outputs = {graph::add_node(g, op::pad, "y", {cut, ints_constant(g, "p", {0, 2, 0, 0, 0, 2, 0, 0})},
                               {{"mode", std::string("constant")}})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::slice_pad));
  const layer& l = net.layers[1];
  EXPECT_EQ(l.pool_window.stride_h, 2);
  EXPECT_EQ(l.channel_offset, -2);
  EXPECT_EQ(l.channels_written, 8);
  EXPECT_EQ(output_of(net, 1).scale, output_of(net, 0).scale);

  reference_executor run(net);
  run.run(noise(4 * 64, 9).data());
  const auto& from = run.codes(net.layers[0].output);
  const auto& to = run.codes(l.output);
  for (std::size_t h = 0; h < 4; ++h)
    for (std::size_t w = 0; w < 4; ++w)
      for (std::size_t c = 0; c < 8; ++c) {
        const bool inside = c >= 2 && c < 6;
        const std::int32_t wanted =
            inside ? from[((2 * h) * 8 + 2 * w) * 4 + c - 2] : output_of(net, 1).format.zero_point;
        EXPECT_EQ(to[(h * 4 + w) * 8 + c], wanted);
      }
}

TEST(lowering, concat_writes_channel_ranges) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 3, 3});
  const value_id a = conv(g, "left", x, {3, 2, 1, 1}), b = conv(g, "right1", x, {5, 2, 1, 1});
  g.outputs = {graph::add_node(g, op::concat, "y", {a, b}, {{"axis", std::int64_t{1}}})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::mvm, layer_kind::slice_pad, layer_kind::slice_pad));
  EXPECT_EQ(net.layers[3].output_channel, 3);
  EXPECT_EQ(net.layers[3].channels_written, 5);
  EXPECT_EQ(net.layers[2].output, net.layers[3].output);
  reference_executor run(net);
  run.run(noise(18, 4).data());
  EXPECT_EQ(run.codes(net.layers[3].output)[8 * 4 + 3], run.codes(net.layers[1].output)[5 * 4]);
}

// Real products of the float network, to compare the order of weights and inputs.
void expect_close(const network& net, const std::vector<float>& x, const std::vector<double>& wanted,
                  double tolerance) {
  reference_executor run(net);
  const std::vector<float> y = run.run(x.data()).at(0);
  ASSERT_EQ(y.size(), wanted.size());
  for (std::size_t k = 0; k < y.size(); ++k) EXPECT_NEAR(static_cast<double>(y[k]), wanted[k], tolerance) << k;
}

TEST(lowering, gemm_behind_flatten_covers_the_map) {
  graph::graph g;
  const value_id x = input(g, {1, 3, 2, 2});
  const value_id flat = graph::add_node(g, op::flatten, "flat", {x}, {{"axis", std::int64_t{1}}});
  const value_id w = noise_constant(g, "w", {5, 12}, 3);
  g.outputs = {graph::add_node(g, op::gemm, "y", {flat, w}, {{"transB", std::int64_t{1}}})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm));
  EXPECT_EQ(net.layers[0].mvm.filter_window.kernel_h, 2);
  EXPECT_EQ(net.layers[0].mvm.channels_per_group, 3);
  const std::vector<float> values = noise(12, 8), weights = noise(60, 3);
  std::vector<double> wanted(5, 0.0);
  for (std::size_t f = 0; f < 5; ++f)
    for (std::size_t k = 0; k < 12; ++k)
      wanted[f] += static_cast<double>(values[k]) * static_cast<double>(weights[f * 12 + k]);
  expect_close(net, values, wanted, 0.08);
}

TEST(lowering, channels_last_inputs_are_read_as_they_lie) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 2, 3});
  const value_id first = graph::add_node(g, op::transpose, "first", {x}, {{"perm", ints{0, 3, 1, 2}}});
  const value_id c = conv(g, "c", first, {2, 3, 1, 1}, {}, false);
  g.outputs = {graph::add_node(g, op::transpose, "y", {c}, {{"perm", ints{0, 2, 3, 1}}})};
  const network net = lower(g);
  EXPECT_TRUE(net.tensors[static_cast<std::size_t>(net.input)].channels_last);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::host));
  const std::vector<float> values = noise(12, 8), weights = noise(6, 8);
  std::vector<double> wanted(8, 0.0);
  for (std::size_t p = 0; p < 4; ++p)
    for (std::size_t f = 0; f < 2; ++f)
      for (std::size_t k = 0; k < 3; ++k)
        wanted[p * 2 + f] += static_cast<double>(values[p * 3 + k]) * static_cast<double>(weights[f * 3 + k]);
  expect_close(net, values, wanted, 0.06);
}

TEST(lowering, matrix_rows_are_pixels_and_constant_additions_are_bias) {
  graph::graph g;
  const value_id x = input(g, {3, 4});
  const value_id product = graph::add_node(g, op::mat_mul, "product", {x, noise_constant(g, "w", {4, 2}, 6)});
  const value_id bias = g.add_constant("bias", graph::tensor::of<float>({2}, {1, -1}));
  g.outputs = {graph::add_node(g, op::add, "y", {product, bias})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm));
  EXPECT_EQ(output_of(net, 0).format.width, 3);
  const std::vector<float> values = noise(12, 8), weights = noise(8, 6);
  std::vector<double> wanted(6, 0.0);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t f = 0; f < 2; ++f) {
      wanted[r * 2 + f] = f == 0 ? 1 : -1;
      for (std::size_t k = 0; k < 4; ++k)
        wanted[r * 2 + f] += static_cast<double>(values[r * 4 + k]) * static_cast<double>(weights[k * 2 + f]);
    }
  expect_close(net, values, wanted, 0.06);
}

TEST(lowering, pools_and_per_channel_functions) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 4, 4});
  const value_id top =
      graph::add_node(g, op::max_pool, "top", {x}, {{"kernel_shape", ints{2, 2}}, {"strides", ints{2, 2}}});
  const value_id factor = g.add_constant("factor", graph::tensor::of<float>({1, 2, 1, 1}, {2, -1}));
  const value_id scaled = graph::add_node(g, op::mul, "scaled", {top, factor});
  g.outputs = {graph::add_node(g, op::global_average_pool, "y", {scaled})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::max_pool, layer_kind::affine, layer_kind::average_pool));
  const std::vector<float> values = noise(32, 8);
  std::vector<double> wanted(2, 0.0);
  for (std::size_t c = 0; c < 2; ++c)
    for (std::size_t p = 0; p < 4; ++p) {
      float largest = -9;
      for (std::size_t k = 0; k < 4; ++k)
        largest = std::max(largest, values[c * 16 + (2 * (p / 2) + k / 2) * 4 + 2 * (p % 2) + k % 2]);
      wanted[c] += static_cast<double>(largest) * (c == 0 ? 2 : -1) / 4;
    }
  expect_close(net, values, wanted, 0.06);
}

TEST(lowering, host_layers_read_and_write_codes_where_the_accelerator_needs_them) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 3, 3});
  const value_id a = conv(g, "c", x, {2, 2, 1, 1});
  const value_id s = graph::add_node(g, op::sigmoid, "s", {a});
  g.outputs = {graph::add_node(g, op::softmax, "y", {conv(g, "d", s, {2, 2, 1, 1})}, {{"axis", std::int64_t{1}}})};
  const network net = lower(g);
  ASSERT_THAT(kinds(net), ElementsAre(layer_kind::mvm, layer_kind::host, layer_kind::mvm, layer_kind::host));
  EXPECT_FALSE(output_of(net, 1).on_host);
  EXPECT_TRUE(output_of(net, 3).on_host);
}

TEST(lowering, refuses_by_node_and_says_what_is_needed) {
  {
    graph::graph g;
    const value_id x = input(g, {1, 2, 3, 3});
    g.outputs = {graph::add_node(g, op::conv, "dynamic", {x, x}, {})};
    EXPECT_THAT(refusal([&] { lower(g); }), AllOf(HasSubstr("dynamic"), HasSubstr("constant weights are needed")));
  }
  {
    graph::graph g;
    const value_id x = input(g, {1, 2, 3, 3});
    g.outputs = {graph::add_node(g, op::arg_max, "best", {x}, {{"axis", std::int64_t{1}}})};
    EXPECT_THAT(refusal([&] { lower(g); }), AllOf(HasSubstr("best"), HasSubstr("needed")));
  }
  {
    graph::graph g;
    const value_id x = input(g, {1, 2, 3, 3});
    g.outputs = {conv(g, "c", x, {2, 2, 1, 1})};
    EXPECT_THAT(refusal([&] { quantize(prepare(g), {}, {}); }), HasSubstr("calibration images are needed"));
  }
  {
    graph::graph g;
    const value_id x = input(g, {2, 2, 3, 3});
    g.outputs = {conv(g, "c", x, {2, 2, 1, 1})};
    EXPECT_THAT(refusal([&] { lower(g); }), HasSubstr("one image"));
  }
}

TEST(lowering, layer_widths_follow_the_settings) {
  graph::graph g;
  const value_id x = input(g, {1, 2, 3, 3});
  g.outputs = {conv(g, "last", conv(g, "first", x, {2, 2, 1, 1}), {2, 2, 1, 1})};
  quantization_settings settings;
  settings.weight_bits = 4;
  settings.layer_bits["last"] = 12;
  settings.activation_bits = 6;
  const network net = quantize(prepare(g), settings, wide_ranges(g));
  EXPECT_EQ(net.layers[0].mvm.weight_bits[0], 4);
  EXPECT_EQ(net.layers[1].mvm.weight_bits[0], 12);
  EXPECT_EQ(output_of(net, 0).format.bits, 6);
  for (const std::int16_t w : net.layers[0].mvm.weights) EXPECT_LE(std::abs(w), 7);
}

}  // namespace
}  // namespace cimbalom::quantization
