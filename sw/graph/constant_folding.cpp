#include <algorithm>

#include "sw/graph/build.hpp"
#include "sw/graph/evaluate_constant.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/shape_inference.hpp"

namespace cimbalom::graph {
namespace {

/// Above this a topology's ConstantOfShape is a weight, below it may be a shape or an axis.
constexpr std::int64_t small_constant_bytes = 65536;

bool fold(graph& g, const node& n) {
  std::vector<tensor> made;
  if (!evaluate_constant(g, n, made)) return false;
  for (std::size_t k = 0; k < made.size(); ++k)
    if (n.output(k) != no_value) g.initializers.emplace(n.outputs[k], std::move(made[k]));
  return true;
}

}  // namespace

void append(graph& g, node n, std::int64_t opset, bool shapes_only) {
  for (node& step : upgrade(g, std::move(n), opset)) {
    infer_node(g, step);
    if (shapes_only && step.kind == op::constant_of_shape) {
      const value_info& info = g.info(step.output());
      if (element_count(info.shape) * static_cast<std::int64_t>(bytes_of(info.type)) > small_constant_bytes) {
        g.initializers.emplace(step.output(), tensor::without_data(info.type, info.shape));
        continue;
      }
    }
    if (!fold(g, step)) g.nodes.push_back(std::move(step));
  }
}

value_id add_node(graph& g, op kind, const std::string& name, std::vector<value_id> inputs,
                  std::map<std::string, attribute> attributes) {
  const value_id out = g.add_value(name, data_type::undefined, {});
  append(g, {kind, g.info(out).name, std::move(inputs), {out}, std::move(attributes)}, g.opset);
  return out;
}

value_id add_input(graph& g, const std::string& name, data_type type, shape_t shape, bool batched) {
  const value_id id = g.add_value(name, type, std::move(shape));
  g.info(id).batch_axis = batched ? 0 : -1;
  g.inputs.push_back(id);
  return id;
}

int fold_constants(graph& g) {
  const std::size_t before = g.nodes.size();
  std::vector<node> kept;
  kept.reserve(before);
  for (node& n : g.nodes)
    if (!fold(g, n)) kept.push_back(std::move(n));
  g.nodes = std::move(kept);
  return static_cast<int>(before - g.nodes.size());
}

}  // namespace cimbalom::graph
