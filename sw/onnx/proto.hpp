#pragma once

// Private to sw/onnx: the only includes of ONNX's protobuf classes.

#include <onnx/onnx_pb.h>

#include <string>

#include "sw/graph/tensor.hpp"

namespace cimbalom::onnx {

namespace proto = ::onnx;

/// ONNX's spelling of an element type ("FLOAT16"), for messages.
std::string type_name(int onnx_type);

/// undefined when the project has no such element type.
graph::data_type type_from(int onnx_type);

/// What to do with external data that is not there.
enum class absent_data { refuse, keep_shape };

/// A tensor with its values, external ones from beside `model_path`. `what` names it in messages.
graph::tensor read_tensor(const proto::TensorProto& from, const std::string& model_path, const std::string& what,
                          absent_data absent);

}  // namespace cimbalom::onnx
