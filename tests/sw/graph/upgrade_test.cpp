#include <gtest/gtest.h>

#include "sw/graph/build.hpp"
#include "sw/graph/parameters.hpp"
#include "tests/sw/graph/expect_refused.hpp"

namespace cimbalom::graph {
namespace {

using tests::expect_refused;
using ints = std::vector<std::int64_t>;

/// Appends one node of an old opset on an input of this shape; the graph after.
graph old_node(op kind, shape_t shape, std::map<std::string, attribute> with, std::int64_t opset,
               std::size_t outputs = 1, std::vector<shape_t> more = {}) {
  graph g;
  std::vector<value_id> inputs = {add_input(g, "x", data_type::float32, std::move(shape))};
  for (shape_t& extra : more) inputs.push_back(g.add_constant("c", tensor(data_type::float32, extra)));
  std::vector<value_id> made;
  for (std::size_t k = 0; k < outputs; ++k) made.push_back(g.add_value("y", data_type::undefined, {}));
  append(g, {kind, "n", inputs, made, std::move(with)}, opset);
  g.outputs = {made[0]};
  return g;
}

TEST(Upgrade, ClipAttributesBecomeInputs) {
  const graph g = old_node(op::clip, {2}, {{"min", 0.0F}, {"max", 6.0F}}, 6);
  const clip_bounds bounds = clip_of(g, g.nodes[0]);
  EXPECT_EQ(bounds.low, 0);
  EXPECT_EQ(bounds.high, 6);
  EXPECT_TRUE(g.nodes[0].attributes.empty());
}

TEST(Upgrade, PadSliceSqueezeSplitReduce) {
  EXPECT_EQ(old_node(op::pad, {2, 2}, {{"pads", ints{0, 1, 0, 1}}, {"value", 3.0F}}, 2).shape_of(1), (shape_t{2, 4}));
  EXPECT_EQ(old_node(op::slice, {4, 4}, {{"starts", ints{1}}, {"ends", ints{3}}, {"axes", ints{1}}}, 9).shape_of(1),
            (shape_t{4, 2}));
  EXPECT_EQ(old_node(op::squeeze, {1, 4}, {{"axes", ints{0}}}, 11).shape_of(1), (shape_t{4}));
  EXPECT_EQ(old_node(op::unsqueeze, {4}, {{"axes", ints{0}}}, 11).shape_of(1), (shape_t{1, 4}));
  EXPECT_EQ(old_node(op::reduce_mean, {2, 3}, {{"axes", ints{1}}}, 13).shape_of(1), (shape_t{2, 1}));
  EXPECT_EQ(old_node(op::reshape, {2, 3}, {{"shape", ints{6}}}, 1).shape_of(1), (shape_t{6}));
  EXPECT_EQ(old_node(op::split, {4}, {{"split", ints{1, 3}}}, 11, 2).shape_of(2), (shape_t{3}));
}

TEST(Upgrade, OldSoftmaxRunsOverTheFlattenedTail) {
  const graph g = old_node(op::softmax, {2, 3, 4}, {}, 11);
  ASSERT_EQ(g.nodes.size(), 3U);
  EXPECT_EQ(g.nodes[0].kind, op::reshape);
  EXPECT_EQ(g.shape_of(g.nodes[0].output()), (shape_t{2, 12}));
  EXPECT_EQ(g.nodes[1].int_or("axis", -1), 1);
  EXPECT_EQ(g.shape_of(g.outputs[0]), (shape_t{2, 3, 4}));
  EXPECT_EQ(old_node(op::softmax, {2, 10}, {}, 11).nodes.size(), 1U);
  EXPECT_EQ(old_node(op::softmax, {1, 10, 1, 1}, {}, 11).nodes.size(), 1U);
  EXPECT_EQ(old_node(op::softmax, {2, 3, 4}, {}, 13).nodes.size(), 1U);
}

TEST(Upgrade, TrainingFormsAreRefused) {
  const std::vector<shape_t> statistics = {{3}, {3}, {3}, {3}};
  EXPECT_EQ(old_node(op::batch_normalization, {1, 3}, {}, 9, 1, statistics).nodes.size(), 1U);
  expect_refused(
      [&] {
        old_node(op::batch_normalization, {1, 3}, {{"training_mode", std::int64_t{1}}}, 15, 1, statistics);
      },
      {"node n (BatchNormalization)", "training mode", "evaluation mode"});
  expect_refused([&] { old_node(op::batch_normalization, {1, 3}, {}, 9, 3, statistics); }, {"training mode"});
  expect_refused(
      [&] {
        old_node(op::batch_normalization, {1, 3}, {{"spatial", std::int64_t{0}}}, 7, 1, statistics);
      },
      {"spatial = 0"});
  EXPECT_EQ(old_node(op::dropout, {3}, {{"ratio", 0.5F}}, 7).nodes[0].inputs.size(), 1U);
  expect_refused([&] { old_node(op::dropout, {3}, {}, 6); }, {"training mode"});
}

TEST(Upgrade, DropoutThatDropsNothingIsInference) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {3});
  const value_id on = g.add_constant("on", tensor::scalar(true));
  const value_id y = g.add_value("y", data_type::undefined, {});
  append(g, {op::dropout, "n", {x, g.add_constant("r", tensor::scalar(0.0F)), on}, {y}, {}}, 13);
  EXPECT_EQ(g.nodes.back().inputs, std::vector<value_id>{x});
  expect_refused(
      [&] {
        append(g, {op::dropout, "m", {x, g.add_constant("r", tensor::scalar(0.5F)), on}, {y}, {}}, 13);
      },
      {"node m (Dropout)", "training mode"});
}

TEST(Upgrade, RefusesFormsThatAreGone) {
  expect_refused(
      [&] {
        old_node(op::add, {1, 3}, {{"broadcast", std::int64_t{1}}, {"axis", std::int64_t{0}}}, 6, 1, {{1}});
      },
      {"axis = 0", "opset 7"});
  expect_refused([&] { old_node(op::max_pool, {1, 1, 4}, {{"kernel_shape", ints{2}}}, 12, 2); }, {"output Indices"});
}

}  // namespace
}  // namespace cimbalom::graph
