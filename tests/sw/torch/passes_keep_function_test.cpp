#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sw/graph/build.hpp"
#include "sw/graph/passes.hpp"
#include "sw/torch/float_executor.hpp"

namespace cimbalom {
namespace {

using graph::add_input;
using graph::add_node;
using graph::data_type;
using graph::op;
using graph::tensor;
using graph::value_id;
using ints = std::vector<std::int64_t>;

/// Random networks with everything the passes look for: pads, batch norms, identities, shape chains.
class random_network {
 public:
  explicit random_network(unsigned seed) : bits_(seed) {}

  graph::graph make() {
    value_id x = add_input(g_, "x", data_type::float32, {1, pick(1, 4), pick(5, 9), pick(5, 9)});
    const std::int64_t layers = pick(2, 5);
    for (std::int64_t i = 0; i < layers; ++i) x = layer(x);
    const value_id shape = add_node(g_, op::shape, "shape", {x});
    const value_id first = add_node(g_, op::gather, "first", {shape, list({0})});
    const value_id wanted = add_node(g_, op::concat, "wanted", {first, list({-1})}, {{"axis", std::int64_t{0}}});
    x = add_node(g_, op::reshape, "flat", {x, wanted});
    const std::int64_t features = g_.shape_of(x)[1];
    const bool transposed = pick(0, 1) == 1;
    x = add_node(g_, op::gemm, "gemm",
                 {x, floats(transposed ? graph::shape_t{6, features} : graph::shape_t{features, 6}),
                  floats({pick(0, 1) == 1 ? 1 : 6})},
                 {{"transB", std::int64_t{transposed}}, {"beta", 0.5F}});
    x = norm(x);
    g_.outputs = {add_node(g_, op::identity, "y", {x})};
    return g_;
  }

  tensor floats(const graph::shape_t& shape, float low, float high) {
    std::vector<float> values(static_cast<std::size_t>(graph::element_count(shape)));
    for (float& v : values) v = low + (high - low) * static_cast<float>(bits_() % 4096) / 4096.0F;
    return tensor::of(shape, values);
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(bits_() % static_cast<unsigned>(high - low + 1));
  }
  value_id floats(const graph::shape_t& shape) { return g_.add_constant("c", floats(shape, -1, 1)); }
  value_id list(const ints& values) {
    return g_.add_constant("l", tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }

  value_id norm(value_id x) {
    const std::int64_t c = g_.shape_of(x)[1];
    const value_id variance = g_.add_constant("variance", floats({c}, 0.5F, 2));
    return add_node(g_, op::batch_normalization, "norm", {x, floats({c}), floats({c}), floats({c}), variance});
  }

  value_id layer(value_id x) {
    if (pick(0, 1) == 1) {
      const value_id value = g_.add_constant("v", tensor::scalar(pick(0, 3) == 0 ? 0.5F : 0.0F));
      x = add_node(g_, op::pad, "pad", {x, list({0, 0, pick(0, 2), pick(0, 2), 0, 0, pick(0, 2), pick(0, 2)}), value});
    }
    if (pick(0, 3) == 0) x = add_node(g_, op::average_pool, "pool", {x}, {{"kernel_shape", ints{2, 2}}});
    const std::int64_t c = g_.shape_of(x)[1];
    const bool depthwise = pick(0, 2) == 0;
    const value_id w = floats({depthwise ? c : pick(1, 5), depthwise ? 1 : c, pick(1, 3), pick(1, 3)});
    std::vector<value_id> inputs = {x, w};
    if (pick(0, 1) == 1) inputs.push_back(floats({g_.shape_of(w)[0]}));
    x = add_node(g_, op::conv, "conv", inputs,
                 {{"group", depthwise ? c : std::int64_t{1}},
                  {"auto_pad", std::string(pick(0, 1) ? "SAME_UPPER" : "SAME_LOWER")}});
    if (pick(0, 2) > 0) x = norm(x);
    if (pick(0, 1) == 1) x = add_node(g_, op::dropout, "drop", {x});
    return add_node(g_, op::relu, "relu", {x});
  }

  std::mt19937 bits_;
  graph::graph g_;
};

TEST(Passes, KeepTheFunctionOfRandomNetworks) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    random_network network(seed);
    const graph::graph original = network.make();
    graph::graph simplified = original;
    graph::simplify(simplified);
    EXPECT_LT(simplified.nodes.size(), original.nodes.size()) << seed;
    graph::shape_t shape = original.shape_of(original.inputs[0]);
    shape[0] = 2;
    const tensor x = network.floats(shape, -1, 1);
    const std::vector<float> a = torch::load_float_executor(original)->run({x})[0].as_floats();
    const std::vector<float> b = torch::load_float_executor(simplified)->run({x})[0].as_floats();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4 * (1 + std::abs(a[i]))) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cimbalom
