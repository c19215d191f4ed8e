#include "sw/codesign/layer_table.hpp"

#include <gtest/gtest.h>

#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::codesign {
namespace {

using quantization::conv;
using quantization::input;
using quantization::noise_constant;
using quantization::refusal;
using quantization::wide_ranges;

/// Two convolutions over two map sizes, pooling, Gemm over a flattened map.
graph::graph example() {
  graph::graph g;
  g.name = g.file = "example";
  graph::value_id x = input(g, {1, 3, 8, 8});
  x = conv(g, "first", x, {16, 3, 3, 3}, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  x = graph::add_node(g, graph::op::relu, "relu1", {x}, {});
  x = conv(g, "second", x, {32, 16, 3, 3},
           {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  x = graph::add_node(g, graph::op::clip, "clip",
                      {x, g.add_constant("low", graph::tensor::scalar<float>(0)),
                       g.add_constant("high", graph::tensor::scalar<float>(3))},
                      {});
  x = graph::add_node(
      g, graph::op::max_pool, "pool", {x},
      {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  x = graph::add_node(g, graph::op::flatten, "flat", {x}, {{"axis", std::int64_t{1}}});
  x = graph::add_node(g, graph::op::gemm, "fc", {x, noise_constant(g, "fc.w", {128, 10}, 3)}, {});
  g.outputs = {x};
  return g;
}

struct subject {
  graph::graph g = example();
  quantization::network net = quantization::quantize(quantization::prepare(g), {}, wide_ranges(g));
};

trained_network identity(const layer_table& table, const quantization::network& net) {
  trained_network made;
  for (const designed_layer& d : table.layers) {
    const quantization::mvm_parameters& p = net.layers[d.layer].mvm;
    const double in = net.tensors[static_cast<std::size_t>(net.layers[d.layer].inputs[0])].scale;
    trained_layer to{d.name,       p.weights, p.weight_bits, p.weight_scale, {}, d.units.passes, d.units.groups,
                     d.units.pass, {}};
    for (std::size_t f = 0; f < p.bias.size(); ++f)
      to.bias.push_back(static_cast<double>(p.bias[f]) * in * p.weight_scale[f]);
    to.mask.assign(static_cast<std::size_t>(d.units.units()), 1);
    made.layers.push_back(to);
  }
  made.values = table.values;
  return made;
}

TEST(layer_table, knows_stages_orders_and_values) {
  const subject s;
  policy how;
  how.budget.mean_bits = {6, 4.5};
  const layer_table table = make_layer_table(s.g, s.net, how, {});
  ASSERT_EQ(table.layers.size(), 3U);
  EXPECT_EQ(table.stages, 2);
  EXPECT_EQ(table.layers[0].stage, 0);
  EXPECT_EQ(table.layers[1].stage, 1);
  EXPECT_EQ(table.layers[2].stage, 1);
  EXPECT_EQ(table.layers[0].units.passes, 1);
  EXPECT_EQ(table.layers[1].units.passes, 2);
  EXPECT_EQ(table.layers[0].pixels, 64);
  EXPECT_EQ(table.layers[0].unit_cost, 64 * 4);  // four slices of two bits
  EXPECT_EQ(table.values.size(), 4U);            // input, two maps, logits: the pooled map is tied
  EXPECT_EQ(table.logits, s.g.info(s.g.outputs[0]).name);
}

TEST(layer_table, the_mean_fills_whole_passes) {
  EXPECT_EQ(passes_for(64, 8, {}), 6);
  EXPECT_EQ(passes_for(16, 6, {}), 1);
  EXPECT_EQ(passes_for(32, 6, {}), 2);
  EXPECT_EQ(passes_for(64, 4.5, {}), 3);
  EXPECT_EQ(passes_for(64, 5.9, {}), 3);
  EXPECT_EQ(passes_for(64, 1, {}), 3);
  EXPECT_EQ(passes_for(10, 4, {}), 1);
  EXPECT_EQ(passes_for(24, 4, {}), 1);
}

TEST(layer_table, what_does_not_fit_is_refused) {
  const subject s;
  policy how;
  how.budget.mean_bits = {6, 5, 4};
  EXPECT_EQ(refusal([&] { make_layer_table(s.g, s.net, how, {}); }),
            "policy.budget.mean_bits = [6, 5, 4]: one number, or one for each of the 2 stages of example");
  how = {};
  how.layer_activation_bits["nowhere"] = 4;
  EXPECT_EQ(refusal([&] { make_layer_table(s.g, s.net, how, {}); }),
            "policy.layer_activation_bits.nowhere: is no layer of the network");
  graph::graph bare;
  bare.file = "bare";
  bare.outputs = {graph::add_node(bare, graph::op::relu, "relu", {input(bare, {1, 3, 4, 4})}, {})};
  const auto net = quantization::quantize(quantization::prepare(bare), {}, wide_ranges(bare));
  EXPECT_NE(refusal([&] { make_layer_table(bare, net, {}, {}); }).find("nothing to prune"), std::string::npos);
}

TEST(trained_network, the_identity_changes_nothing) {
  const subject s;
  const layer_table table = make_layer_table(s.g, s.net, {}, {});
  quantization::network net = s.net;
  apply(identity(table, s.net), net);
  for (std::size_t k = 0; k < net.layers.size(); ++k) {
    EXPECT_EQ(net.layers[k].mvm.weights, s.net.layers[k].mvm.weights);
    EXPECT_EQ(net.layers[k].mvm.bias, s.net.layers[k].mvm.bias);
    EXPECT_EQ(net.layers[k].clamp_low, s.net.layers[k].clamp_low);
    EXPECT_EQ(net.layers[k].clamp_high, s.net.layers[k].clamp_high);
  }
}

TEST(trained_network, clamps_and_tied_tensors_follow_the_scales) {
  const subject s;
  policy how;
  how.layer_activation_bits["second"] = 5;
  const layer_table table = make_layer_table(s.g, s.net, how, {});
  trained_network trained = identity(table, s.net);
  const quantization::layer& second = s.net.layers[1];
  const std::string name = s.net.tensors[static_cast<std::size_t>(second.output)].name;
  for (trained_value& v : trained.values)
    if (v.name == name) v.scale = 0.2;
  quantization::network net = s.net;
  apply(trained, net);
  const quantization::tensor& map = net.tensors[static_cast<std::size_t>(second.output)];
  const quantization::tensor& pooled = net.tensors[static_cast<std::size_t>(s.net.layers[2].output)];
  EXPECT_EQ(map.format.bits, 5);
  EXPECT_EQ(pooled.format.bits, 5);
  EXPECT_EQ(pooled.scale, 0.2);
  EXPECT_EQ(pooled.format.zero_point, map.format.zero_point);
  EXPECT_EQ(net.layers[1].clamp_low, map.format.zero_point);
  EXPECT_EQ(net.layers[1].clamp_high, std::min(map.format.zero_point + 15, map.format.maximum()));
}

TEST(trained_network, what_is_missing_is_named) {
  const subject s;
  const layer_table table = make_layer_table(s.g, s.net, {}, {});
  trained_network trained = identity(table, s.net);
  trained.layers.pop_back();
  quantization::network net = s.net;
  EXPECT_NE(refusal([&] { apply(trained, net); }).find("layer fc"), std::string::npos);
  trained = identity(table, s.net);
  trained.values.pop_back();
  EXPECT_NE(refusal([&] { apply(trained, net); }).find("is in the network"), std::string::npos);
}

TEST(trained_network, kept_groups_follow_the_masks) {
  trained_layer l;
  l.passes = 2;
  l.groups = 3;
  l.pass = {0, 0, 1};
  l.mask = {1, 0, 1, 0, 1, 0};
  EXPECT_EQ(kept_groups(l), (std::vector<std::vector<std::uint16_t>>{{0, 2}, {0, 2}, {1}}));
}

}  // namespace
}  // namespace cimbalom::codesign
