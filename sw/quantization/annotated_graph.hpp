#pragma once

#include <map>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::quantization {

/// real = scale * (code - zero_point), codes of `bits`.
struct activation_scale {
  double scale = 1;
  int zero_point = 0;
  int bits = 8;
  bool is_signed = false;
};
bool operator==(const activation_scale& a, const activation_scale& b);

/// A constant that the file holds as integers.
struct constant_codes {
  std::vector<std::int64_t> codes;  ///< in the order of the tensor
  std::vector<double> scale;        ///< one, or one along `axis`
  std::vector<std::int64_t> zero_point;
  int axis = 0;
  int bits = 8;  ///< of the type
  bool is_signed = true;
};

/// A graph in the real domain, and the scales that its file gave to values. QuantizeLinear, DequantizeLinear and the
/// integer operators have become the real operators they stand for.
struct annotated_graph {
  graph::graph graph;
  std::map<graph::value_id, activation_scale> values;
  std::map<graph::value_id, constant_codes> constants;  ///< by id of the initializer
  bool from_file = false;                               ///< the file carries scales
};

/// Takes QuantizeLinear / DequantizeLinear pairs, QLinearConv, QLinearMatMul, ConvInteger and MatMulInteger apart.
/// A graph without any of them comes back as it is. Throws input_error naming the node for what cannot be held:
/// scales along an axis of an activation, scales computed at run time, results wider than 16 bits.
annotated_graph annotate(graph::graph g);

}  // namespace cimbalom::quantization
