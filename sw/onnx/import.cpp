#include "sw/onnx/import.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/graph/build.hpp"
#include "sw/graph/operators.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/proto.hpp"

namespace cimbalom::onnx {
namespace {

using graph::data_type;
using graph::no_value;
using graph::tensor;
using graph::value_id;

constexpr std::int64_t oldest_opset = 1;
constexpr std::int64_t newest_opset = 17;

bool is_standard(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx";
}

/// What a network needs in place of an operator that is not supported.
std::string advice(const std::string& name) {
  static const std::map<std::string, std::string> known = {
      {"ConvTranspose", "a transposed convolution has no mapping onto the macros: use Conv and DepthToSpace"},
      {"Resize", "the input resolution is fixed: resize the images beforehand, or use DepthToSpace"},
      {"Upsample", "the input resolution is fixed: resize the images beforehand, or use DepthToSpace"},
      {"LSTM", "recurrent layers need state between images: unroll them into Gemm"},
      {"GRU", "recurrent layers need state between images: unroll them into Gemm"},
      {"RNN", "recurrent layers need state between images: unroll them into Gemm"},
      {"If", "control flow needs a static graph: export the network with the branch taken"},
      {"Loop", "control flow needs a static graph: export the network unrolled"},
      {"Scan", "control flow needs a static graph: export the network unrolled"},
      {"InstanceNormalization", "statistics at run time cannot be folded: train with BatchNormalization"},
      {"LayerNormalization", "statistics at run time cannot be folded: export it as ReduceMean, Sub, Pow, Sqrt, Div"},
      {"Gelu", "export it with opset 17 or older"},
  };
  const auto found = known.find(name);
  return found == known.end() ? "it would need a shape rule, a kernel and a lowering" : found->second;
}

std::string operator_name(const proto::NodeProto& n) {
  const std::string name = n.op_type().empty() ? "(none)" : n.op_type();
  return is_standard(n.domain()) ? name : n.domain() + "." + name;
}

proto::ModelProto parse(const std::string& bytes, const std::string& path) {
  proto::ModelProto model;
  if (bytes.empty() || bytes.size() > 0x7fffffff || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw bad_input({path}, "", "",
                    "is not an ONNX model, or is cut short (" + std::to_string(bytes.size()) + " bytes)");
  if (!model.has_graph() || model.graph().node_size() + model.graph().output_size() == 0)
    throw bad_input({path}, "", "", "is not an ONNX model: it holds no graph");
  return model;
}

class importer {
 public:
  importer(const std::string& path, absent_data absent, const std::map<std::string, tensor>& bind)
      : path_(path), absent_(absent), bind_(bind) {
    g_.file = path;
  }

  graph::graph run(const std::string& bytes) {
    const proto::ModelProto model = parse(bytes, path_);
    check_versions(model);
    check_operators(model.graph());
    try {
      for (const auto& entry : model.metadata_props())
        if (entry.key().rfind("cimbalom.", 0) == 0) g_.metadata[entry.key()] = entry.value();
      read_graph(model.graph());
      graph::canonicalize(g_);
    } catch (const input_error& error) {
      const std::string line = error.what();
      if (line.compare(0, path_.size(), path_) == 0) throw;
      throw bad_input({path_}, "", "", line);
    }
    g_.opset = newest_opset;
    return std::move(g_);
  }

 private:
  void check_versions(const proto::ModelProto& model) {
    if (model.ir_version() < 3 || model.ir_version() > 10)
      throw bad_input({path_}, "ir_version", std::to_string(model.ir_version()), "must be 3 to 10");
    for (const auto& set : model.opset_import())
      if (is_standard(set.domain())) opset_ = set.version();
    if (opset_ < oldest_opset || opset_ > newest_opset)
      throw bad_input({path_}, "opset", std::to_string(opset_),
                      "must be 1 to 17" + std::string(opset_ > newest_opset ? ": export with opset_version=17" : ""));
  }

  /// One line for all unsupported operators: the first with its node, the others by name.
  void check_operators(const proto::GraphProto& from) {
    std::string first;
    std::set<std::string> others;
    for (int i = 0; i < from.node_size(); ++i) {
      const auto& n = from.node(i);
      if (is_standard(n.domain()) && graph::find_operator(n.op_type()) != nullptr) continue;
      const std::string kind = operator_name(n);
      if (first.empty()) {
        first = kind;
        first_node_ = node_name(n, i);
      } else if (kind != first) {
        others.insert(kind);
      }
    }
    if (first.empty()) return;
    std::string more;
    for (const std::string& kind : others) more += (more.empty() ? " (also not supported: " : ", ") + kind;
    throw bad_input({path_}, "node " + first_node_ + ": operator", first,
                    "is not supported: " + advice(first) + "; inspect --operators lists what is" +
                        (more.empty() ? "" : more + ")"));
  }

  static std::string node_name(const proto::NodeProto& n, int index) {
    return n.name().empty() ? n.op_type() + "_" + std::to_string(index) : n.name();
  }

  value_id define(const std::string& name, const std::string& what) {
    const auto id = static_cast<value_id>(g_.values.size());
    if (!ids_.emplace(name, id).second) throw bad_input({path_}, what, name, "name is defined twice");
    g_.values.push_back({name, data_type::undefined, {}, -1});
    return id;
  }

  void read_graph(const proto::GraphProto& from) {
    g_.name = from.name();
    if (from.sparse_initializer_size() > 0)
      throw bad_input({path_}, "sparse initializer", from.sparse_initializer(0).values().name(), "must be dense");
    for (const auto& data : from.initializer()) {
      const value_id id = define(data.name(), "initializer");
      const std::string what = "initializer " + data.name();
      set_constant(id, read_tensor(data, path_, what, absent_));
    }
    for (const auto& input : from.input())
      if (ids_.count(input.name()) == 0) read_input(input);
    for (const auto& n : from.node())
      for (const auto& out : n.output())
        if (!out.empty()) define(out, "node " + n.name() + " (" + n.op_type() + "): output");
    for (int i = 0; i < from.node_size(); ++i) read_node(from.node(i), i);
    for (const auto& output : from.output()) read_output(output);
    if (g_.outputs.empty()) throw bad_input({path_}, "graph output", "", "there is none");
  }

  void set_constant(value_id id, tensor data) {
    g_.info(id).type = data.type();
    g_.info(id).shape = data.shape();
    g_.initializers.emplace(id, std::move(data));
  }

  data_type tensor_type(const proto::ValueInfoProto& value, const std::string& what) {
    if (!value.type().has_tensor_type())
      throw bad_input({path_}, what, value.name(), "must be a dense tensor (no sequence, map or optional)");
    const int element = value.type().tensor_type().elem_type();
    if (type_from(element) == data_type::undefined)
      throw bad_input({path_}, what + " " + value.name() + ": type", type_name(element),
                      "must be FLOAT, DOUBLE, BOOL or an integer type: convert the network to float32");
    return type_from(element);
  }

  void read_input(const proto::ValueInfoProto& input) {
    const value_id id = define(input.name(), "graph input");
    graph::value_info& info = g_.info(id);
    info.type = tensor_type(input, "graph input");
    const auto bound = bind_.find(input.name());
    if (bound != bind_.end()) {
      if (bound->second.type() != info.type)
        throw bad_input({path_}, "graph input " + input.name() + ": bound type", graph::name_of(bound->second.type()),
                        std::string("must be ") + graph::name_of(info.type));
      return set_constant(id, bound->second);
    }
    if (!input.type().tensor_type().has_shape())
      throw bad_input({path_}, "graph input " + input.name(), "", "its shape is dynamic: export with a static shape");
    const auto& shape = input.type().tensor_type().shape();
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
      const auto& dim = shape.dim(axis);
      const bool fixed = dim.has_dim_value() && dim.dim_value() >= 0;
      if (!fixed && axis > 0)
        throw bad_input({path_}, "graph input " + input.name() + ": extent " + std::to_string(axis),
                        dim.dim_param().empty() ? "?" : dim.dim_param(),
                        "must be static (only the first may be symbolic: the batch)");
      info.shape.push_back(fixed ? dim.dim_value() : 1);
      if (axis == 0 && (!fixed || (dim.dim_value() == 1 && shape.dim_size() > 1))) info.batch_axis = 0;
    }
    std::int64_t count = 1;
    for (std::int64_t extent : info.shape) {
      if (extent > 0 && count > (std::int64_t{1} << 33) / extent)
        throw bad_input({path_}, "graph input " + input.name() + ": shape", graph::to_text(info.shape), "is too large");
      count *= extent;
    }
    g_.inputs.push_back(id);
  }

  void read_node(const proto::NodeProto& from, int index) {
    graph::node n;
    n.kind = graph::find_operator(from.op_type())->kind;
    n.name = node_name(from, index);
    for (int suffix = 1; !node_names_.insert(n.name).second; ++suffix)
      n.name = node_name(from, index) + "_" + std::to_string(suffix);
    for (const auto& in : from.input()) n.inputs.push_back(find_input(in, n));
    for (const auto& out : from.output()) n.outputs.push_back(out.empty() ? no_value : ids_.at(out));
    for (const auto& attribute : from.attribute()) read_attribute(attribute, n);
    graph::append(g_, std::move(n), opset_, absent_ == absent_data::keep_shape);
  }

  value_id find_input(const std::string& name, const graph::node& n) {
    if (name.empty()) return no_value;
    const auto found = ids_.find(name);
    if (found == ids_.end() || g_.info(found->second).type == data_type::undefined)
      throw bad_input({}, graph::describe(g_, n) + ": input", name, "nothing defines it before this node");
    return found->second;
  }

  void read_attribute(const proto::AttributeProto& from, graph::node& n) {
    const std::string what = graph::describe(g_, n) + ": attribute " + from.name();
    switch (from.type()) {
      case proto::AttributeProto::FLOAT:
        n.attributes[from.name()] = from.f();
        break;
      case proto::AttributeProto::INT:
        n.attributes[from.name()] = static_cast<std::int64_t>(from.i());
        break;
      case proto::AttributeProto::STRING:
        n.attributes[from.name()] = from.s();
        break;
      case proto::AttributeProto::TENSOR:
        n.attributes[from.name()] =
            read_tensor(from.t(), path_, "node " + n.name + ": attribute " + from.name(), absent_data::refuse);
        break;
      case proto::AttributeProto::FLOATS:
        n.attributes[from.name()] = std::vector<float>(from.floats().begin(), from.floats().end());
        break;
      case proto::AttributeProto::INTS:
        n.attributes[from.name()] = std::vector<std::int64_t>(from.ints().begin(), from.ints().end());
        break;
      case proto::AttributeProto::STRINGS:
        n.attributes[from.name()] = std::vector<std::string>(from.strings().begin(), from.strings().end());
        break;
      default:
        throw bad_input({}, what, "", "must be a number, a string, a tensor or a list of them");
    }
    if (n.kind == graph::op::constant) read_constant(from, n);
    if (n.kind == graph::op::cast && from.name() == "to") {
      const auto to = type_from(static_cast<int>(from.i()));
      if (to == data_type::undefined)
        throw bad_input({}, what, type_name(static_cast<int>(from.i())),
                        "must be FLOAT, DOUBLE, BOOL or an integer type");
      n.attributes["to"] = static_cast<std::int64_t>(to);
    }
  }

  /// Every form of Constant becomes one tensor attribute, `value`.
  static void read_constant(const proto::AttributeProto& from, graph::node& n) {
    if (from.name() == "value_float") n.attributes["value"] = tensor::scalar(from.f());
    if (from.name() == "value_int") n.attributes["value"] = tensor::scalar(static_cast<std::int64_t>(from.i()));
    if (from.name() == "value_floats")
      n.attributes["value"] = tensor::of<float>({from.floats_size()}, {from.floats().begin(), from.floats().end()});
    if (from.name() == "value_ints")
      n.attributes["value"] = tensor::of<std::int64_t>({from.ints_size()}, {from.ints().begin(), from.ints().end()});
  }

  /// The declared type and static extents must be what the nodes give.
  void read_output(const proto::ValueInfoProto& output) {
    const auto found = ids_.find(output.name());
    if (found == ids_.end() || g_.info(found->second).type == data_type::undefined)
      throw bad_input({path_}, "graph output", output.name(), "nothing computes it");
    g_.outputs.push_back(found->second);
    if (!output.has_type()) return;
    const graph::value_info& info = g_.info(found->second);
    const data_type declared = tensor_type(output, "graph output");
    if (declared != info.type)
      throw bad_input({path_}, "graph output " + output.name() + ": type", graph::name_of(declared),
                      std::string("the nodes give ") + graph::name_of(info.type));
    if (!output.type().tensor_type().has_shape()) return;
    const auto& shape = output.type().tensor_type().shape();
    bool same = static_cast<std::size_t>(shape.dim_size()) == info.shape.size();
    for (int i = 0; same && i < shape.dim_size(); ++i)
      same = !shape.dim(i).has_dim_value() || shape.dim(i).dim_value() <= 0 ||
             shape.dim(i).dim_value() == info.shape[static_cast<std::size_t>(i)];
    if (!same)
      throw bad_input({path_}, "graph output " + output.name() + ": shape", "",
                      "is declared other than " + graph::to_text(info.shape) + ", which the nodes give");
  }

  std::string path_;
  absent_data absent_;
  const std::map<std::string, tensor>& bind_;
  std::int64_t opset_ = 0;
  graph::graph g_;
  std::map<std::string, value_id> ids_;
  std::set<std::string> node_names_;
  std::string first_node_;
};

std::string read_bytes(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw bad_input({path}, "", "", "is a folder; a file is needed");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw bad_input({path}, "", "", "cannot be opened");
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw bad_input({path}, "", "", "cannot be read");
  return bytes;
}

}  // namespace

namespace {

/// Names come from the file: control characters in them must not break the one line of a message.
[[noreturn]] void rethrow_printable(const input_error& error) {
  std::string line = error.what();
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  throw input_error(line);
}

graph::graph import_model(const std::string& bytes, const std::string& path, absent_data absent,
                          const std::map<std::string, tensor>& bind) {
  try {
    return importer(path, absent, bind).run(bytes);
  } catch (const input_error& error) {
    rethrow_printable(error);
  }
}

}  // namespace

graph::graph import_bytes(const std::string& bytes, const std::string& path,
                          const std::map<std::string, tensor>& bind) {
  return import_model(bytes, path, absent_data::refuse, bind);
}

graph::graph import_file(const std::string& path) {
  return import_bytes(read_bytes(path), path);
}

graph::graph import_topology(const std::string& path) {
  return import_model(read_bytes(path), path, absent_data::keep_shape, {});
}

model_summary summarize_file(const std::string& path) {
  const proto::ModelProto model = parse(read_bytes(path), path);
  model_summary summary;
  std::set<std::string> constants;
  std::set<std::string> parameters;
  std::set<std::string> operators;
  std::set<std::string> files;
  for (const auto& data : model.graph().initializer()) {
    constants.insert(data.name());
    for (const auto& entry : data.external_data()) {
      if (entry.key() == "location") files.insert(entry.value());
    }
  }
  summary.data_files.assign(files.begin(), files.end());
  for (const auto& n : model.graph().node()) {
    operators.insert(operator_name(n));
    const graph::operator_row* row = is_standard(n.domain()) ? graph::find_operator(n.op_type()) : nullptr;
    for (int k = 0; row != nullptr && k < std::min(n.input_size(), 32); ++k)
      if ((row->constant_inputs >> k & 1U) != 0) parameters.insert(n.input(k));
  }
  for (const auto& input : model.graph().input()) {
    if (constants.count(input.name()) != 0) continue;
    summary.inputs.push_back(input.name());
    if (parameters.count(input.name()) != 0) summary.parameters.push_back(input.name());
  }
  summary.operators.assign(operators.begin(), operators.end());
  return summary;
}

tensor import_tensor(const std::string& path) {
  proto::TensorProto from;
  if (!from.ParseFromString(read_bytes(path)) || from.data_type() == 0)
    throw bad_input({path}, "", "", "is not an ONNX tensor, or is cut short");
  return read_tensor(from, path, "tensor", absent_data::refuse);
}

}  // namespace cimbalom::onnx
