#pragma once

#include <array>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

/// Who runs an operator of a compiled network.
enum class place_of_work {
  accelerator,  ///< macros or post-processing
  layout,       ///< resolved by the compiler, or moved by the processor
  folded,       ///< gone after import or compilation
  processor,    ///< host code with its cost
};

const char* name_of(place_of_work place);

struct operator_row {
  op kind;
  const char* name;  ///< ONNX's
  int min_inputs, max_inputs;
  int min_outputs, max_outputs;
  place_of_work where;
  unsigned constant_inputs;  ///< bit k: input k, if present, must be constant (shapes, axes, bounds, scales)
  const char* types;         ///< element types of input 0: letters of "f" float32, "d" float64, "8" int8/uint8,
                             ///< "i" the other integers, "b" boolean
  const char* supported;     ///< limits, for people
};

constexpr int any_number = 1 << 20;

/// Every supported operator, by name.
const std::vector<operator_row>& operator_table();

/// The row of an operator, by kind or by ONNX name (nullptr: not supported).
const operator_row& row_of(op kind);
const operator_row* find_operator(const std::string& onnx_name);

bool accepts(const operator_row& row, data_type type);

/// The table as text, a line an operator (`inspect --operators`).
std::string operators_text();

}  // namespace cimbalom::graph
