#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sw/graph/tensor.hpp"

namespace cimbalom::graph {

/// Operators of the typed graph. operators.hpp has one row a operator: arity, where it runs, what is supported.
enum class op {
  abs,
  add,
  arg_max,
  average_pool,
  batch_normalization,
  cast,
  ceil,
  clip,
  concat,
  constant,
  constant_of_shape,
  conv,
  conv_integer,
  depth_to_space,
  dequantize_linear,
  div,
  dropout,
  dynamic_quantize_linear,
  exp,
  expand,
  flatten,
  floor,
  gather,
  gemm,
  global_average_pool,
  global_max_pool,
  hard_sigmoid,
  hard_swish,
  identity,
  leaky_relu,
  log,
  log_softmax,
  lrn,
  mat_mul,
  mat_mul_integer,
  max,
  max_pool,
  min,
  mul,
  neg,
  pad,
  pow,
  p_relu,
  qlinear_conv,
  qlinear_mat_mul,
  quantize_linear,
  reduce_max,
  reduce_mean,
  reduce_min,
  reduce_sum,
  relu,
  reshape,
  shape,
  sigmoid,
  slice,
  softmax,
  space_to_depth,
  split,
  sqrt,
  squeeze,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  unsqueeze,
  where,
};

/// ONNX's spelling: "Conv".
const char* name_of(op kind);

/// Index into graph::values.
using value_id = std::int32_t;
/// An optional input or output that is left out.
constexpr value_id no_value = -1;

struct value_info {
  std::string name;  ///< unique in the graph
  data_type type = data_type::undefined;
  shape_t shape;
  /// Axis that counts images, on graph inputs whose file left that extent symbolic (it is 1 here) or gave it as 1;
  /// -1: none. batch.hpp carries it to every other value.
  int batch_axis = -1;
};

using attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                               std::vector<std::string>, tensor>;

struct node {
  op kind = op::identity;
  std::string name;  ///< unique in the graph; the file's name where it has one
  std::vector<value_id> inputs;
  std::vector<value_id> outputs;
  std::map<std::string, attribute> attributes;

  /// Input k, no_value when absent.
  value_id input(std::size_t k) const { return k < inputs.size() ? inputs[k] : no_value; }
  bool has_input(std::size_t k) const { return input(k) != no_value; }
  value_id output(std::size_t k = 0) const { return k < outputs.size() ? outputs[k] : no_value; }

  bool has(const std::string& key) const { return attributes.count(key) != 0; }
  /// The attribute, or the default when absent; input_error when it is of another kind.
  std::int64_t int_or(const std::string& key, std::int64_t fallback) const;
  float float_or(const std::string& key, float fallback) const;
  std::string string_or(const std::string& key, const std::string& fallback) const;
  std::vector<std::int64_t> ints_or(const std::string& key, const std::vector<std::int64_t>& fallback) const;
};

/// A network after import: canonical operators (the newest form ONNX gives them up to opset 17: parameters such as
/// axes, pads or clip bounds are inputs), static shapes, every value typed.
struct graph {
  std::string name;
  std::string file;  ///< where it came from, for messages
  std::int64_t opset = 17;
  std::vector<value_info> values;  ///< by value_id
  std::vector<node> nodes;         ///< in topological order
  std::vector<value_id> inputs;    ///< without initializers
  std::vector<value_id> outputs;
  std::map<value_id, tensor> initializers;
  std::map<std::string, std::string> metadata;  ///< of the file's producer; the importer keeps keys "cimbalom.*"

  const value_info& info(value_id id) const { return values.at(static_cast<std::size_t>(id)); }
  value_info& info(value_id id) { return values.at(static_cast<std::size_t>(id)); }
  const shape_t& shape_of(value_id id) const { return info(id).shape; }

  bool is_constant(value_id id) const { return initializers.count(id) != 0; }
  /// The initializer; nullptr when the value is none, or is absent.
  const tensor* constant(value_id id) const;

  /// Adds a value; a name already taken gets a numbered suffix.
  value_id add_value(const std::string& name, data_type type, shape_t shape);
  value_id add_constant(const std::string& name, tensor data);
  /// The value with this name; no_value when there is none.
  value_id find(const std::string& name) const;
};

/// producers(g)[v]: index of the node that makes value v, or -1.
std::vector<int> producers(const graph& g);
/// consumers(g)[v]: indices of the nodes that read v, ascending, once a use.
std::vector<std::vector<int>> consumers(const graph& g);
/// Every later reading of `from` (graph outputs too) becomes one of `to`.
void replace_uses(graph& g, value_id from, value_id to);
bool is_output(const graph& g, value_id id);

/// Structure check: ids in range, each value made once, inputs made before use, types defined.
/// Throws input_error that names the node.
void check(const graph& g);

/// "FILE: node NAME (Conv)" for messages.
std::string describe(const graph& g, const node& n);

}  // namespace cimbalom::graph
