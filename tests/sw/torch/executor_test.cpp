#include "sw/torch/float_executor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sw/graph/build.hpp"
#include "tests/sw/graph/expect_refused.hpp"

namespace cimbalom {
namespace {

using graph::add_input;
using graph::add_node;
using graph::data_type;
using graph::op;
using graph::tensor;
using graph::value_id;
using tests::expect_refused;
using ints = std::vector<std::int64_t>;

tensor list(const ints& values) {
  return tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

/// x [1, 2] -> Gemm -> Relu -> y, batched.
graph::graph small() {
  graph::graph g;
  g.file = "small.onnx";
  const value_id x = add_input(g, "x", data_type::float32, {1, 2});
  const value_id w = g.add_constant("w", tensor::of<float>({2, 2}, {1, -1, 2, 1}));
  const value_id b = g.add_constant("b", tensor::of<float>({2}, {0, 1}));
  const value_id product = add_node(g, op::gemm, "product", {x, w, b});
  g.outputs = {add_node(g, op::relu, "y", {product})};
  return g;
}

TEST(Executor, RunsOneImageAndMany) {
  const auto executor = torch::load_float_executor(small());
  EXPECT_EQ(executor->run({tensor::of<float>({1, 2}, {1, 2})})[0], tensor::of<float>({1, 2}, {5, 2}));
  EXPECT_EQ(executor->run({tensor::of<float>({3, 2}, {1, 2, -1, 0, 0, 1})})[0],
            tensor::of<float>({3, 2}, {5, 2, 0, 2, 2, 2}));
}

TEST(Executor, ShowsEveryValueOnce) {
  const graph::graph g = small();
  std::vector<std::string> names;
  const auto outputs = torch::load_float_executor(g)->run_all({tensor::of<float>({1, 2}, {-1, 0})},
                                                              [&](value_id id, const tensor& value) {
                                                                names.push_back(g.info(id).name);
                                                                EXPECT_EQ(value.shape(), (graph::shape_t{1, 2}));
                                                                if (g.info(id).name == "product") {
                                                                  EXPECT_EQ(value, tensor::of<float>({1, 2}, {-1, 2}));
                                                                }
                                                              });
  EXPECT_EQ(names, (std::vector<std::string>{"x", "product", "y"}));
  EXPECT_EQ(outputs[0], tensor::of<float>({1, 2}, {0, 2}));
}

TEST(Executor, RefusesInputsThatAreNotTheGraphs) {
  const auto executor = torch::load_float_executor(small());
  expect_refused([&] { executor->run({}); }, {"small.onnx", "inputs = 0", "must be 1"});
  expect_refused([&] { executor->run({tensor(data_type::float64, {1, 2})}); }, {"input x: type = float64"});
  expect_refused(
      [&] {
        executor->run({tensor(data_type::float32, {1, 3})});
      },
      {"input x: shape = [1, 3]", "must be [1, 2], or more images"});
  expect_refused([&] { executor->run({tensor(data_type::float32, {2})}); }, {"input x: shape = [2]"});
}

TEST(Executor, RefusesTopologies) {
  graph::graph g = small();
  g.initializers.at(g.find("w")) = tensor::without_data(data_type::float32, {2, 2});
  expect_refused([&] { torch::load_float_executor(g); }, {"initializer = w", "a topology cannot be run"});
}

TEST(Executor, NamesTheNodeThatFails) {
  graph::graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 4});
  const value_id index = add_input(g, "index", data_type::int64, {2}, false);
  g.outputs = {add_node(g, op::gather, "pick", {x, index}, {{"axis", std::int64_t{1}}})};
  const auto executor = torch::load_float_executor(g);
  EXPECT_EQ(executor->run({tensor::of<float>({1, 4}, {1, 2, 3, 4}), list({-1, 0})})[0].as_floats(),
            (std::vector<float>{4, 1}));
  try {
    executor->run({tensor(data_type::float32, {1, 4}), list({9, 0})});
    FAIL();
  } catch (const run_error& error) {
    EXPECT_NE(std::string(error.what()).find("node pick (Gather)"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST(Executor, RunsImageByImageWhatMixesImages) {
  graph::graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 2});
  const value_id flat = add_node(g, op::reshape, "flat", {x, g.add_constant("two", list({2}))});
  g.outputs = {add_node(g, op::softmax, "y", {flat})};
  const std::vector<float> y =
      torch::load_float_executor(g)->run({tensor::of<float>({2, 2}, {0, 0, 0, 100})})[0].as_floats();
  EXPECT_EQ(y[0], 0.5F);
  EXPECT_NEAR(y[2], 0, 1e-30);
  EXPECT_EQ(y[3], 1);
}

TEST(Executor, BatchGrowsThroughReshapeAndTranspose) {
  graph::graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 2, 3});
  const value_id t = add_node(g, op::transpose, "t", {x}, {{"perm", ints{1, 0, 2}}});
  const value_id r = add_node(g, op::reshape, "r", {t, g.add_constant("shape", list({2, 1, 1, 3}))});
  const value_id back = add_node(g, op::transpose, "back", {r}, {{"perm", ints{1, 2, 0, 3}}});
  g.outputs = {add_node(g, op::flatten, "y", {back})};
  std::vector<float> values(24);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const tensor y = torch::load_float_executor(g)->run({tensor::of<float>({4, 2, 3}, values)})[0];
  EXPECT_EQ(y, tensor::of<float>({4, 6}, values));
}

/// One node on one input; its output.
tensor apply(op kind, const tensor& x, const std::vector<tensor>& constants,
             std::map<std::string, graph::attribute> with = {}) {
  graph::graph g;
  std::vector<value_id> inputs = {add_input(g, "x", x.type(), x.shape(), false)};
  for (const tensor& data : constants) inputs.push_back(g.add_constant("c", data));
  g.outputs = {add_node(g, kind, "n", inputs, std::move(with))};
  return torch::load_float_executor(g)->run({x})[0];
}

TEST(Quantize, RoundsHalfToEvenAndSaturates) {
  const tensor x = tensor::of<float>({7}, {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 1000, -1000});
  EXPECT_EQ(apply(op::quantize_linear, x, {tensor::scalar(1.0F), tensor::scalar(std::int8_t{0})}),
            tensor::of<std::int8_t>({7}, {0, 2, 2, 0, -2, 127, -128}));
  EXPECT_EQ(apply(op::quantize_linear, x, {tensor::scalar(1.0F), tensor::scalar(std::uint8_t{128})}),
            tensor::of<std::uint8_t>({7}, {128, 130, 130, 128, 126, 255, 0}));
}

TEST(Quantize, DequantizesInt32Exactly) {
  const tensor x = tensor::of<std::int32_t>({2}, {-16777216, 3});
  EXPECT_EQ(apply(op::dequantize_linear, x, {tensor::scalar(0.5F)}), tensor::of<float>({2}, {-8388608.0F, 1.5F}));
}

TEST(Integers, LongSumsAreExact) {
  // 4096 products of -128 * 127 and one of 1: float32 sums would lose the last.
  constexpr std::int64_t k = 4097;
  std::vector<std::int8_t> a(k, -128);
  std::vector<std::int8_t> b(k, 127);
  a[0] = b[0] = 1;
  EXPECT_EQ(apply(op::mat_mul_integer, tensor::of<std::int8_t>({1, k}, a), {tensor::of<std::int8_t>({k, 1}, b)}),
            tensor::of<std::int32_t>({1, 1}, {4096 * -16256 + 1}));
}

TEST(Integers, ConvolutionPadsWithTheZeroPoint) {
  const tensor x = tensor::of<std::uint8_t>({1, 1, 1, 2}, {10, 20});
  const tensor w = tensor::of<std::int8_t>({1, 1, 1, 3}, {1, 1, 1});
  EXPECT_EQ(apply(op::conv_integer, x, {w, tensor::scalar(std::uint8_t{10})}, {{"pads", ints{0, 1, 0, 1}}}),
            tensor::of<std::int32_t>({1, 1, 1, 2}, {10, 10}));
}

TEST(Pools, AsymmetricPaddingAndCeilMode) {
  const tensor x = tensor::of<float>({1, 1, 1, 4}, {1, 2, 3, 4});
  const std::map<std::string, graph::attribute> with = {{"kernel_shape", ints{1, 3}},
                                                        {"strides", ints{1, 2}},
                                                        {"pads", ints{0, 0, 0, 1}},
                                                        {"ceil_mode", std::int64_t{1}}};
  EXPECT_EQ(apply(op::max_pool, x, {}, with).as_floats(), (std::vector<float>{3, 4}));
  EXPECT_EQ(apply(op::average_pool, x, {}, with).as_floats(), (std::vector<float>{2, 3.5F}));
  auto counting = with;
  counting["count_include_pad"] = std::int64_t{1};
  const std::vector<float> y = apply(op::average_pool, x, {}, counting).as_floats();
  EXPECT_FLOAT_EQ(y[1], 7.0F / 3);
}

TEST(Pools, BytesKeepTheirType) {
  const tensor x = tensor::of<std::int8_t>({1, 1, 2, 2}, {-5, -6, -7, -8});
  EXPECT_EQ(apply(op::max_pool, x, {}, {{"kernel_shape", ints{2, 2}}, {"pads", ints{1, 1, 0, 0}}}),
            tensor::of<std::int8_t>({1, 1, 2, 2}, {-5, -5, -5, -5}));
}

TEST(Types, UnsignedWordsPassThrough) {
  const tensor x = tensor::of<std::uint16_t>({2}, {65535, 1});
  EXPECT_EQ(apply(op::max, x, {tensor::of<std::uint16_t>({1}, {2})}), tensor::of<std::uint16_t>({2}, {65535, 2}));
}

}  // namespace
}  // namespace cimbalom
