#include "sw/graph/evaluate_constant.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "sw/graph/layout.hpp"
#include "sw/graph/messages.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

template <class T>
T wrapped(T a, T b, op kind) {
  // Unsigned arithmetic: integer overflow wraps as on every ONNX runtime, and is defined.
  using word = std::uint64_t;
  const auto x = static_cast<word>(static_cast<std::int64_t>(a));
  const auto y = static_cast<word>(static_cast<std::int64_t>(b));
  return static_cast<T>(kind == op::add ? x + y : kind == op::sub ? x - y : x * y);
}

/// Out-of-range and NaN conversions to an integer give 0, as C++ leaves them undefined.
template <class To, class From>
To cast_one(From x) {
  if constexpr (std::is_same_v<To, bool>) return x != From{};
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    const double v = std::trunc(static_cast<double>(x));
    if (!(v >= -9.2e18 && v <= 9.2e18)) return To{};
    return static_cast<To>(static_cast<std::int64_t>(v));
  }
  return static_cast<To>(x);
}

template <class T>
T combine(const graph& g, const node& n, T a, T b) {
  switch (n.kind) {
    case op::max:
      return std::max(a, b);
    case op::min:
      return std::min(a, b);
    case op::pow:
      return cast_one<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
    case op::div:
      if constexpr (std::is_integral_v<T>) {
        if (b == 0) refuse(g, n, "divisor", "0", "must not be 0");
        if constexpr (std::is_signed_v<T>)
          if (b == T{-1}) return wrapped<T>(T{0}, a, op::sub);
      }
      return static_cast<T>(a / b);
    default:
      break;
  }
  if constexpr (std::is_integral_v<T>) return wrapped(a, b, n.kind);
  if (n.kind == op::mul) return a * b;
  return n.kind == op::sub ? a - b : a + b;
}

template <class T>
T apply(op kind, T a) {
  if constexpr (std::is_integral_v<T>) {
    if (kind == op::neg) return wrapped<T>(T{0}, a, op::sub);
    if (kind == op::abs) return a < T{0} ? wrapped<T>(T{0}, a, op::sub) : a;
    return a < T{0} ? T{0} : a;  // relu
  } else {
    switch (kind) {
      case op::neg:
        return -a;
      case op::abs:
        return std::abs(a);
      case op::sqrt:
        return std::sqrt(a);
      case op::floor:
        return std::floor(a);
      case op::ceil:
        return std::ceil(a);
      default:
        return a < T{0} ? T{0} : a;
    }
  }
}

tensor binary(const graph& g, const node& n, const tensor& a, const tensor& b) {
  const shape_t shape = broadcast(g, n, a.shape(), b.shape());
  const tensor left = expanded(a, shape);
  const tensor right = expanded(b, shape);
  tensor out(a.type(), shape);
  visit_type(a.type(), [&](auto zero) {
    using element = decltype(zero);
    if constexpr (!std::is_same_v<element, bool>)
      for (std::int64_t i = 0; i < out.size(); ++i)
        out.data<element>()[i] = combine(g, n, left.data<element>()[i], right.data<element>()[i]);
  });
  return out;
}

tensor unary(const node& n, const tensor& a) {
  tensor out = a;
  visit_type(a.type(), [&](auto zero) {
    using element = decltype(zero);
    if constexpr (!std::is_same_v<element, bool>)
      std::transform(a.data<element>(), a.data<element>() + a.size(), out.data<element>(),
                     [&](element x) { return apply(n.kind, x); });
  });
  return out;
}

tensor cast(const graph& g, const node& n, const tensor& a) {
  const data_type to = g.info(n.output()).type;
  tensor out(to, a.shape());
  visit_type(a.type(), [&](auto from_zero) {
    using from = decltype(from_zero);
    visit_type(to, [&](auto to_zero) {
      using element = decltype(to_zero);
      std::transform(a.data<from>(), a.data<from>() + a.size(), out.data<element>(), cast_one<element, from>);
    });
  });
  return out;
}

tensor filled(const graph& g, const node& n) {
  const value_info& info = g.info(n.output());
  const std::int64_t bytes = element_count(info.shape) * static_cast<std::int64_t>(bytes_of(info.type));
  if (bytes > most_constant_bytes) refuse(g, n, "output shape", to_text(info.shape), "must be at most 1 GiB");
  if (!n.has("value")) return tensor(info.type, info.shape);
  return expanded(std::get<tensor>(n.attributes.at("value")).reshaped({}), info.shape);
}

tensor shape_values(const graph& g, const node& n) {
  const shape_t& x = g.shape_of(n.inputs[0]);
  const auto rank = static_cast<std::int64_t>(x.size());
  std::int64_t start = n.int_or("start", 0);
  if (start < 0) start += rank;
  start = std::clamp<std::int64_t>(start, 0, rank);
  const std::int64_t count = element_count(g.shape_of(n.output()));
  return tensor::of<std::int64_t>({count}, {x.begin() + start, x.begin() + start + count});
}

/// Inputs as constants; empty optional inputs as nullptr. False when one is not a constant with data.
bool gather_inputs(const graph& g, const node& n, std::vector<const tensor*>& inputs) {
  for (value_id in : n.inputs) {
    const tensor* data = in == no_value ? nullptr : g.constant(in);
    if (in != no_value && (data == nullptr || !data->has_data())) return false;
    inputs.push_back(data);
  }
  return !inputs.empty() && inputs[0] != nullptr;
}

/// Results beyond this stay nodes: folding must not make a small file huge.
constexpr std::int64_t most_folded_elements = std::int64_t{1} << 26;

}  // namespace

bool evaluate_constant(const graph& g, const node& n, std::vector<tensor>& outputs) {
  outputs.clear();
  if (n.kind == op::constant) return outputs.push_back(std::get<tensor>(n.attributes.at("value"))), true;
  if (n.kind == op::shape) return outputs.push_back(shape_values(g, n)), true;
  if (n.kind == op::constant_of_shape) return outputs.push_back(filled(g, n)), true;
  std::vector<const tensor*> inputs;
  if (!gather_inputs(g, n, inputs)) return false;
  for (value_id out : n.outputs)
    if (out != no_value && element_count(g.shape_of(out)) > most_folded_elements) return false;
  switch (n.kind) {
    case op::add:
    case op::sub:
    case op::mul:
    case op::div:
    case op::pow:
      if (inputs[0]->type() != inputs[1]->type()) return false;
      return outputs.push_back(binary(g, n, *inputs[0], *inputs[1])), true;
    case op::max:
    case op::min: {
      tensor sum = *inputs[0];
      for (std::size_t k = 1; k < inputs.size(); ++k) sum = binary(g, n, sum, *inputs[k]);
      return outputs.push_back(std::move(sum)), true;
    }
    case op::neg:
    case op::abs:
    case op::sqrt:
    case op::floor:
    case op::ceil:
    case op::relu:
      return outputs.push_back(unary(n, *inputs[0])), true;
    case op::cast:
      return outputs.push_back(cast(g, n, *inputs[0])), true;
    default:
      return n.kind != op::dropout && move_layout(g, n, inputs, outputs);
  }
}

}  // namespace cimbalom::graph
