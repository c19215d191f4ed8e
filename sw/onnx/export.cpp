#include "sw/onnx/export.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "platform/configuration/error.hpp"
#include "sw/onnx/proto.hpp"

namespace cimbalom::onnx {
namespace {

using graph::data_type;

constexpr int ir_version = 8;

int onnx_type(data_type type) {
  switch (type) {
    case data_type::float32:
      return proto::TensorProto::FLOAT;
    case data_type::float64:
      return proto::TensorProto::DOUBLE;
    case data_type::int8:
      return proto::TensorProto::INT8;
    case data_type::int16:
      return proto::TensorProto::INT16;
    case data_type::int32:
      return proto::TensorProto::INT32;
    case data_type::int64:
      return proto::TensorProto::INT64;
    case data_type::uint8:
      return proto::TensorProto::UINT8;
    case data_type::uint16:
      return proto::TensorProto::UINT16;
    case data_type::uint32:
      return proto::TensorProto::UINT32;
    case data_type::uint64:
      return proto::TensorProto::UINT64;
    case data_type::boolean:
      return proto::TensorProto::BOOL;
    case data_type::undefined:
      break;
  }
  return proto::TensorProto::UNDEFINED;
}

void write_tensor(const graph::tensor& from, const std::string& name, proto::TensorProto& to) {
  if (!from.has_data()) throw input_error("initializer " + name + ": has no data: it cannot be exported");
  to.set_name(name);
  to.set_data_type(onnx_type(from.type()));
  for (const std::int64_t extent : from.shape()) to.add_dims(extent);
  to.set_raw_data(from.bytes(), from.size_bytes());
}

void write_value(const graph::graph& g, graph::value_id id, proto::ValueInfoProto& to) {
  const graph::value_info& info = g.info(id);
  to.set_name(info.name);
  proto::TypeProto_Tensor* type = to.mutable_type()->mutable_tensor_type();
  if (info.type == data_type::undefined) throw input_error(g.file + ": value " + info.name + ": has no type");
  type->set_elem_type(onnx_type(info.type));
  for (std::size_t axis = 0; axis < info.shape.size(); ++axis) {
    auto* extent = type->mutable_shape()->add_dim();
    if (static_cast<int>(axis) == info.batch_axis)
      extent->set_dim_param("N");
    else
      extent->set_dim_value(info.shape[axis]);
  }
  if (info.shape.empty()) type->mutable_shape();
}

struct attribute_writer {
  const graph::node& n;
  proto::AttributeProto& to;

  void operator()(std::int64_t value) const {
    to.set_type(proto::AttributeProto::INT);
    const bool type = n.kind == graph::op::cast && to.name() == "to";  // the graph holds its own type there
    to.set_i(type ? onnx_type(static_cast<data_type>(value)) : value);
  }
  void operator()(float value) const {
    to.set_type(proto::AttributeProto::FLOAT);
    to.set_f(value);
  }
  void operator()(const std::string& value) const {
    to.set_type(proto::AttributeProto::STRING);
    to.set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    to.set_type(proto::AttributeProto::INTS);
    for (const std::int64_t value : values) to.add_ints(value);
  }
  void operator()(const std::vector<float>& values) const {
    to.set_type(proto::AttributeProto::FLOATS);
    for (const float value : values) to.add_floats(value);
  }
  void operator()(const std::vector<std::string>& values) const {
    to.set_type(proto::AttributeProto::STRINGS);
    for (const std::string& value : values) to.add_strings(value);
  }
  void operator()(const graph::tensor& value) const {
    to.set_type(proto::AttributeProto::TENSOR);
    write_tensor(value, "", *to.mutable_t());
  }
};

void write_node(const graph::graph& g, const graph::node& n, proto::NodeProto& to) {
  const auto name_of = [&](graph::value_id id) { return id == graph::no_value ? std::string() : g.info(id).name; };
  to.set_op_type(graph::name_of(n.kind));
  to.set_name(n.name);
  for (const graph::value_id id : n.inputs) to.add_input(name_of(id));
  for (const graph::value_id id : n.outputs) to.add_output(name_of(id));
  for (const auto& [key, value] : n.attributes) {
    proto::AttributeProto* attribute = to.add_attribute();
    attribute->set_name(key);
    std::visit(attribute_writer{n, *attribute}, value);
  }
}

}  // namespace

std::string export_bytes(const graph::graph& g) {
  proto::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("cimbalom");
  model.add_opset_import()->set_version(g.opset);
  for (const auto& [key, value] : g.metadata) {
    proto::StringStringEntryProto* entry = model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
  proto::GraphProto* to = model.mutable_graph();
  to->set_name(g.name.empty() ? "network" : g.name);
  for (const auto& [id, data] : g.initializers) write_tensor(data, g.info(id).name, *to->add_initializer());
  for (const graph::value_id id : g.inputs) write_value(g, id, *to->add_input());
  for (const graph::node& n : g.nodes) write_node(g, n, *to->add_node());
  for (const graph::value_id id : g.outputs) write_value(g, id, *to->add_output());
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!model.SerializeToCodedStream(&coded)) throw input_error(g.file + ": is too large for one ONNX file (2 GiB)");
  }
  return bytes;
}

}  // namespace cimbalom::onnx
