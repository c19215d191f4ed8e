#include "sw/graph/graph.hpp"

#include <algorithm>
#include <set>

#include "platform/configuration/error.hpp"

namespace cimbalom::graph {
namespace {

template <class T>
const T* typed(const node& n, const std::string& key, const char* kind) {
  const auto found = n.attributes.find(key);
  if (found == n.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr)
    throw bad_input({}, "node " + n.name + " (" + name_of(n.kind) + "): attribute " + key, "",
                    std::string("must be ") + kind);
  return value;
}

}  // namespace

std::int64_t node::int_or(const std::string& key, std::int64_t fallback) const {
  const auto* value = typed<std::int64_t>(*this, key, "an integer");
  return value != nullptr ? *value : fallback;
}

float node::float_or(const std::string& key, float fallback) const {
  const auto* value = typed<float>(*this, key, "a number");
  return value != nullptr ? *value : fallback;
}

std::string node::string_or(const std::string& key, const std::string& fallback) const {
  const auto* value = typed<std::string>(*this, key, "a string");
  return value != nullptr ? *value : fallback;
}

std::vector<std::int64_t> node::ints_or(const std::string& key, const std::vector<std::int64_t>& fallback) const {
  const auto* value = typed<std::vector<std::int64_t>>(*this, key, "a list of integers");
  return value != nullptr ? *value : fallback;
}

const tensor* graph::constant(value_id id) const {
  const auto found = initializers.find(id);
  return found == initializers.end() ? nullptr : &found->second;
}

value_id graph::find(const std::string& wanted) const {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].name == wanted) return static_cast<value_id>(i);
  return no_value;
}

value_id graph::add_value(const std::string& wanted, data_type type, shape_t shape) {
  std::string unique = wanted;
  for (int suffix = 1; find(unique) != no_value; ++suffix) unique = wanted + "_" + std::to_string(suffix);
  values.push_back({unique, type, std::move(shape), -1});
  return static_cast<value_id>(values.size() - 1);
}

value_id graph::add_constant(const std::string& wanted, tensor data) {
  const value_id id = add_value(wanted, data.type(), data.shape());
  initializers.emplace(id, std::move(data));
  return id;
}

std::vector<int> producers(const graph& g) {
  std::vector<int> made(g.values.size(), -1);
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    for (value_id out : g.nodes[i].outputs)
      if (out != no_value) made[static_cast<std::size_t>(out)] = static_cast<int>(i);
  return made;
}

std::vector<std::vector<int>> consumers(const graph& g) {
  std::vector<std::vector<int>> made(g.values.size());
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    for (value_id in : g.nodes[i].inputs)
      if (in != no_value) made[static_cast<std::size_t>(in)].push_back(static_cast<int>(i));
  return made;
}

void replace_uses(graph& g, value_id from, value_id to) {
  for (node& n : g.nodes) std::replace(n.inputs.begin(), n.inputs.end(), from, to);
  std::replace(g.outputs.begin(), g.outputs.end(), from, to);
}

bool is_output(const graph& g, value_id id) {
  return std::find(g.outputs.begin(), g.outputs.end(), id) != g.outputs.end();
}

std::string describe(const graph& g, const node& n) {
  return (g.file.empty() ? "" : g.file + ": ") + "node " + n.name + " (" + name_of(n.kind) + ")";
}

void check(const graph& g) {
  const auto valid = [&](value_id id) { return id >= 0 && static_cast<std::size_t>(id) < g.values.size(); };
  std::vector<bool> known(g.values.size(), false);
  const auto make = [&](value_id id, const std::string& who) {
    if (!valid(id)) throw bad_input({}, who, std::to_string(id), "no such value");
    if (known[static_cast<std::size_t>(id)]) throw bad_input({}, who, g.info(id).name, "value is defined twice");
    if (g.info(id).type == data_type::undefined) throw bad_input({}, who, g.info(id).name, "value has no type");
    known[static_cast<std::size_t>(id)] = true;
  };
  std::set<std::string> names;
  for (const value_info& v : g.values)
    if (!names.insert(v.name).second) throw bad_input({g.file}, "value", v.name, "name is used twice");
  for (value_id id : g.inputs) make(id, g.file + ": graph input");
  for (const auto& [id, data] : g.initializers) make(id, g.file + ": initializer");
  for (const node& n : g.nodes) {
    for (value_id in : n.inputs)
      if (in != no_value && (!valid(in) || !known[static_cast<std::size_t>(in)]))
        throw bad_input({}, describe(g, n), valid(in) ? g.info(in).name : std::to_string(in),
                        "input is not defined before its use");
    for (value_id out : n.outputs)
      if (out != no_value) make(out, describe(g, n));
  }
  for (value_id id : g.outputs)
    if (!valid(id) || !known[static_cast<std::size_t>(id)])
      throw bad_input({g.file}, "graph output", valid(id) ? g.info(id).name : std::to_string(id),
                      "nothing computes it");
}

}  // namespace cimbalom::graph
