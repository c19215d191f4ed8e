// A network that goes out as QDQ and comes back gives the same integers.
#include <gmock/gmock.h>

#include <random>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/annotated_graph.hpp"
#include "sw/quantization/qdq_graph.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/quantization/requantization.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

using testing::HasSubstr;
using random_engine = std::mt19937_64;

int between(random_engine& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}

// Another width for every value, as co-design chooses them; the activation's clamps follow.
void narrow_values(network& net, random_engine& random) {
  for (std::size_t number = 0; number < net.tensors.size(); ++number) {
    tensor& t = net.tensors[number];
    if (t.on_host) continue;
    const registers::tensor_format before = t.format;
    const int bits = between(random, 2, 8);
    t.format.bits = static_cast<std::uint8_t>(bits);
    t.format.zero_point = std::clamp(before.zero_point / (1 << (8 - bits)), t.format.minimum(), t.format.maximum());
    t.scale *= (1 << (8 - bits)) * (1 + static_cast<double>(random() % 1000) * 1e-4);
    for (layer& l : net.layers) {
      if (l.kind == layer_kind::host || l.output != static_cast<int>(number)) continue;
      l.clamp_low = l.clamp_low == before.zero_point ? t.format.zero_point : t.format.minimum();
      const bool cut = l.clamp_high != before.maximum();
      l.clamp_high = cut ? std::max(t.format.zero_point, t.format.maximum() - 1) : t.format.maximum();
    }
  }
}

// Widths, codes, scales and biases that no float32 arithmetic made.
void scatter_weights(network& net, random_engine& random) {
  for (layer& l : net.layers) {
    if (l.kind != layer_kind::mvm) continue;
    mvm_parameters& p = l.mvm;
    const std::size_t row = p.weights.size() / static_cast<std::size_t>(p.filters);
    for (std::size_t f = 0; f < static_cast<std::size_t>(p.filters); ++f) {
      const int bits = between(random, 1, 8);
      p.weight_bits[f] = static_cast<std::uint8_t>(bits);
      for (std::size_t k = 0; k < row; ++k)
        p.weights[f * row + k] = static_cast<std::int16_t>(
            bits == 1 ? -between(random, 0, 1) : between(random, -(1 << (bits - 1)), (1 << (bits - 1)) - 1));
      p.weight_scale[f] = 0.1 * (1 + static_cast<double>(random() % 100000) * 1e-5) * std::ldexp(1.0, 1 - bits);
      p.bias[f] = between(random, -5000, 5000);
    }
  }
}

network back_from_file(const network& net) {
  const graph::graph read = onnx::import_bytes(onnx::export_bytes(qdq_graph(net)), "exported.onnx");
  return quantize(prepare(read), {}, {});
}

void expect_same_integers(const network& net, std::uint64_t seed) {
  const network back = back_from_file(net);
  reference_executor one(net), other(back);
  const tensor& in = net.tensors.at(static_cast<std::size_t>(net.input));
  for (std::uint64_t image = 0; image < 4; ++image) {
    std::vector<float> values = noise(graph::element_count(in.shape), seed * 5 + image);
    for (float& value : values) value *= 4;
    const auto expected = one.run(values.data()), got = other.run(values.data());
    ASSERT_EQ(got, expected) << "seed " << seed;
    ASSERT_EQ(net.outputs.size(), back.outputs.size());
    for (std::size_t k = 0; k < net.outputs.size(); ++k) {
      const auto a = static_cast<std::size_t>(net.outputs[k]), b = static_cast<std::size_t>(back.outputs[k]);
      if (!net.tensors[a].on_host) {
        ASSERT_EQ(one.codes(net.outputs[k]), other.codes(back.outputs[k]));
      }
      EXPECT_EQ(net.tensors[a].on_host, back.tensors[b].on_host);
    }
  }
  // The same multipliers and shifts: the same codes of every accumulator there can be.
  for (const layer& l : net.layers) {
    if (l.kind != layer_kind::mvm) continue;
    const auto same = std::find_if(back.layers.begin(), back.layers.end(), [&](const layer& other_layer) {
      return other_layer.kind == layer_kind::mvm && other_layer.name == l.name;
    });
    ASSERT_NE(same, back.layers.end()) << l.name;
    EXPECT_EQ(same->mvm.weights, l.mvm.weights) << l.name;
    EXPECT_EQ(same->requantize, l.requantize) << l.name;
    const auto a = mvm_constants(net, l), b = mvm_constants(back, *same);
    for (std::size_t f = 0; f < a.size(); ++f) {
      EXPECT_EQ(b[f].bias, a[f].bias) << l.name;
      EXPECT_EQ(b[f].multiplier, a[f].multiplier) << l.name;
      EXPECT_EQ(b[f].second_multiplier, a[f].second_multiplier) << l.name;
      EXPECT_EQ(b[f].shift, a[f].shift) << l.name;
    }
  }
}

void expect_round_trips(const graph::graph& g) {
  const network made = quantize(prepare(g), {}, wide_ranges(g));
  expect_same_integers(made, 1);
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    random_engine random(seed);
    network net = made;
    scatter_weights(net, random);
    narrow_values(net, random);
    expect_same_integers(net, seed);
  }
}

// A stem, a block with a projection, depthwise convolution, pools and a classifier.
TEST(qdq_export, residual_network_of_every_width) {
  graph::graph g;
  value_id x = graph::add_node(g, op::relu, "stem.relu",
                               {conv(g, "stem", input(g, {1, 3, 9, 8}), {6, 3, 3, 3}, {{"pads", ints{1, 1, 1, 1}}})});
  x = graph::add_node(g, op::max_pool, "pool", {x},
                      {{"kernel_shape", ints{3, 3}}, {"strides", ints{2, 2}}, {"pads", ints{1, 1, 1, 1}}});
  const value_id left = graph::add_node(
      g, op::relu, "a.relu", {conv(g, "a", x, {6, 1, 3, 3}, {{"pads", ints{1, 1, 1, 1}}, {"group", std::int64_t{6}}})});
  const value_id sum =
      graph::add_node(g, op::add, "sum", {conv(g, "b", left, {8, 6, 1, 1}), conv(g, "projection", x, {8, 6, 1, 1})});
  x = graph::add_node(
      g, op::clip, "six",
      {sum, g.add_constant("low", graph::tensor::scalar(0.0F)), g.add_constant("high", graph::tensor::scalar(2.5F))});
  x = graph::add_node(g, op::average_pool, "average", {x}, {{"kernel_shape", ints{2, 2}}, {"pads", ints{1, 0, 0, 1}}});
  x = graph::add_node(g, op::global_average_pool, "mean", {x});
  x = graph::add_node(g, op::flatten, "flat", {x});
  g.outputs = {graph::add_node(g, op::gemm, "classes",
                               {x, noise_constant(g, "cw", {5, 8}, 3), noise_constant(g, "cb", {5}, 4)},
                               {{"transB", std::int64_t{1}}})};
  expect_round_trips(g);
}

TEST(qdq_export, flattened_maps_and_host_layers) {
  graph::graph g;
  value_id x = conv(g, "c", input(g, {1, 2, 4, 5}), {3, 2, 2, 2}, {{"strides", ints{2, 1}}});
  x = graph::add_node(g, op::sigmoid, "s", {x});
  x = conv(g, "d", x, {4, 3, 1, 2});
  x = graph::add_node(g, op::flatten, "f", {x});
  x = graph::add_node(g, op::gemm, "h", {x, noise_constant(g, "hw", {24, 6}, 3), noise_constant(g, "hb", {6}, 4)});
  x = graph::add_node(g, op::relu, "hr", {x});
  x = graph::add_node(g, op::gemm, "o", {x, noise_constant(g, "ow", {6, 4}, 5), noise_constant(g, "ob", {4}, 6)});
  g.outputs = {graph::add_node(g, op::softmax, "p", {x}, {{"axis", std::int64_t{1}}})};
  expect_round_trips(g);
}

TEST(qdq_export, copies_concat_and_channel_factors) {
  graph::graph g;
  const value_id stem = conv(g, "stem", input(g, {1, 2, 6, 6}), {4, 2, 3, 3}, {{"pads", ints{1, 1, 1, 1}}});
  value_id half = graph::add_node(g, op::slice, "half",
                                  {stem, ints_constant(g, "from", {0, 1}), ints_constant(g, "to", {6, 6}),
                                   ints_constant(g, "on", {2, 3}), ints_constant(g, "by", {2, 2})});
  half = graph::add_node(g, op::pad, "more", {half, ints_constant(g, "pads", {0, 1, 0, 0, 0, 2, 0, 0})});
  const value_id right = conv(g, "right", stem, {3, 4, 2, 2}, {{"strides", ints{2, 2}}});
  value_id x = graph::add_node(g, op::concat, "both", {half, right}, {{"axis", std::int64_t{1}}});
  x = graph::add_node(g, op::mul, "factors", {x, noise_constant(g, "by_channel", {10, 1, 1}, 9)});
  const value_id twice = graph::add_node(g, op::add, "twice", {x, x});
  g.outputs = {conv(g, "out", twice, {2, 10, 1, 1}), twice};
  expect_round_trips(g);
}

TEST(qdq_export, matrices_and_one_spatial_axis) {
  graph::graph rows;
  rows.outputs = {graph::add_node(rows, op::mat_mul, "m", {input(rows, {5, 7}), noise_constant(rows, "w", {7, 3}, 3)})};
  expect_round_trips(rows);
  graph::graph line;
  value_id x = conv(line, "c", input(line, {1, 3, 12}), {4, 3, 3}, {{"pads", ints{1, 1}}, {"dilations", ints{2}}});
  x = graph::add_node(line, op::max_pool, "p", {x}, {{"kernel_shape", ints{2}}, {"strides", ints{2}}});
  line.outputs = {conv(line, "e", x, {2, 4, 1})};
  expect_round_trips(line);
}

TEST(qdq_export, images_with_channels_last) {
  graph::graph g;
  value_id x = graph::add_node(g, op::transpose, "t", {input(g, {1, 6, 5, 3})}, {{"perm", ints{0, 3, 1, 2}}});
  x = graph::add_node(g, op::relu, "r", {conv(g, "c", x, {4, 3, 3, 3})});
  x = graph::add_node(g, op::transpose, "u", {x}, {{"perm", ints{0, 2, 3, 1}}});
  x = graph::add_node(g, op::reshape, "f", {x, ints_constant(g, "shape", {1, 48})});
  g.outputs = {graph::add_node(g, op::gemm, "o", {x, noise_constant(g, "ow", {48, 4}, 5)})};
  expect_round_trips(g);
}

TEST(qdq_export, scales_of_a_qdq_file_stay_floating_point) {
  graph::graph g;
  g.outputs = {conv(g, "c", input(g, {1, 2, 4, 4}), {3, 2, 3, 3})};
  network net = quantize(prepare(g), {}, wide_ranges(g));
  for (layer& l : net.layers) l.requantize = registers::requantization::floating_point;
  EXPECT_TRUE(qdq_graph(net).metadata.count(requantization_key) == 0);
  expect_same_integers(net, 3);
}

TEST(qdq_export, widths_come_back) {
  graph::graph g;
  g.outputs = {conv(g, "c", input(g, {1, 2, 4, 4}), {3, 2, 3, 3})};
  quantization_settings settings;
  settings.activation_bits = 6;
  const network net = quantize(prepare(g), settings, wide_ranges(g)), back = back_from_file(net);
  for (const int number : {back.input, back.outputs.at(0)})
    EXPECT_EQ(back.tensors.at(static_cast<std::size_t>(number)).format.bits, 6);
  EXPECT_EQ(back.layers.size(), 1U);
}

TEST(qdq_export, the_same_network_gives_the_same_bytes) {
  graph::graph g;
  g.outputs = {conv(g, "c", input(g, {1, 2, 4, 4}), {3, 2, 3, 3})};
  const network net = quantize(prepare(g), {}, wide_ranges(g));
  EXPECT_EQ(onnx::export_bytes(qdq_graph(net)), onnx::export_bytes(qdq_graph(net)));
}

TEST(qdq_export, what_qdq_cannot_hold_is_one_line) {
  graph::graph g;
  g.outputs = {conv(g, "c", input(g, {1, 2, 4, 4}), {3, 2, 3, 3})};
  const network net = quantize(prepare(g), {}, wide_ranges(g));
  network wide = net;
  wide.tensors.at(0).format.bits = 12;
  EXPECT_THAT(refusal([&] { qdq_graph(wide); }), HasSubstr("value x: bits = 12"));
  wide = net;
  wide.layers.at(0).mvm.weight_bits.at(1) = 9;
  EXPECT_THAT(refusal([&] { qdq_graph(wide); }), HasSubstr("layer c: filter 1: weight_bits = 9"));
  wide = net;
  wide.layers.at(0).mvm.bias.at(2) = std::int64_t{1} << 31;
  EXPECT_THAT(refusal([&] { qdq_graph(wide); }), HasSubstr("layer c: filter 2: bias = 2147483648"));
}

TEST(qdq_export, metadata_that_contradicts_the_file_is_refused) {
  graph::graph g;
  g.outputs = {conv(g, "c", input(g, {1, 2, 4, 4}), {3, 2, 3, 3})};
  graph::graph out = qdq_graph(quantize(prepare(g), {}, wide_ranges(g)));
  const std::string key = std::string(exact_key) + "x.scale";
  for (const char* text : {"0x1p+3", "", "none", "0x1.010102p-5 0x1p+0"}) {
    out.metadata[key] = text;
    EXPECT_THAT(refusal([&] { quantize(prepare(onnx::import_bytes(onnx::export_bytes(out), "f.onnx")), {}, {}); }),
                HasSubstr(key))
        << text;
  }
}

// 0..63 of uint8 with one Clip is 6 bits; other bounds stay an activation.
TEST(qdq_export, only_a_clip_to_all_codes_of_a_width_is_a_width) {
  for (const float high : {63.0F, 62.0F, 255.0F}) {
    graph::graph g;
    const value_id x = input(g, {1, 2, 2, 2});
    const auto scalar = [&](const std::string& name, float value) {
      return g.add_constant(name, graph::tensor::scalar(value));
    };
    const value_id zero = g.add_constant("z", graph::tensor::scalar<std::uint8_t>(0));
    const value_id scale = scalar("s", 0.5F);
    const value_id cut = graph::add_node(g, op::clip, "cut", {x, scalar("low", 0), scalar("high", high / 2)});
    const value_id q = graph::add_node(g, op::quantize_linear, "q", {cut, scale, zero});
    g.outputs = {graph::add_node(g, op::dequantize_linear, "dq", {q, scale, zero})};
    const annotated_graph found = annotate(prepare(g));
    EXPECT_EQ(found.values.at(found.graph.outputs.at(0)).bits, high == 63.0F ? 6 : 8);
    EXPECT_EQ(found.graph.nodes.size(), high == 63.0F ? 0U : 1U);
  }
}

}  // namespace
}  // namespace cimbalom::quantization
