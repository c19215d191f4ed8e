#include "sw/graph/operators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace cimbalom::graph {
namespace {

constexpr auto acc = place_of_work::accelerator;
constexpr auto lay = place_of_work::layout;
constexpr auto fol = place_of_work::folded;
constexpr auto cpu = place_of_work::processor;

constexpr unsigned in(std::initializer_list<int> inputs) {
  unsigned mask = 0;
  for (int k : inputs) mask |= 1U << k;
  return mask;
}

// clang-format off
const std::vector<operator_row> rows = {
  {op::abs,                     "Abs",                   1, 1, 1, 1, cpu, 0, "fd8i", ""},
  {op::add,                     "Add",                   2, 2, 1, 1, acc, 0, "fd8i", "residual add on the accelerator, else processor; numpy broadcast"},
  {op::arg_max,                 "ArgMax",                1, 1, 1, 1, cpu, 0, "fd8i", ""},
  {op::average_pool,            "AveragePool",           1, 1, 1, 1, acc, 0, "fd", "1 to 3 spatial axes; 2 on the accelerator"},
  {op::batch_normalization,     "BatchNormalization",    5, 5, 1, 1, fol, 0, "fd", "inference only; folded into Conv or Gemm, else per-channel affine on the processor"},
  {op::cast,                    "Cast",                  1, 1, 1, 1, cpu, 0, "fd8ib", "between the supported element types"},
  {op::ceil,                    "Ceil",                  1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::clip,                    "Clip",                  1, 3, 1, 1, acc, in({1, 2}), "fd8i", "constant bounds; after Conv, Gemm or MatMul on the accelerator"},
  {op::concat,                  "Concat",                1, any_number, 1, 1, lay, 0, "fd8ib", ""},
  {op::constant,                "Constant",              0, 0, 1, 1, fol, 0, "", "tensor, float, int and list values"},
  {op::constant_of_shape,       "ConstantOfShape",       1, 1, 1, 1, fol, in({0}), "i", ""},
  {op::conv,                    "Conv",                  2, 3, 1, 1, acc, 0, "fd", "groups, dilation, stride, asymmetric padding; 1 to 3 spatial axes, 2 and constant weights on the accelerator"},
  {op::conv_integer,            "ConvInteger",           2, 4, 1, 1, acc, 0, "8", "as Conv"},
  {op::depth_to_space,          "DepthToSpace",          1, 1, 1, 1, lay, 0, "fd8ib", "DCR and CRD"},
  {op::dequantize_linear,       "DequantizeLinear",      2, 3, 1, 1, fol, in({1, 2}), "8i", "per tensor and per axis; int8, uint8, int32"},
  {op::div,                     "Div",                   2, 2, 1, 1, cpu, 0, "fd8i", "numpy broadcast"},
  {op::dropout,                 "Dropout",               1, 3, 1, 2, fol, in({1, 2}), "fd", "inference only"},
  {op::dynamic_quantize_linear, "DynamicQuantizeLinear", 1, 1, 3, 3, cpu, 0, "f", ""},
  {op::exp,                     "Exp",                   1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::expand,                  "Expand",                2, 2, 1, 1, lay, in({1}), "fd8ib", "constant shape"},
  {op::flatten,                 "Flatten",               1, 1, 1, 1, lay, 0, "fd8ib", ""},
  {op::floor,                   "Floor",                 1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::gather,                  "Gather",                2, 2, 1, 1, lay, 0, "fd8ib", ""},
  {op::gemm,                    "Gemm",                  2, 3, 1, 1, acc, 0, "fd", "constant B on the accelerator"},
  {op::global_average_pool,     "GlobalAveragePool",     1, 1, 1, 1, acc, 0, "fd", ""},
  {op::global_max_pool,         "GlobalMaxPool",         1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::hard_sigmoid,            "HardSigmoid",           1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::hard_swish,              "HardSwish",             1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::identity,                "Identity",              1, 1, 1, 1, fol, 0, "fd8ib", "tensors only"},
  {op::leaky_relu,              "LeakyRelu",             1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::log,                     "Log",                   1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::log_softmax,             "LogSoftmax",            1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::lrn,                     "LRN",                   1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::mat_mul,                 "MatMul",                2, 2, 1, 1, acc, 0, "fd", "constant B of rank 2 on the accelerator"},
  {op::mat_mul_integer,         "MatMulInteger",         2, 4, 1, 1, acc, 0, "8", "as MatMul"},
  {op::max,                     "Max",                   1, any_number, 1, 1, cpu, 0, "fd8i", "numpy broadcast"},
  {op::max_pool,                "MaxPool",               1, 1, 1, 1, acc, 0, "fd8", "without Indices; 1 to 3 spatial axes; 2 on the accelerator"},
  {op::min,                     "Min",                   1, any_number, 1, 1, cpu, 0, "fd8i", "numpy broadcast"},
  {op::mul,                     "Mul",                   2, 2, 1, 1, cpu, 0, "fd8i", "numpy broadcast"},
  {op::neg,                     "Neg",                   1, 1, 1, 1, cpu, 0, "fd8i", ""},
  {op::pad,                     "Pad",                   2, 4, 1, 1, lay, in({1, 2, 3}), "fd8i", "constant, edge and reflect; constant pads"},
  {op::pow,                     "Pow",                   2, 2, 1, 1, cpu, 0, "fdi", "numpy broadcast"},
  {op::p_relu,                  "PRelu",                 2, 2, 1, 1, cpu, 0, "fd", ""},
  {op::qlinear_conv,            "QLinearConv",           8, 9, 1, 1, acc, in({1, 2, 4, 5, 6, 7}), "8", "as Conv"},
  {op::qlinear_mat_mul,         "QLinearMatMul",         8, 8, 1, 1, acc, in({1, 2, 4, 5, 6, 7}), "8", "as MatMul"},
  {op::quantize_linear,         "QuantizeLinear",        2, 3, 1, 1, fol, in({1, 2}), "fi", "per tensor and per axis; to int8, uint8"},
  {op::reduce_max,              "ReduceMax",             1, 2, 1, 1, cpu, in({1}), "fd8i", "constant axes"},
  {op::reduce_mean,             "ReduceMean",            1, 2, 1, 1, cpu, in({1}), "fd", "constant axes"},
  {op::reduce_min,              "ReduceMin",             1, 2, 1, 1, cpu, in({1}), "fd8i", "constant axes"},
  {op::reduce_sum,              "ReduceSum",             1, 2, 1, 1, cpu, in({1}), "fdi", "constant axes"},
  {op::relu,                    "Relu",                  1, 1, 1, 1, acc, 0, "fd8i", "after Conv, Gemm, MatMul or Add on the accelerator"},
  {op::reshape,                 "Reshape",               2, 2, 1, 1, lay, in({1}), "fd8ib", "constant shape"},
  {op::shape,                   "Shape",                 1, 1, 1, 1, fol, 0, "fd8ib", ""},
  {op::sigmoid,                 "Sigmoid",               1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::slice,                   "Slice",                 3, 5, 1, 1, lay, in({1, 2, 3, 4}), "fd8ib", "constant starts, ends, axes, steps"},
  {op::softmax,                 "Softmax",               1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::space_to_depth,          "SpaceToDepth",          1, 1, 1, 1, lay, 0, "fd8ib", ""},
  {op::split,                   "Split",                 1, 2, 1, any_number, lay, in({1}), "fd8ib", "constant lengths"},
  {op::sqrt,                    "Sqrt",                  1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::squeeze,                 "Squeeze",               1, 2, 1, 1, lay, in({1}), "fd8ib", "constant axes"},
  {op::sub,                     "Sub",                   2, 2, 1, 1, cpu, 0, "fd8i", "numpy broadcast"},
  {op::sum,                     "Sum",                   1, any_number, 1, 1, acc, 0, "fd", "residual add of two on the accelerator, else processor"},
  {op::tanh,                    "Tanh",                  1, 1, 1, 1, cpu, 0, "fd", ""},
  {op::tile,                    "Tile",                  2, 2, 1, 1, lay, in({1}), "fd8ib", "constant repeats"},
  {op::transpose,               "Transpose",             1, 1, 1, 1, lay, 0, "fd8ib", ""},
  {op::unsqueeze,               "Unsqueeze",             2, 2, 1, 1, lay, in({1}), "fd8ib", "constant axes"},
  {op::where,                   "Where",                 3, 3, 1, 1, cpu, 0, "b", "numpy broadcast"},
};
// clang-format on

}  // namespace

const char* name_of(place_of_work place) {
  switch (place) {
    case place_of_work::accelerator:
      return "accelerator";
    case place_of_work::layout:
      return "layout";
    case place_of_work::folded:
      return "folded";
    case place_of_work::processor:
      return "processor";
  }
  return "";
}

const std::vector<operator_row>& operator_table() {
  return rows;
}

const operator_row& row_of(op kind) {
  for (const operator_row& row : rows)
    if (row.kind == kind) return row;
  throw std::logic_error("operator table: no row for operator " + std::to_string(static_cast<int>(kind)));
}

const operator_row* find_operator(const std::string& onnx_name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const operator_row& r) { return r.name == onnx_name; });
  return row == rows.end() ? nullptr : &*row;
}

const char* name_of(op kind) {
  return row_of(kind).name;
}

bool accepts(const operator_row& row, data_type type) {
  char letter = 'i';
  if (type == data_type::float32) letter = 'f';
  if (type == data_type::float64) letter = 'd';
  if (type == data_type::boolean) letter = 'b';
  if (type == data_type::int8 || type == data_type::uint8) letter = '8';
  return std::strchr(row.types, letter) != nullptr;
}

std::string operators_text() {
  std::string text = fmt::format("{:<22} {:<12} {}\n", "operator", "runs on", "supported");
  for (const operator_row& row : rows) {
    const std::string limits = row.supported;
    text += fmt::format("{:<22} {:<12} {}\n", row.name, name_of(row.where), limits.empty() ? "all of ONNX" : limits);
  }
  return text;
}

}  // namespace cimbalom::graph
