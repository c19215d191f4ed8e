#include "sw/graph/passes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sw/graph/build.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

using ints = std::vector<std::int64_t>;

value_id ints_constant(graph& g, const ints& values) {
  return g.add_constant("list", tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

value_id floats(graph& g, const std::string& name, const std::vector<float>& values) {
  return g.add_constant(name, tensor::of<float>({static_cast<std::int64_t>(values.size())}, values));
}

/// x -> Conv(2 filters of 1x1) -> BatchNormalization -> y
graph conv_and_norm() {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 1, 2, 2});
  const value_id w = g.add_constant("w", tensor::of<float>({2, 1, 1, 1}, {1, 2}));
  const value_id c = add_node(g, op::conv, "c", {x, w, floats(g, "b", {1, 0})}, {});
  g.outputs = {add_node(
      g, op::batch_normalization, "y",
      {c, floats(g, "gamma", {2, 4}), floats(g, "beta", {0, 1}), floats(g, "mean", {3, 1}), floats(g, "var", {4, 16})},
      {{"epsilon", 0.0F}})};
  return g;
}

TEST(BatchNorm, FoldsIntoConv) {
  graph g = conv_and_norm();
  EXPECT_EQ(fold_batch_norm(g), 1);
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.info(g.outputs[0]).name, "y");
  EXPECT_EQ(g.constant(g.nodes[0].inputs[1])->as_floats(), (std::vector<float>{1, 2}));   // scale 1, 1
  EXPECT_EQ(g.constant(g.nodes[0].inputs[2])->as_floats(), (std::vector<float>{-2, 0}));  // 1 - 3, 0 - 1 + 1
  EXPECT_EQ(g.initializers.size(), 2U);
  check(g);
}

TEST(BatchNorm, FoldsIntoGemm) {
  for (const bool transposed : {false, true}) {
    graph g;
    const value_id x = add_input(g, "x", data_type::float32, {1, 2});
    const shape_t shape = transposed ? shape_t{3, 2} : shape_t{2, 3};
    const value_id w = g.add_constant("w", tensor::of<float>(shape, {1, 2, 3, 4, 5, 6}));
    const value_id c = add_node(g, op::gemm, "c", {x, w, floats(g, "bias", {1, 1, 1})},
                                {{"beta", 2.0F}, {"transB", std::int64_t{transposed ? 1 : 0}}});
    g.outputs = {add_node(g, op::batch_normalization, "y",
                          {c, floats(g, "gamma", {1, 10, 100}), floats(g, "beta", {0, 0, 5}),
                           floats(g, "mean", {0, 1, 0}), floats(g, "var", {1, 1, 1})},
                          {{"epsilon", 0.0F}})};
    EXPECT_EQ(fold_batch_norm(g), 1);
    const std::vector<float> wanted =
        transposed ? std::vector<float>{1, 2, 30, 40, 500, 600} : std::vector<float>{1, 20, 300, 4, 50, 600};
    EXPECT_EQ(g.constant(g.nodes[0].inputs[1])->as_floats(), wanted);
    EXPECT_EQ(g.constant(g.nodes[0].inputs[2])->as_floats(), (std::vector<float>{2, 10, 205}));
    EXPECT_EQ(g.nodes[0].float_or("beta", 0), 1.0F);
  }
}

TEST(BatchNorm, StaysWhereTheProductHasOtherReaders) {
  graph g = conv_and_norm();
  g.outputs.push_back(add_node(g, op::relu, "other", {g.find("c")}));
  EXPECT_EQ(fold_batch_norm(g), 0);
  graph output = conv_and_norm();
  output.outputs.push_back(output.find("c"));
  EXPECT_EQ(fold_batch_norm(output), 0);
}

TEST(BatchNorm, StaysWithoutProduct) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 1});
  const value_id one = floats(g, "one", {1});
  g.outputs = {add_node(g, op::batch_normalization, "y", {x, one, one, one, one})};
  EXPECT_EQ(fold_batch_norm(g), 0);
}

TEST(BatchNorm, FoldsATopologyWithoutValues) {
  graph g = conv_and_norm();
  g.initializers.at(g.find("w")) = tensor::without_data(data_type::float32, {2, 1, 1, 1});
  EXPECT_EQ(fold_batch_norm(g), 1);
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_FALSE(g.constant(g.nodes[0].inputs[1])->has_data());
  EXPECT_EQ(g.shape_of(g.nodes[0].inputs[2]), (shape_t{2}));
}

TEST(Identities, AreRemovedAndOutputsKeepTheirNames) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 4});
  const value_id r = add_node(g, op::relu, "r", {x});
  const value_id i = add_node(g, op::identity, "i", {r});
  const value_id d = add_node(g, op::dropout, "d", {i});
  const value_id p = add_node(g, op::pad, "p", {d, ints_constant(g, {0, 0, 0, 0})});
  const value_id f = add_node(g, op::flatten, "f", {p});
  g.outputs = {add_node(g, op::identity, "y", {f})};
  EXPECT_EQ(remove_identities(g), 5);
  remove_dead(g);
  check(g);
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.nodes[0].kind, op::relu);
  EXPECT_EQ(g.info(g.outputs[0]).name, "y");
}

TEST(Identities, AnInputReturnedAsItIsStays) {
  graph g;
  g.outputs = {add_node(g, op::identity, "y", {add_input(g, "x", data_type::float32, {1, 4})})};
  canonicalize(g);
  EXPECT_EQ(g.nodes.size(), 1U);
}

TEST(Identities, WhatMovesDataStays) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {2, 2});
  const value_id t = add_node(g, op::transpose, "t", {x});
  const value_id s =
      add_node(g, op::slice, "s",
               {t, ints_constant(g, {-1}), ints_constant(g, {-9}), ints_constant(g, {0}), ints_constant(g, {-1})});
  g.outputs = {add_node(g, op::cast, "y", {s}, {{"to", static_cast<std::int64_t>(data_type::float64)}})};
  EXPECT_EQ(remove_identities(g), 0);
}

TEST(Dead, NodesAndInitializersGo) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 4});
  add_input(g, "unused", data_type::float32, {1});
  add_node(g, op::relu, "dead", {x});
  g.add_constant("stray", tensor::scalar(1.0F));
  g.outputs = {add_node(g, op::sigmoid, "y", {x})};
  EXPECT_EQ(remove_dead(g), 1);
  EXPECT_TRUE(g.initializers.empty());
  EXPECT_EQ(g.inputs.size(), 2U);
  EXPECT_EQ(g.values.size(), 3U);
  check(g);
}

TEST(Padding, AutoPadBecomesExplicit) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 1, 5, 5});
  const value_id w = g.add_constant("w", tensor(data_type::float32, {1, 1, 2, 2}));
  g.outputs = {add_node(g, op::conv, "y", {x, w}, {{"auto_pad", std::string("SAME_LOWER")}})};
  EXPECT_EQ(resolve_padding(g), 1);
  EXPECT_EQ(g.nodes[0].ints_or("pads", {}), (ints{1, 1, 0, 0}));
  EXPECT_FALSE(g.nodes[0].has("auto_pad"));
}

graph pad_and_conv(const ints& pads, float value, const std::string& mode) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 2, 6, 6});
  const value_id p = add_node(g, op::pad, "p", {x, ints_constant(g, pads), g.add_constant("v", tensor::scalar(value))},
                              {{"mode", mode}});
  const value_id w = g.add_constant("w", tensor(data_type::float32, {1, g.shape_of(p)[1], 3, 3}));
  g.outputs = {add_node(g, op::conv, "y", {p, w}, {{"pads", ints{1, 1, 1, 1}}})};
  return g;
}

TEST(Padding, ZeroPadGoesIntoConv) {
  graph g = pad_and_conv({0, 0, 1, 0, 0, 0, 2, 0}, 0, "constant");
  const shape_t before = g.shape_of(g.outputs[0]);
  EXPECT_EQ(merge_padding(g), 1);
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.nodes[0].ints_or("pads", {}), (ints{2, 1, 3, 1}));
  EXPECT_EQ(g.shape_of(g.outputs[0]), before);
  check(g);
}

TEST(Padding, OtherPadsStay) {
  for (graph g :
       {pad_and_conv({0, 0, 1, 1, 0, 0, 1, 1}, 1, "constant"), pad_and_conv({0, 0, 1, 1, 0, 0, 1, 1}, 0, "edge"),
        pad_and_conv({0, 1, 0, 0, 0, 0, 0, 0}, 0, "constant"),
        pad_and_conv({0, 0, -1, 0, 0, 0, 0, 0}, 0, "constant")}) {
    EXPECT_EQ(merge_padding(g), 0);
    EXPECT_EQ(g.nodes.size(), 2U);
  }
  graph shared = pad_and_conv({0, 0, 1, 1, 0, 0, 1, 1}, 0, "constant");
  shared.outputs.push_back(shared.find("p"));
  EXPECT_EQ(merge_padding(shared), 0);
}

TEST(Padding, ZeroPointPadGoesIntoIntegerConv) {
  for (const std::uint8_t value : {std::uint8_t{7}, std::uint8_t{0}}) {
    graph g;
    const value_id x = add_input(g, "x", data_type::uint8, {1, 1, 4, 4});
    const value_id seven = g.add_constant("seven", tensor::scalar(std::uint8_t{7}));
    const value_id p = add_node(
        g, op::pad, "p", {x, ints_constant(g, {0, 0, 1, 1, 0, 0, 1, 1}), g.add_constant("v", tensor::scalar(value))});
    const value_id w = g.add_constant("w", tensor(data_type::int8, {1, 1, 3, 3}));
    g.outputs = {add_node(g, op::conv_integer, "y", {p, w, seven})};
    EXPECT_EQ(merge_padding(g), value == 7 ? 1 : 0);
  }
}

TEST(Padding, GoesIntoAveragePoolThatThenCountsIt) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 1, 4, 4});
  const value_id p = add_node(g, op::pad, "p", {x, ints_constant(g, {0, 0, 1, 1, 0, 0, 1, 1})});
  g.outputs = {add_node(g, op::average_pool, "y", {p}, {{"kernel_shape", ints{2, 2}}})};
  EXPECT_EQ(merge_padding(g), 1);
  EXPECT_EQ(g.nodes[0].int_or("count_include_pad", 0), 1);
}

}  // namespace
}  // namespace cimbalom::graph
