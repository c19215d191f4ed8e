#include <gtest/gtest.h>

#include "sw/graph/build.hpp"
#include "sw/graph/layout.hpp"
#include "sw/graph/passes.hpp"
#include "tests/sw/graph/expect_refused.hpp"

namespace cimbalom::graph {
namespace {

using tests::expect_refused;
using ints = std::vector<std::int64_t>;

tensor list(const ints& values) {
  return tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

tensor counting(const shape_t& shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return tensor::of(shape, values);
}

/// Folds one node of constants; its value.
tensor folded(op kind, const std::vector<tensor>& inputs, std::map<std::string, attribute> with = {}) {
  graph g;
  std::vector<value_id> ids;
  for (const tensor& data : inputs) ids.push_back(g.add_constant("c", data));
  const value_id y = add_node(g, kind, "n", ids, std::move(with));
  EXPECT_TRUE(g.nodes.empty());
  return g.initializers.at(y);
}

TEST(Constants, ArithmeticBroadcasts) {
  const tensor sum = folded(op::add, {tensor::of<float>({2, 1}, {1, 2}), tensor::of<float>({2}, {10, 20})});
  EXPECT_EQ(sum, tensor::of<float>({2, 2}, {11, 21, 12, 22}));
  EXPECT_EQ(folded(op::div, {list({-7, 7}), list({2, -2})}), list({-3, -3}));
  EXPECT_EQ(folded(op::mul, {list({1 << 30}), list({4})}), list({std::int64_t{1} << 32}));
  EXPECT_EQ(folded(op::pow, {list({3}), list({4})}), list({81}));
  EXPECT_EQ(folded(op::max, {list({1, 5}), list({3, 2})}), list({3, 5}));
  EXPECT_EQ(folded(op::neg, {list({4, -4})}), list({-4, 4}));
  EXPECT_EQ(folded(op::sub, {tensor::of<std::uint8_t>({1}, {3}), tensor::of<std::uint8_t>({1}, {5})}),
            tensor::of<std::uint8_t>({1}, {254}));
  expect_refused([] { folded(op::div, {list({1}), list({0})}); }, {"divisor = 0"});
}

TEST(Constants, CastTruncatesAndNeverOverflows) {
  const auto to = [](data_type type) {
    return std::map<std::string, attribute>{{"to", static_cast<std::int64_t>(type)}};
  };
  const tensor x = tensor::of<float>({4}, {-1.9F, 2.9F, 1e30F, 0});
  EXPECT_EQ(folded(op::cast, {x}, to(data_type::int64)), list({-1, 2, 0, 0}));
  EXPECT_EQ(folded(op::cast, {x}, to(data_type::boolean)), tensor::of<bool>({4}, {true, true, true, false}));
}

TEST(Constants, ShapeChainsDisappear) {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 3, 4, 5});
  const value_id shape = add_node(g, op::shape, "shape", {x});
  const value_id first = add_node(g, op::gather, "first", {shape, g.add_constant("zero", list({0}))});
  const value_id wanted =
      add_node(g, op::concat, "wanted", {first, g.add_constant("open", list({-1}))}, {{"axis", std::int64_t{0}}});
  g.outputs = {add_node(g, op::reshape, "y", {x, wanted})};
  EXPECT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.shape_of(g.outputs[0]), (shape_t{1, 60}));
}

TEST(Constants, Layout) {
  const tensor x = counting({2, 3});
  EXPECT_EQ(folded(op::transpose, {x}), tensor::of<float>({3, 2}, {0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(folded(op::slice, {x, list({-1}), list({-9}), list({1}), list({-2})}),
            tensor::of<float>({2, 2}, {2, 0, 5, 3}));
  EXPECT_EQ(folded(op::concat, {x, x}, {{"axis", std::int64_t{1}}}).as_floats(),
            (std::vector<float>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(folded(op::gather, {x, list({-1, 0})}, {{"axis", std::int64_t{1}}}).as_floats(),
            (std::vector<float>{2, 0, 5, 3}));
  EXPECT_EQ(folded(op::tile, {x, list({1, 2})}).as_floats(), (std::vector<float>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(folded(op::expand, {tensor::of<float>({2, 1}, {1, 2}), list({2, 2})}).as_floats(),
            (std::vector<float>{1, 1, 2, 2}));
  EXPECT_EQ(folded(op::unsqueeze, {x, list({0})}).shape(), (shape_t{1, 2, 3}));
  expect_refused([&] { folded(op::gather, {x, list({2})}); }, {"indices = 2", "extent 2"});
}

TEST(Constants, PadModes) {
  const tensor x = tensor::of<float>({3}, {1, 2, 3});
  const tensor pads = list({2, 1});
  const tensor nine = tensor::scalar(9.0F);
  EXPECT_EQ(folded(op::pad, {x, pads, nine}).as_floats(), (std::vector<float>{9, 9, 1, 2, 3, 9}));
  EXPECT_EQ(folded(op::pad, {x, pads}, {{"mode", std::string("edge")}}).as_floats(),
            (std::vector<float>{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(folded(op::pad, {x, pads}, {{"mode", std::string("reflect")}}).as_floats(),
            (std::vector<float>{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(folded(op::pad, {x, list({-1, 0})}).as_floats(), (std::vector<float>{2, 3}));
}

TEST(Constants, DepthToSpaceUndoesSpaceToDepth) {
  const tensor x = counting({1, 2, 4, 6});
  const std::map<std::string, attribute> block = {{"blocksize", std::int64_t{2}}};
  EXPECT_EQ(folded(op::depth_to_space, {folded(op::space_to_depth, {x}, block)}, block), x);
}

TEST(Constants, QuantizedWeightsKeepTheirScales) {
  graph g;
  const value_id w = g.add_constant("w", tensor::of<std::int8_t>({2}, {1, 2}));
  g.outputs = {add_node(g, op::dequantize_linear, "d", {w, g.add_constant("s", tensor::scalar(0.5F))})};
  EXPECT_EQ(fold_constants(g), 0);
  EXPECT_EQ(g.nodes.size(), 1U);
}

TEST(Constants, TopologiesKeepLargeWeightsWithoutData) {
  graph g;
  const value_id shape = g.add_constant("shape", list({512, 512}));
  const value_id y = g.add_value("y", data_type::undefined, {});
  append(g, {op::constant_of_shape, "n", {shape}, {y}, {}}, 9, true);
  EXPECT_FALSE(g.initializers.at(y).has_data());
  EXPECT_EQ(g.shape_of(y), (shape_t{512, 512}));
}

TEST(Layout, PlaceAtAndStrides) {
  tensor whole(data_type::float32, {3, 3});
  place_at(whole, counting({2, 2}), {1, 1});
  EXPECT_EQ(whole.as_floats(), (std::vector<float>{0, 0, 0, 0, 0, 1, 0, 2, 3}));
  EXPECT_EQ(strides_of({2, 3, 4}), (ints{12, 4, 1}));
  EXPECT_EQ(strided(counting({4}), {2}, {-2}, 3).as_floats(), (std::vector<float>{3, 1}));
}

}  // namespace
}  // namespace cimbalom::graph
