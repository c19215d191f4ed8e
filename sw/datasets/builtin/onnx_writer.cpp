#include "sw/datasets/builtin/onnx_writer.hpp"

#include <onnx/onnx_pb.h>

#include <fstream>

#include "platform/configuration/error.hpp"

namespace cimbalom::datasets {

struct onnx_writer::state {
  onnx::ModelProto model;
  onnx::GraphProto* graph = nullptr;
};

namespace {

void describe(onnx::ValueInfoProto& value, const std::string& name, const onnx_writer::shape& extents) {
  value.set_name(name);
  onnx::TypeProto_Tensor* type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  type->mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t extent : extents) type->mutable_shape()->add_dim()->set_dim_value(extent);
}

}  // namespace

onnx_writer::onnx_writer(const std::string& name) : state_(std::make_unique<state>()) {
  state_->model.set_ir_version(7);
  state_->model.set_producer_name("cimbalom_train_builtin");
  state_->model.add_opset_import()->set_version(13);
  state_->graph = state_->model.mutable_graph();
  state_->graph->set_name(name);
}

onnx_writer::~onnx_writer() = default;

void onnx_writer::input(const std::string& name, const shape& extents) {
  describe(*state_->graph->add_input(), name, extents);
}

void onnx_writer::output(const std::string& name, const shape& extents) {
  describe(*state_->graph->add_output(), name, extents);
}

void onnx_writer::weights(const std::string& name, const shape& extents, const std::vector<float>& values) {
  onnx::TensorProto* tensor = state_->graph->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : extents) tensor->add_dims(extent);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
}

void onnx_writer::node(const std::string& operation, const std::vector<std::string>& inputs, const std::string& result,
                       const int_attributes& attributes) {
  onnx::NodeProto* made = state_->graph->add_node();
  made->set_op_type(operation);
  made->set_name(result);
  for (const std::string& name : inputs) made->add_input(name);
  made->add_output(result);
  for (const auto& [name, values] : attributes) {
    onnx::AttributeProto* attribute = made->add_attribute();
    attribute->set_name(name);
    const bool scalar = name == "group" || name == "axis" || name == "transB";
    attribute->set_type(scalar ? onnx::AttributeProto::INT : onnx::AttributeProto::INTS);
    if (scalar) attribute->set_i(values.at(0));
    if (!scalar)
      for (const std::int64_t value : values) attribute->add_ints(value);
  }
}

void onnx_writer::save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  if (!state_->model.SerializeToOstream(&file) || !file.flush()) throw run_error(path + ": cannot be written");
}

}  // namespace cimbalom::datasets
