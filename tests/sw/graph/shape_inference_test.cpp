#include "sw/graph/shape_inference.hpp"

#include <gtest/gtest.h>

#include "sw/graph/build.hpp"
#include "sw/graph/parameters.hpp"
#include "tests/sw/graph/expect_refused.hpp"

namespace cimbalom::graph {
namespace {

using tests::expect_refused;
using ints = std::vector<std::int64_t>;
using attributes = std::map<std::string, attribute>;

struct maker {
  graph g;
  value_id input(shape_t shape, data_type type = data_type::float32) {
    return add_input(g, "x" + std::to_string(g.inputs.size()), type, std::move(shape));
  }
  value_id weight(shape_t shape, data_type type = data_type::float32) {
    return g.add_constant("w", tensor(type, shape));
  }
  value_id list(const ints& values) {
    return g.add_constant("list", tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  shape_t shape(op kind, const std::vector<value_id>& inputs, const attributes& with = {}) {
    return g.shape_of(add_node(g, kind, "node", inputs, with));
  }
  void refused(op kind, const std::vector<value_id>& inputs, const attributes& with, std::vector<std::string> parts) {
    parts.push_back("node node");
    graph copy = g;
    expect_refused([&] { add_node(copy, kind, "node", inputs, with); }, parts);
  }
};

TEST(Shapes, ConvolutionWithEveryParameter) {
  maker m;
  const value_id x = m.input({1, 8, 11, 13});
  const value_id w = m.weight({6, 4, 3, 3});
  const attributes with = {
      {"group", std::int64_t{2}}, {"strides", ints{2, 1}}, {"dilations", ints{1, 2}}, {"pads", ints{1, 0, 2, 3}}};
  // (11 + 3 - 3) / 2 + 1, (13 + 3 - 5) / 1 + 1
  EXPECT_EQ(m.shape(op::conv, {x, w}, with), (shape_t{1, 6, 6, 12}));
  EXPECT_EQ(macs_of(m.g, m.g.nodes.back()), 6 * 6 * 12 * 4 * 9);
}

TEST(Shapes, SamePaddingSplitsAsNamed) {
  maker m;
  const value_id x = m.input({1, 1, 5, 6});
  const value_id w = m.weight({1, 1, 4, 4});
  add_node(m.g, op::conv, "upper", {x, w}, {{"auto_pad", std::string("SAME_UPPER")}});
  const window upper = window_of(m.g, m.g.nodes.back());
  EXPECT_EQ(upper.pad_begin, (ints{1, 1}));
  EXPECT_EQ(upper.pad_end, (ints{2, 2}));
  EXPECT_EQ(upper.output, (ints{5, 6}));
  add_node(m.g, op::conv, "lower", {x, w}, {{"auto_pad", std::string("SAME_LOWER")}, {"strides", ints{2, 3}}});
  const window lower = window_of(m.g, m.g.nodes.back());
  EXPECT_EQ(lower.pad_begin, (ints{2, 1}));
  EXPECT_EQ(lower.pad_end, (ints{1, 0}));
  EXPECT_EQ(lower.output, (ints{3, 2}));
}

TEST(Shapes, ConvolutionRefusals) {
  maker m;
  const value_id x = m.input({1, 8, 4, 4});
  const value_id w = m.weight({6, 8, 3, 3});
  m.refused(op::conv, {x, w}, {{"group", std::int64_t{4}}}, {"group = 4", "must divide the 8 input and 6 output"});
  m.refused(op::conv, {x, w}, {{"group", std::int64_t{2}}},
            {"weight shape = [6, 8, 3, 3]", "input channels / group = 4"});
  m.refused(op::conv, {x, w}, {{"strides", ints{0, 1}}}, {"strides = [0, 1]", "must be in [1, 1048576]"});
  m.refused(op::conv, {x, w}, {{"pads", ints{1, 1}}}, {"pads = [1, 1]", "must have 4 entries"});
  m.refused(op::conv, {x, w}, {{"pads", ints{-1, 0, 0, 0}}}, {"pads", "must be in [0"});
  m.refused(op::conv, {x, w}, {{"dilations", ints{2, 2}}}, {"does not fit into the padded input"});
  m.refused(op::conv, {x, w}, {{"auto_pad", std::string("FULL")}}, {"auto_pad = FULL"});
  m.refused(op::conv, {x, w, m.weight({5})}, {}, {"bias shape = [5]", "must be [6]"});
  m.refused(op::conv, {x}, {}, {"inputs = 1", "must be 2 to 3"});
  m.refused(op::conv, {m.input({4, 4}), w}, {}, {"input shape = [4, 4]"});
  m.refused(op::conv, {m.input({1, 8, 4, 4}, data_type::int8), w}, {}, {"int8", "does not take it"});
}

TEST(Shapes, PoolsRoundUpInCeilMode) {
  maker m;
  const value_id x = m.input({1, 3, 6, 6});
  const attributes floor = {{"kernel_shape", ints{3, 3}}, {"strides", ints{2, 2}}};
  attributes ceil = floor;
  ceil["ceil_mode"] = std::int64_t{1};
  EXPECT_EQ(m.shape(op::max_pool, {x}, floor), (shape_t{1, 3, 2, 2}));
  EXPECT_EQ(m.shape(op::max_pool, {x}, ceil), (shape_t{1, 3, 3, 3}));
  // A last window that would lie in the end padding alone is left out.
  EXPECT_EQ(m.shape(op::average_pool, {m.input({1, 1, 4, 4})},
                    {{"kernel_shape", ints{1, 1}},
                     {"strides", ints{4, 4}},
                     {"ceil_mode", std::int64_t{1}},
                     {"pads", ints{0, 0, 1, 1}}}),
            (shape_t{1, 1, 1, 1}));
  m.refused(op::max_pool, {x}, {}, {"kernel_shape", "is required"});
}

TEST(Shapes, Matrices) {
  maker m;
  EXPECT_EQ(m.shape(op::mat_mul, {m.input({5, 1, 2, 3}), m.input({4, 3, 7})}), (shape_t{5, 4, 2, 7}));
  EXPECT_EQ(m.shape(op::mat_mul, {m.input({3}), m.input({3, 7})}), (shape_t{7}));
  EXPECT_EQ(m.shape(op::mat_mul, {m.input({2, 3}), m.input({3})}), (shape_t{2}));
  m.refused(op::mat_mul, {m.input({2, 3}), m.input({4, 3})}, {}, {"inner extents must be equal"});
  const attributes transposed = {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}};
  EXPECT_EQ(m.shape(op::gemm, {m.input({3, 2}), m.input({5, 3}), m.input({5})}, transposed), (shape_t{2, 5}));
  m.refused(op::gemm, {m.input({2, 3}), m.input({3, 5}), m.input({4})}, {}, {"input shapes", "do not broadcast"});
}

TEST(Shapes, Broadcasting) {
  maker m;
  EXPECT_EQ(m.shape(op::add, {m.input({3, 1, 5}), m.input({4, 1})}), (shape_t{3, 4, 5}));
  EXPECT_EQ(m.shape(op::max, {m.input({2, 1}), m.input({1, 3}), m.input({})}), (shape_t{2, 3}));
  m.refused(op::mul, {m.input({3}), m.input({4})}, {}, {"[3] and [4]", "do not broadcast"});
  m.refused(op::add, {m.input({3}), m.input({3}, data_type::int8)}, {}, {"float32 and int8", "must be equal"});
}

TEST(Shapes, Reshape) {
  maker m;
  const value_id x = m.input({2, 3, 4});
  EXPECT_EQ(m.shape(op::reshape, {x, m.list({0, -1})}), (shape_t{2, 12}));
  EXPECT_EQ(m.shape(op::reshape, {x, m.list({24})}), (shape_t{24}));
  m.refused(op::reshape, {x, m.list({5, -1})}, {}, {"shape = [5, -1]", "must hold the 24 elements"});
  m.refused(op::reshape, {x, m.list({-1, -1})}, {}, {"-1 once"});
  m.refused(op::reshape, {x, m.input({2}, data_type::int64)}, {}, {"input 1", "must be a constant"});
}

TEST(Shapes, LayoutOperators) {
  maker m;
  const value_id x = m.input({1, 3, 4, 5});
  EXPECT_EQ(m.shape(op::transpose, {x}), (shape_t{5, 4, 3, 1}));
  EXPECT_EQ(m.shape(op::transpose, {x}, {{"perm", ints{0, 2, 3, 1}}}), (shape_t{1, 4, 5, 3}));
  EXPECT_EQ(m.shape(op::flatten, {x}, {{"axis", std::int64_t{2}}}), (shape_t{3, 20}));
  EXPECT_EQ(m.shape(op::flatten, {x}, {{"axis", std::int64_t{-1}}}), (shape_t{12, 5}));
  EXPECT_EQ(m.shape(op::squeeze, {x, m.list({0})}), (shape_t{3, 4, 5}));
  EXPECT_EQ(m.shape(op::unsqueeze, {x, m.list({0, -1})}), (shape_t{1, 1, 3, 4, 5, 1}));
  EXPECT_EQ(m.shape(op::concat, {x, x}, {{"axis", std::int64_t{1}}}), (shape_t{1, 6, 4, 5}));
  EXPECT_EQ(m.shape(op::concat, {x, m.input({1, 2, 4, 5}), x}, {{"axis", std::int64_t{-3}}}), (shape_t{1, 8, 4, 5}));
  EXPECT_EQ(m.shape(op::pad, {x, m.list({0, 0, 1, -1, 0, 0, 2, 0})}), (shape_t{1, 3, 7, 4}));
  EXPECT_EQ(m.shape(op::expand, {x, m.list({2, 1, 1, 1})}), (shape_t{2, 3, 4, 5}));
  EXPECT_EQ(m.shape(op::tile, {x, m.list({1, 1, 2, 3})}), (shape_t{1, 3, 8, 15}));
  EXPECT_EQ(m.shape(op::gather, {x, m.input({2, 2}, data_type::int64)}, {{"axis", std::int64_t{3}}}),
            (shape_t{1, 3, 4, 2, 2}));
  EXPECT_EQ(m.shape(op::space_to_depth, {m.input({1, 2, 4, 6})}, {{"blocksize", std::int64_t{2}}}),
            (shape_t{1, 8, 2, 3}));
  m.refused(op::transpose, {x}, {{"perm", ints{0, 1, 1, 2}}}, {"perm", "each of the 4 axes once"});
  m.refused(op::squeeze, {x, m.list({1})}, {}, {"must be of extent 1"});
  m.refused(op::concat, {x, m.input({1, 3, 4})}, {{"axis", std::int64_t{1}}}, {"must agree with input 0"});
  m.refused(op::concat, {x, x}, {}, {"axis: is required"});
}

TEST(Shapes, SliceClampsAndSteps) {
  maker m;
  const value_id x = m.input({10, 7});
  const auto slice = [&](const ints& starts, const ints& ends, const ints& axes, const ints& steps) {
    return m.shape(op::slice, {x, m.list(starts), m.list(ends), m.list(axes), m.list(steps)});
  };
  EXPECT_EQ(slice({2}, {9}, {0}, {3}), (shape_t{3, 7}));
  EXPECT_EQ(slice({-1}, {-100}, {1}, {-2}), (shape_t{10, 4}));
  EXPECT_EQ(slice({5}, {2}, {0}, {1}), (shape_t{0, 7}));
  EXPECT_EQ(slice({0}, {std::numeric_limits<std::int64_t>::max()}, {-1}, {1}), (shape_t{10, 7}));
  m.refused(op::slice, {x, m.list({0}), m.list({1}), m.list({0}), m.list({0})}, {}, {"steps", "must not be 0"});
  m.refused(op::slice, {x, m.list({0}), m.list({1}), m.list({2})}, {}, {"axis = 2", "must be in [-2, 1]"});
}

TEST(Shapes, Reductions) {
  maker m;
  const value_id x = m.input({2, 3, 4});
  EXPECT_EQ(m.shape(op::reduce_mean, {x}), (shape_t{1, 1, 1}));
  EXPECT_EQ(m.shape(op::reduce_mean, {x, m.list({-1, 0})}, {{"keepdims", std::int64_t{0}}}), (shape_t{3}));
  EXPECT_EQ(m.shape(op::reduce_sum, {x, m.list({})}, {{"noop_with_empty_axes", std::int64_t{1}}}), (shape_t{2, 3, 4}));
  EXPECT_EQ(m.shape(op::arg_max, {x}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}}), (shape_t{2, 4}));
  m.refused(op::reduce_max, {x, m.list({1, 1})}, {}, {"axes", "must not repeat"});
}

TEST(Shapes, Quantization) {
  maker m;
  const value_id x = m.input({1, 4, 2});
  const value_id scales = m.g.add_constant("s", tensor::of<float>({4}, {1, 2, 3, 4}));
  const value_id zeros = m.g.add_constant("z", tensor(data_type::int8, {4}));
  const value_id q = add_node(m.g, op::quantize_linear, "q", {x, scales, zeros});
  EXPECT_EQ(m.g.info(q).type, data_type::int8);
  EXPECT_EQ(m.g.info(add_node(m.g, op::dequantize_linear, "d", {q, scales, zeros})).type, data_type::float32);
  m.refused(op::quantize_linear, {x, scales}, {{"axis", std::int64_t{2}}}, {"scale shape = [4]", "along axis 2"});
  m.refused(op::dequantize_linear, {q, scales, m.g.add_constant("u", tensor(data_type::uint8, {4}))}, {},
            {"zero point type = uint8", "must be int8"});
}

TEST(Shapes, IntegerProducts) {
  maker m;
  const value_id x = m.input({1, 2, 4, 4}, data_type::uint8);
  const value_id w = m.weight({3, 2, 3, 3}, data_type::int8);
  EXPECT_EQ(m.shape(op::conv_integer, {x, w}), (shape_t{1, 3, 2, 2}));
  m.refused(op::conv_integer, {x, w, m.weight({}, data_type::int8)}, {}, {"input 2: type = int8", "must be uint8"});
  m.refused(op::conv_integer, {x, w, no_value, m.weight({2}, data_type::int8)}, {},
            {"input 3: shape = [2]", "must be one element or 3"});
  m.refused(op::mat_mul_integer, {m.input({2, 3}, data_type::int8), m.weight({3, 2}, data_type::int32)}, {},
            {"input 1 = int32", "must be int8 or uint8"});
}

TEST(Shapes, SizesAreBounded) {
  maker m;
  const value_id x = m.input({1, 1});
  m.refused(op::expand, {x, m.list({1 << 30, 1 << 30})}, {}, {"output shape", "2^33"});
  m.refused(op::constant_of_shape, {m.list({1 << 20, 1 << 20})}, {}, {"2^33"});
  m.refused(op::constant_of_shape, {m.list({1 << 15, 1 << 15})}, {}, {"at most 1 GiB"});
}

}  // namespace
}  // namespace cimbalom::graph
