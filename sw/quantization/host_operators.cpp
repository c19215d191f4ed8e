#include "sw/quantization/host_operators.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "sw/graph/layout.hpp"
#include "sw/graph/operators.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::quantization {

using graph::node;
using graph::op;
using array = graph::tensor;  // float32 values; quantization::tensor describes them

namespace {

enum class work { none, move, unary, binary, reduction, softmax, per_channel };

work work_of(op kind) {
  switch (kind) {
    case op::reshape:
    case op::flatten:
    case op::squeeze:
    case op::unsqueeze:
    case op::transpose:
    case op::slice:
    case op::concat:
    case op::pad:
    case op::expand:
    case op::tile:
    case op::split:
    case op::depth_to_space:
    case op::space_to_depth:
    case op::identity:
    case op::dropout:
      return work::move;
    case op::relu:
    case op::clip:
    case op::abs:
    case op::neg:
    case op::exp:
    case op::log:
    case op::sqrt:
    case op::floor:
    case op::ceil:
    case op::sigmoid:
    case op::tanh:
    case op::leaky_relu:
    case op::hard_sigmoid:
    case op::hard_swish:
      return work::unary;
    case op::add:
    case op::sub:
    case op::mul:
    case op::div:
    case op::pow:
    case op::min:
    case op::max:
    case op::sum:
    case op::p_relu:
      return work::binary;
    case op::reduce_mean:
    case op::reduce_sum:
    case op::reduce_max:
    case op::reduce_min:
    case op::global_max_pool:
    case op::global_average_pool:
      return work::reduction;
    case op::softmax:
    case op::log_softmax:
      return work::softmax;
    case op::batch_normalization:
      return work::per_channel;
    default:
      return work::none;
  }
}

// Instructions an element: load, arithmetic and store; transcendental functions by a polynomial of some 20 to 40 steps.
std::uint64_t cost_of(op kind) {
  switch (kind) {
    case op::exp:
    case op::log:
    case op::sigmoid:
    case op::tanh:
      return 40;
    case op::pow:
      return 80;
    case op::softmax:
    case op::log_softmax:
      return 60;
    case op::div:
    case op::sqrt:
    case op::hard_swish:
      return 12;
    default:
      return 4;
  }
}

std::function<float(float)> unary_function(const graph::graph& g, const node& n) {
  switch (n.kind) {
    case op::relu:
      return [](float x) { return x > 0 ? x : 0.0F; };
    case op::clip: {
      const graph::clip_bounds b = graph::clip_of(g, n);
      const auto low = static_cast<float>(b.low), high = static_cast<float>(b.high);
      return [low, high](float x) { return std::min(std::max(x, low), high); };
    }
    case op::abs:
      return [](float x) { return std::fabs(x); };
    case op::neg:
      return [](float x) { return -x; };
    case op::exp:
      return [](float x) { return std::exp(x); };
    case op::log:
      return [](float x) { return std::log(x); };
    case op::sqrt:
      return [](float x) { return std::sqrt(x); };
    case op::floor:
      return [](float x) { return std::floor(x); };
    case op::ceil:
      return [](float x) { return std::ceil(x); };
    case op::sigmoid:
      return [](float x) { return 1 / (1 + std::exp(-x)); };
    case op::tanh:
      return [](float x) { return std::tanh(x); };
    case op::leaky_relu: {
      const float slope = n.float_or("alpha", 0.01F);
      return [slope](float x) { return x < 0 ? slope * x : x; };
    }
    case op::hard_sigmoid: {
      const float slope = n.float_or("alpha", 0.2F), offset = n.float_or("beta", 0.5F);
      return [slope, offset](float x) { return std::min(1.0F, std::max(0.0F, slope * x + offset)); };
    }
    default:
      return [](float x) { return x * std::min(1.0F, std::max(0.0F, x / 6 + 0.5F)); };
  }
}

float combine(op kind, float a, float b) {
  switch (kind) {
    case op::sub:
      return a - b;
    case op::mul:
      return a * b;
    case op::div:
      return a / b;
    case op::pow:
      return std::pow(a, b);
    case op::min:
      return std::min(a, b);
    case op::max:
      return std::max(a, b);
    case op::p_relu:
      return a < 0 ? a * b : a;
    default:
      return a + b;
  }
}

array run_binary(const graph::graph& g, const node& n, const std::vector<const array*>& inputs) {
  const graph::shape_t& shape = g.shape_of(n.output());
  array result = graph::expanded(*inputs.at(0), shape);
  auto* to = result.data<float>();
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    const array other = graph::expanded(*inputs[k], shape);
    const auto* from = other.data<float>();
    for (std::int64_t i = 0; i < result.size(); ++i) to[i] = combine(n.kind, to[i], from[i]);
  }
  return result;
}

std::vector<std::int64_t> reduced_axes(const graph::graph& g, const node& n) {
  if (n.kind != op::global_max_pool && n.kind != op::global_average_pool) return graph::axes_of(g, n);
  std::vector<std::int64_t> axes;
  for (std::size_t k = 2; k < g.shape_of(n.input(0)).size(); ++k) axes.push_back(static_cast<std::int64_t>(k));
  return axes;
}

array run_reduction(const graph::graph& g, const node& n, const array& x) {
  const std::vector<std::int64_t> axes = reduced_axes(g, n);
  const graph::shape_t& shape = x.shape();
  // Output strides by input axis: 0 along the reduced ones.
  std::vector<std::int64_t> strides(shape.size(), 0);
  std::int64_t stride = 1, count = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    const bool reduced = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(k)) != axes.end();
    strides[k] = reduced ? 0 : stride;
    (reduced ? count : stride) *= shape[k];
  }
  const bool largest = n.kind == op::reduce_max || n.kind == op::global_max_pool;
  const bool smallest = n.kind == op::reduce_min;
  const double start = largest    ? -std::numeric_limits<double>::infinity()
                       : smallest ? std::numeric_limits<double>::infinity()
                                  : 0;
  std::vector<double> sums(static_cast<std::size_t>(stride), start);
  const auto* from = x.data<float>();
  std::vector<std::int64_t> at(shape.size(), 0);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t to = 0;
    for (std::size_t k = 0; k < at.size(); ++k) to += at[k] * strides[k];
    double& sum = sums[static_cast<std::size_t>(to)];
    const auto value = static_cast<double>(from[i]);
    sum = largest ? std::max(sum, value) : smallest ? std::min(sum, value) : sum + value;
    for (std::size_t k = at.size(); k-- > 0 && ++at[k] == shape[k];) at[k] = 0;
  }
  const bool mean = n.kind == op::reduce_mean || n.kind == op::global_average_pool;
  array result(graph::data_type::float32, g.shape_of(n.output()));
  for (std::size_t k = 0; k < sums.size(); ++k)
    result.data<float>()[k] = static_cast<float>(mean ? sums[k] / static_cast<double>(count) : sums[k]);
  return result;
}

array run_softmax(const graph::graph& g, const node& n, const array& x) {
  const auto axis = static_cast<std::size_t>(graph::axis_of(g, n));
  const graph::shape_t& shape = x.shape();
  std::int64_t inner = 1;
  for (std::size_t k = axis + 1; k < shape.size(); ++k) inner *= shape[k];
  const std::int64_t length = shape[axis];
  array result = x;
  auto* values = result.data<float>();
  for (std::int64_t lane = 0; lane < x.size() / length; ++lane) {
    float* first = values + lane / inner * inner * length + lane % inner;
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int64_t k = 0; k < length; ++k) largest = std::max(largest, first[k * inner]);
    double sum = 0;
    for (std::int64_t k = 0; k < length; ++k) sum += std::exp(static_cast<double>(first[k * inner] - largest));
    for (std::int64_t k = 0; k < length; ++k) {
      const auto shifted = static_cast<double>(first[k * inner] - largest);
      first[k * inner] =
          static_cast<float>(n.kind == op::log_softmax ? shifted - std::log(sum) : std::exp(shifted) / sum);
    }
  }
  return result;
}

array run_batch_normalization(const node& n, const std::vector<const array*>& inputs) {
  array result = *inputs.at(0);
  const std::int64_t channels = result.shape().at(1);
  std::int64_t inner = 1;
  for (std::size_t k = 2; k < result.shape().size(); ++k) inner *= result.shape()[k];
  const float epsilon = n.float_or("epsilon", 1e-5F);
  auto* values = result.data<float>();
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t c = i / inner % channels;
    const auto of = [&](std::size_t k) { return inputs.at(k)->data<float>()[c]; };
    values[i] = (values[i] - of(3)) / std::sqrt(of(4) + epsilon) * of(1) + of(2);
  }
  return result;
}

}  // namespace

bool host_supports(const node& n) {
  return work_of(n.kind) != work::none;
}

std::string host_needs(const node& n) {
  if (n.kind == op::max_pool || n.kind == op::average_pool)
    return "one image with one or two spatial axes is needed for pooling";
  if (n.kind == op::arg_max || n.kind == op::gather || n.kind == op::cast || n.kind == op::where)
    return "integers and booleans at run time are not supported; a network of float32 activations is needed";
  return std::string("neither the accelerator nor the processor runs ") + graph::name_of(n.kind) +
         "; the graph has to be split there";
}

std::vector<array> run_host_node(const graph::graph& g, const node& n, const std::vector<const array*>& given) {
  std::vector<const array*> inputs = given;
  inputs.resize(n.inputs.size(), nullptr);
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (inputs[k] == nullptr) inputs[k] = g.constant(n.input(k));
  switch (work_of(n.kind)) {
    case work::move: {
      std::vector<array> outputs;
      graph::move_layout(g, n, inputs, outputs);
      return outputs;
    }
    case work::unary: {
      array result = *inputs.at(0);
      const auto function = unary_function(g, n);
      auto* values = result.data<float>();
      for (std::int64_t i = 0; i < result.size(); ++i) values[i] = function(values[i]);
      return {result};
    }
    case work::binary:
      return {run_binary(g, n, inputs)};
    case work::reduction:
      return {run_reduction(g, n, *inputs.at(0))};
    case work::softmax:
      return {run_softmax(g, n, *inputs.at(0))};
    case work::per_channel:
      return {run_batch_normalization(n, inputs)};
    case work::none:
      break;
  }
  throw std::logic_error(std::string("host operator ") + graph::name_of(n.kind));
}

std::uint64_t host_instructions(const graph::graph& g, const node& n) {
  std::int64_t elements = graph::element_count(g.shape_of(n.output()));
  if (work_of(n.kind) == work::reduction) elements = graph::element_count(g.shape_of(n.input(0)));
  if (work_of(n.kind) == work::binary) elements *= static_cast<std::int64_t>(n.inputs.size()) - 1;
  return static_cast<std::uint64_t>(elements) * cost_of(n.kind);
}

std::uint64_t conversion_instructions(const tensor& t) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : t.shape) elements *= extent;
  return static_cast<std::uint64_t>(elements) * 8;
}

std::vector<float> run_host_layer(const network& net, const layer& l, const std::vector<std::vector<float>>& inputs) {
  const graph::graph& g = net.host_graph;
  const node& n = g.nodes.at(static_cast<std::size_t>(l.graph_node));
  std::vector<array> held;
  held.reserve(n.inputs.size());
  std::vector<const array*> given(n.inputs.size(), nullptr);
  std::size_t next = 0;
  for (std::size_t k = 0; k < n.inputs.size(); ++k) {
    if (n.inputs[k] == graph::no_value || g.is_constant(n.inputs[k])) continue;
    held.push_back(array::of<float>(g.shape_of(n.inputs[k]), inputs.at(next++)));
    given[k] = &held.back();
  }
  const std::vector<array> outputs = run_host_node(g, n, given);
  // A node with several outputs has one layer for each: the tensor's name tells which.
  const std::string& name = net.tensors.at(static_cast<std::size_t>(l.output)).name;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (g.info(n.outputs.at(k)).name == name) return outputs[k].as_floats();
  return outputs.at(0).as_floats();
}

std::uint64_t host_instructions(const network& net, const layer& l) {
  std::uint64_t sum =
      host_instructions(net.host_graph, net.host_graph.nodes.at(static_cast<std::size_t>(l.graph_node)));
  std::vector<int> touched = l.inputs;
  touched.push_back(l.output);
  for (const int number : touched) {
    const auto& t = net.tensors.at(static_cast<std::size_t>(number));
    if (!t.on_host) sum += conversion_instructions(t);
  }
  return sum;
}

}  // namespace cimbalom::quantization
