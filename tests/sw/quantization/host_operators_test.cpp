#include "sw/quantization/host_operators.hpp"

#include <gtest/gtest.h>

#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

using floats = std::vector<float>;

// Runs one node on x and returns its first output.
floats run(op kind, const graph::shape_t& shape, const floats& x, const std::vector<graph::tensor>& constants = {},
           const std::map<std::string, graph::attribute>& attributes = {}) {
  graph::graph g;
  std::vector<value_id> inputs = {input(g, shape)};
  for (const graph::tensor& t : constants) inputs.push_back(g.add_constant("c", t));
  graph::add_node(g, kind, "y", inputs, attributes);
  EXPECT_TRUE(host_supports(g.nodes[0]));
  EXPECT_GT(host_instructions(g, g.nodes[0]), 0U);
  const graph::tensor held = graph::tensor::of<float>(shape, x);
  return run_host_node(g, g.nodes[0], {&held}).at(0).as_floats();
}

TEST(host_operators, softmax_along_any_axis) {
  const floats rows = run(op::softmax, {2, 2}, {0, 0, 0, std::log(3.0F)}, {}, {{"axis", std::int64_t{1}}});
  EXPECT_FLOAT_EQ(rows[0], 0.5F);
  EXPECT_FLOAT_EQ(rows[3], 0.75F);
  const floats columns = run(op::softmax, {2, 2}, {0, 0, 0, std::log(3.0F)}, {}, {{"axis", std::int64_t{0}}});
  EXPECT_FLOAT_EQ(columns[1], 0.25F);
  const floats logs = run(op::log_softmax, {1, 2}, {1000, 1000}, {}, {{"axis", std::int64_t{1}}});
  EXPECT_FLOAT_EQ(logs[0], -std::log(2.0F));
}

TEST(host_operators, elementwise_functions) {
  EXPECT_EQ(run(op::relu, {1, 3}, {-1, 0, 2}), (floats{0, 0, 2}));
  EXPECT_EQ(run(op::leaky_relu, {1, 2}, {-2, 2}, {}, {{"alpha", 0.5F}}), (floats{-1, 2}));
  EXPECT_EQ(run(op::clip, {1, 3}, {-9, 1, 9}, {graph::tensor::scalar<float>(0), graph::tensor::scalar<float>(6)}),
            (floats{0, 1, 6}));
  EXPECT_FLOAT_EQ(run(op::sigmoid, {1, 1}, {0})[0], 0.5F);
  EXPECT_FLOAT_EQ(run(op::tanh, {1, 1}, {100})[0], 1.0F);
  EXPECT_FLOAT_EQ(run(op::hard_sigmoid, {1, 1}, {1})[0], 0.7F);
  EXPECT_FLOAT_EQ(run(op::hard_swish, {1, 1}, {3})[0], 3.0F);
}

TEST(host_operators, broadcast_arithmetic) {
  const graph::tensor row = graph::tensor::of<float>({2}, {10, 20});
  EXPECT_EQ(run(op::add, {2, 2}, {1, 2, 3, 4}, {row}), (floats{11, 22, 13, 24}));
  EXPECT_EQ(run(op::sub, {2, 2}, {1, 2, 3, 4}, {row}), (floats{-9, -18, -7, -16}));
  EXPECT_EQ(run(op::mul, {2, 2}, {1, 2, 3, 4}, {row}), (floats{10, 40, 30, 80}));
  EXPECT_EQ(run(op::div, {2, 2}, {10, 20, 30, 40}, {row}), (floats{1, 1, 3, 2}));
  EXPECT_EQ(run(op::max, {2, 2}, {1, 200, 3, 4}, {row}), (floats{10, 200, 10, 20}));
}

TEST(host_operators, reductions) {
  const floats x = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(run(op::reduce_mean, {1, 2, 3}, x, {}, {{"axes", ints{2}}, {"keepdims", std::int64_t{0}}}), (floats{2, 5}));
  EXPECT_EQ(run(op::global_max_pool, {1, 2, 1, 3}, x), (floats{3, 6}));
  EXPECT_EQ(run(op::global_average_pool, {1, 2, 1, 3}, x), (floats{2, 5}));
}

TEST(host_operators, move_data) {
  EXPECT_EQ(run(op::transpose, {1, 2, 3}, {1, 2, 3, 4, 5, 6}, {}, {{"perm", ints{0, 2, 1}}}),
            (floats{1, 4, 2, 5, 3, 6}));
}

TEST(host_operators, say_what_would_be_needed) {
  graph::node n;
  n.kind = op::arg_max;
  EXPECT_FALSE(host_supports(n));
  EXPECT_NE(host_needs(n).find("needed"), std::string::npos);
  n.kind = op::lrn;
  EXPECT_NE(host_needs(n).find("LRN"), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::quantization
