#include "sw/graph/tensor.hpp"

#include <gtest/gtest.h>

namespace cimbalom::graph {
namespace {

TEST(Tensor, HoldsValuesOfItsType) {
  const tensor t = tensor::of<std::int8_t>({2, 2}, {-128, -1, 0, 127});
  EXPECT_EQ(t.type(), data_type::int8);
  EXPECT_EQ(t.size(), 4);
  EXPECT_EQ(t.size_bytes(), 4U);
  EXPECT_EQ(t.as_ints(), (std::vector<std::int64_t>{-128, -1, 0, 127}));
  EXPECT_EQ(t.as_floats(), (std::vector<float>{-128, -1, 0, 127}));
}

TEST(Tensor, StartsAtZero) {
  const tensor t(data_type::float32, {3});
  EXPECT_EQ(t.as_floats(), (std::vector<float>{0, 0, 0}));
  EXPECT_TRUE(t.has_data());
}

TEST(Tensor, ScalarAndEmpty) {
  EXPECT_EQ(tensor::scalar(2.5F).shape(), shape_t{});
  EXPECT_EQ(tensor::scalar(2.5F).size(), 1);
  EXPECT_EQ(tensor(data_type::int64, {3, 0}).size(), 0);
  EXPECT_EQ(tensor(data_type::int64, {3, 0}), tensor(data_type::int64, {3, 0}));
}

TEST(Tensor, RefusesWrongAccess) {
  tensor t(data_type::float32, {1});
  EXPECT_THROW(t.data<double>(), std::logic_error);
  EXPECT_THROW(tensor::of<float>({2}, {1.0F}), std::logic_error);
  EXPECT_THROW(t.reshaped({2}), std::logic_error);
  EXPECT_THROW(tensor::without_data(data_type::float32, {1}).as_floats(), std::logic_error);
}

TEST(Tensor, WithoutDataKeepsShape) {
  const tensor t = tensor::without_data(data_type::int8, {64, 3});
  EXPECT_FALSE(t.has_data());
  EXPECT_EQ(t.size_bytes(), 192U);
  EXPECT_NE(t, tensor(data_type::int8, {64, 3}));
}

TEST(Tensor, EveryTypeHasNameSizeAndVisitor) {
  for (data_type type :
       {data_type::float32, data_type::float64, data_type::int8, data_type::int16, data_type::int32, data_type::int64,
        data_type::uint8, data_type::uint16, data_type::uint32, data_type::uint64, data_type::boolean}) {
    EXPECT_STRNE(name_of(type), "undefined");
    visit_type(type, [&](auto zero) {
      EXPECT_EQ(type_of<decltype(zero)>(), type);
      EXPECT_EQ(sizeof(zero), bytes_of(type));
    });
    const tensor t(type, {4});
    EXPECT_EQ(t.as_doubles(), (std::vector<double>{0, 0, 0, 0}));
  }
  EXPECT_THROW(visit_type(data_type::undefined, [](auto) {}), std::logic_error);
}

}  // namespace
}  // namespace cimbalom::graph
