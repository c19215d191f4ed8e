#pragma once

// Template bodies of tensor.hpp; include that one.

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "sw/graph/tensor.hpp"

namespace cimbalom::graph {

template <class T>
constexpr data_type type_of() {
  if constexpr (std::is_same_v<T, float>) return data_type::float32;
  if constexpr (std::is_same_v<T, double>) return data_type::float64;
  if constexpr (std::is_same_v<T, std::int8_t>) return data_type::int8;
  if constexpr (std::is_same_v<T, std::int16_t>) return data_type::int16;
  if constexpr (std::is_same_v<T, std::int32_t>) return data_type::int32;
  if constexpr (std::is_same_v<T, std::int64_t>) return data_type::int64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return data_type::uint8;
  if constexpr (std::is_same_v<T, std::uint16_t>) return data_type::uint16;
  if constexpr (std::is_same_v<T, std::uint32_t>) return data_type::uint32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return data_type::uint64;
  if constexpr (std::is_same_v<T, bool>) return data_type::boolean;
  return data_type::undefined;
}

template <class T>
tensor tensor::of(shape_t shape, const std::vector<T>& values) {
  static_assert(type_of<T>() != data_type::undefined, "not an element type");
  tensor made(type_of<T>(), std::move(shape));
  if (made.size() != static_cast<std::int64_t>(values.size()))
    throw std::logic_error("tensor::of: " + std::to_string(values.size()) + " values for " + to_text(made.shape()));
  std::copy(values.begin(), values.end(), made.data<T>());
  return made;
}

template <class F>
auto visit_type(data_type type, F&& f) {
  switch (type) {
    case data_type::float32:
      return f(float{});
    case data_type::float64:
      return f(double{});
    case data_type::int8:
      return f(std::int8_t{});
    case data_type::int16:
      return f(std::int16_t{});
    case data_type::int32:
      return f(std::int32_t{});
    case data_type::int64:
      return f(std::int64_t{});
    case data_type::uint8:
      return f(std::uint8_t{});
    case data_type::uint16:
      return f(std::uint16_t{});
    case data_type::uint32:
      return f(std::uint32_t{});
    case data_type::uint64:
      return f(std::uint64_t{});
    case data_type::boolean:
      return f(bool{});
    case data_type::undefined:
      break;
  }
  throw std::logic_error("visit_type: undefined element type");
}

}  // namespace cimbalom::graph
