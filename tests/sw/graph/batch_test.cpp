#include "sw/graph/batch.hpp"

#include <gtest/gtest.h>

#include "sw/graph/build.hpp"
#include "sw/graph/passes.hpp"

namespace cimbalom::graph {
namespace {

using ints = std::vector<std::int64_t>;

struct net {
  graph g;
  value_id x = no_value;
  explicit net(shape_t shape, bool batched = true) {
    x = add_input(g, "x", data_type::float32, std::move(shape), batched);
  }
  value_id list(const ints& values) {
    return g.add_constant("list", tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  /// Axis of the output that counts images, -2 when the graph combines them.
  int axis(value_id y) const {
    graph alone = g;
    alone.outputs = {y};
    remove_dead(alone);
    const batch_layout layout = find_batch(alone);
    EXPECT_EQ(layout.ok, layout.why.empty());
    return layout.ok ? layout.axis[static_cast<std::size_t>(alone.outputs[0])] : -2;
  }
};

TEST(Batch, FollowsLayout) {
  net n({1, 2, 3, 4});
  EXPECT_EQ(n.axis(add_node(n.g, op::transpose, "t", {n.x}, {{"perm", ints{1, 2, 0, 3}}})), 2);
  EXPECT_EQ(n.axis(add_node(n.g, op::flatten, "f", {n.x})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::reshape, "r", {n.x, n.list({1, 6, 4})})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::reshape, "lost", {n.x, n.list({24})})), -2);
  EXPECT_EQ(n.axis(add_node(n.g, op::unsqueeze, "u", {n.x, n.list({0})})), 1);
  EXPECT_EQ(n.axis(add_node(n.g, op::squeeze, "s", {n.x, n.list({0})})), -2);
  EXPECT_EQ(n.axis(add_node(n.g, op::concat, "c", {n.x, n.x}, {{"axis", std::int64_t{1}}})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::concat, "c0", {n.x, n.x}, {{"axis", std::int64_t{0}}})), -2);
  EXPECT_EQ(n.axis(add_node(n.g, op::tile, "tile", {n.x, n.list({2, 1, 1, 1})})), -2);
}

TEST(Batch, ReductionsAndSoftmax) {
  net n({1, 2, 3});
  EXPECT_EQ(n.axis(add_node(n.g, op::reduce_mean, "m", {n.x, n.list({1})}, {{"keepdims", std::int64_t{0}}})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::reduce_mean, "all", {n.x})), -2);
  EXPECT_EQ(n.axis(add_node(n.g, op::softmax, "s", {n.x})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::softmax, "s0", {n.x}, {{"axis", std::int64_t{0}}})), -2);
}

TEST(Batch, BroadcastingAgainstConstants) {
  net n({1, 4});
  const value_id row = n.g.add_constant("row", tensor(data_type::float32, {4}));
  const value_id cube = n.g.add_constant("cube", tensor(data_type::float32, {2, 1, 4}));
  const value_id rows = n.g.add_constant("rows", tensor(data_type::float32, {3, 4}));
  EXPECT_EQ(n.axis(add_node(n.g, op::add, "a", {n.x, row})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::add, "b", {n.x, cube})), 1);
  EXPECT_EQ(n.axis(add_node(n.g, op::add, "c", {n.x, rows})), -2);
}

TEST(Batch, Products) {
  net n({1, 4});
  const value_id w = n.g.add_constant("w", tensor(data_type::float32, {4, 4}));
  EXPECT_EQ(n.axis(add_node(n.g, op::gemm, "g", {n.x, w})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::mat_mul, "m", {n.x, w})), 0);
  EXPECT_EQ(n.axis(add_node(n.g, op::gemm, "t", {w, n.x}, {{"transB", std::int64_t{1}}})), -2);
  const value_id column = add_node(n.g, op::transpose, "column", {n.x});
  EXPECT_EQ(n.axis(add_node(n.g, op::mat_mul, "outer", {column, n.x})), -2);
}

TEST(Batch, NeedsABatchAxisOnEveryInput) {
  net n({3, 4}, false);
  EXPECT_EQ(n.axis(add_node(n.g, op::relu, "r", {n.x})), -2);
}

}  // namespace
}  // namespace cimbalom::graph
