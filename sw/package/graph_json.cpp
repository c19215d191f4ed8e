#include "sw/package/graph_json.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "sw/graph/operators.hpp"
#include "sw/package/archive.hpp"

namespace cimbalom::package {

template <>
struct enum_names<graph::data_type> {
  static constexpr std::array<const char*, 12> names = {"undefined", "float32", "float64", "int8",
                                                        "int16",     "int32",   "int64",   "uint8",
                                                        "uint16",    "uint32",  "uint64",  "boolean"};
};

// Found by the archives through their own namespace.
template <class Archive>
void fields(Archive& archive, graph::value_info& v) {
  archive("name", v.name);
  archive("type", v.type);
  archive("shape", v.shape);
  archive("batch_axis", v.batch_axis, -1, 63);
}

namespace {

using graph::attribute;
using graph::value_id;

/// Where a tensor's elements lie in constants.bin.
struct stored_tensor {
  graph::data_type type = graph::data_type::float32;
  graph::shape_t shape;
  bool has_data = true;
  std::uint64_t offset = 0;
};

template <class Archive>
void fields(Archive& archive, stored_tensor& t) {
  archive("type", t.type);
  archive("shape", t.shape);
  archive("has_data", t.has_data);
  archive("offset", t.offset);
}

json tensor_to_json(const graph::tensor& t, std::string& constants) {
  stored_tensor stored{t.type(), t.shape(), t.has_data(), constants.size()};
  if (t.has_data()) constants.append(reinterpret_cast<const char*>(t.bytes()), t.size_bytes());
  json to;
  writer::put(to, stored);
  return to;
}

graph::tensor tensor_from_json(const json& from, const std::string& path, const std::string& file,
                               const std::string& constants) {
  const reader in(from, file, path);
  stored_tensor stored;
  in.get(from, path, stored);
  std::uint64_t bytes = graph::bytes_of(stored.type);
  if (bytes == 0) in.refuse(in.child("type"), from.at("type"), "an element type");
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  for (const std::int64_t extent : stored.shape) {
    if (extent < 0 || (extent > 0 && bytes > most / static_cast<std::uint64_t>(extent))) {
      in.refuse(in.child("shape"), from.at("shape"), "the shape of a tensor");
    }
    bytes *= static_cast<std::uint64_t>(extent);
  }
  if (!stored.has_data) return graph::tensor::without_data(stored.type, stored.shape);
  if (bytes > constants.size() || stored.offset > constants.size() - bytes) {
    in.refuse(in.child("offset"), from.at("offset"), "elements inside constants.bin");
  }
  graph::tensor t(stored.type, stored.shape);
  std::memcpy(t.bytes(), constants.data() + stored.offset, bytes);
  return t;
}

constexpr std::array<const char*, 7> attribute_kinds = {"int", "float", "text", "ints", "floats", "texts", "tensor"};

json attribute_to_json(const attribute& value, std::string& constants) {
  json to = json::object();
  json& content = to[attribute_kinds.at(value.index())];
  std::visit(
      [&](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, graph::tensor>) {
          content = tensor_to_json(held, constants);
        } else {
          writer::put(content, held);
        }
      },
      value);
  return to;
}

template <std::size_t Kind>
bool take_attribute(const json& from, const reader& in, const std::string& path, attribute& value) {
  const auto found = from.find(attribute_kinds.at(Kind));
  if (found == from.end()) return false;
  in.get(*found, path, value.emplace<Kind>());
  return true;
}

attribute attribute_from_json(const json& from, const std::string& path, const std::string& file,
                              const std::string& constants) {
  const reader in(from, file, path);
  attribute value;
  const bool known = take_attribute<0>(from, in, path, value) || take_attribute<1>(from, in, path, value) ||
                     take_attribute<2>(from, in, path, value) || take_attribute<3>(from, in, path, value) ||
                     take_attribute<4>(from, in, path, value) || take_attribute<5>(from, in, path, value);
  if (known) return value;
  if (!from.contains("tensor")) in.refuse(path, from, "one of int float text ints floats texts tensor");
  return tensor_from_json(from["tensor"], path, file, constants);
}

json node_to_json(const graph::node& n, std::string& constants) {
  json to;
  to["operator"] = graph::name_of(n.kind);
  to["name"] = n.name;
  to["inputs"] = n.inputs;
  to["outputs"] = n.outputs;
  to["attributes"] = json::object();
  for (const auto& [key, value] : n.attributes) to["attributes"][key] = attribute_to_json(value, constants);
  return to;
}

graph::node node_from_json(const json& from, const std::string& path, const std::string& file,
                           const std::string& constants) {
  reader in(from, file, path);
  graph::node n;
  std::string kind;
  in("operator", kind);
  const graph::operator_row* row = graph::find_operator(kind);
  if (row == nullptr) in.refuse(in.child("operator"), kind, "a supported operator");
  n.kind = row->kind;
  in("name", n.name);
  in("inputs", n.inputs);
  in("outputs", n.outputs);
  const json& attributes = in.at("attributes");
  if (!attributes.is_object()) in.refuse(in.child("attributes"), attributes, "an object");
  for (const auto& [key, value] : attributes.items()) {
    n.attributes[key] = attribute_from_json(value, in.child("attributes") + "." + key, file, constants);
  }
  return n;
}

void check_ids(const std::vector<value_id>& ids, std::size_t values, bool optional, const reader& in, const char* key) {
  for (const value_id id : ids) {
    const bool left_out = optional && id == graph::no_value;
    if (!left_out && (id < 0 || static_cast<std::size_t>(id) >= values)) in.refuse(key, id, "the number of a value");
  }
}

}  // namespace

json graph_to_json(const graph::graph& g, std::string& constants) {
  json to;
  to["name"] = g.name;
  to["file"] = std::filesystem::path(g.file).filename().string();
  to["opset"] = g.opset;
  writer::put(to["values"], g.values);
  to["nodes"] = json::array();
  for (const graph::node& n : g.nodes) to["nodes"].push_back(node_to_json(n, constants));
  to["inputs"] = g.inputs;
  to["outputs"] = g.outputs;
  to["constants"] = json::array();
  for (const auto& [id, held] : g.initializers) {
    json one = tensor_to_json(held, constants);
    one["value"] = id;
    to["constants"].push_back(std::move(one));
  }
  return to;
}

graph::graph graph_from_json(const json& from, const std::string& file, const std::string& constants) {
  graph::graph g;
  reader in(from, file, "graph");
  in("name", g.name);
  in("file", g.file);
  in("opset", g.opset);
  in("values", g.values);
  in("inputs", g.inputs);
  in("outputs", g.outputs);
  check_ids(g.inputs, g.values.size(), false, in, "graph.inputs");
  check_ids(g.outputs, g.values.size(), false, in, "graph.outputs");
  const json &nodes = in.at("nodes"), &held = in.at("constants");
  if (!nodes.is_array() || !held.is_array()) in.refuse("graph.nodes, graph.constants", nodes, "lists");
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    g.nodes.push_back(node_from_json(nodes[i], "graph.nodes[" + std::to_string(i) + "]", file, constants));
    check_ids(g.nodes.back().inputs, g.values.size(), true, in, "graph.nodes inputs");
    check_ids(g.nodes.back().outputs, g.values.size(), true, in, "graph.nodes outputs");
  }
  for (std::size_t i = 0; i < held.size(); ++i) {
    const std::string path = "graph.constants[" + std::to_string(i) + "]";
    value_id id = 0;
    reader one(held[i], file, path);
    one("value", id, 0, static_cast<std::int64_t>(g.values.size()) - 1);
    g.initializers.emplace(id, tensor_from_json(held[i], path, file, constants));
  }
  return g;
}

}  // namespace cimbalom::package
