#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::tests {

/// Builds small ONNX models for tests.
class model_maker {
 public:
  explicit model_maker(std::int64_t opset = 13) {
    model.set_ir_version(7);
    auto* set = model.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    model.mutable_graph()->set_name("made");
  }

  ::onnx::GraphProto& graph() { return *model.mutable_graph(); }

  /// A value description; an extent of -1 is symbolic ("N").
  static void describe(::onnx::ValueInfoProto& info, const std::string& name, const std::vector<std::int64_t>& shape,
                       int type = ::onnx::TensorProto::FLOAT) {
    info.set_name(name);
    auto* tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape()->clear_dim();
    for (std::int64_t extent : shape) {
      auto* dim = tensor->mutable_shape()->add_dim();
      if (extent < 0)
        dim->set_dim_param("N");
      else
        dim->set_dim_value(extent);
    }
  }

  void input(const std::string& name, const std::vector<std::int64_t>& shape, int type = ::onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, shape, type);
  }

  void output(const std::string& name, const std::vector<std::int64_t>& shape, int type = ::onnx::TensorProto::FLOAT) {
    describe(*graph().add_output(), name, shape, type);
  }

  /// A float weight of the given shape, every element `value`.
  ::onnx::TensorProto& weight(const std::string& name, const std::vector<std::int64_t>& shape, float value = 1) {
    auto* data = graph().add_initializer();
    data->set_name(name);
    data->set_data_type(::onnx::TensorProto::FLOAT);
    std::int64_t count = 1;
    for (std::int64_t extent : shape) {
      data->add_dims(extent);
      count *= extent;
    }
    for (std::int64_t i = 0; i < count; ++i) data->add_float_data(value);
    return *data;
  }

  /// An int64 list.
  ::onnx::TensorProto& list(const std::string& name, const std::vector<std::int64_t>& values) {
    auto* data = graph().add_initializer();
    data->set_name(name);
    data->set_data_type(::onnx::TensorProto::INT64);
    data->add_dims(static_cast<std::int64_t>(values.size()));
    for (std::int64_t v : values) data->add_int64_data(v);
    return *data;
  }

  ::onnx::NodeProto& node(const std::string& kind, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs) {
    auto* made = graph().add_node();
    made->set_op_type(kind);
    made->set_name(kind + "_of_" + (outputs.empty() ? "" : outputs[0]));
    for (const std::string& in : inputs) made->add_input(in);
    for (const std::string& out : outputs) made->add_output(out);
    return *made;
  }

  static void attribute(::onnx::NodeProto& to, const std::string& name, const std::vector<std::int64_t>& values) {
    auto* made = to.add_attribute();
    made->set_name(name);
    made->set_type(::onnx::AttributeProto::INTS);
    for (std::int64_t v : values) made->add_ints(v);
  }

  static void attribute(::onnx::NodeProto& to, const std::string& name, std::int64_t value) {
    auto* made = to.add_attribute();
    made->set_name(name);
    made->set_type(::onnx::AttributeProto::INT);
    made->set_i(value);
  }

  std::string bytes() const { return model.SerializeAsString(); }

  ::onnx::ModelProto model;
};

/// x [N, 3, 8, 8] -> Conv 4 x 3 x 3 x 3 -> Relu -> y
inline model_maker small_network(std::int64_t opset = 13) {
  model_maker m(opset);
  m.input("x", {-1, 3, 8, 8});
  m.weight("w", {4, 3, 3, 3}, 0.5F);
  m.weight("b", {4}, 0.25F);
  auto& conv = m.node("Conv", {"x", "w", "b"}, {"c"});
  model_maker::attribute(conv, "kernel_shape", std::vector<std::int64_t>{3, 3});
  m.node("Relu", {"c"}, {"y"});
  m.output("y", {-1, 4, 6, 6});
  return m;
}

}  // namespace cimbalom::tests
