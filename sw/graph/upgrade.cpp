#include <algorithm>

#include "sw/graph/build.hpp"
#include "sw/graph/messages.hpp"
#include "sw/graph/operators.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

void put_input(node& n, std::size_t k, value_id id) {
  if (n.inputs.size() <= k) n.inputs.resize(k + 1, no_value);
  n.inputs[k] = id;
}

/// A list attribute of the old form becomes constant input k.
void ints_to_input(graph& g, node& n, const char* key, std::size_t k) {
  if (!n.has(key)) return;
  const std::vector<std::int64_t> values = n.ints_or(key, {});
  const auto count = static_cast<std::int64_t>(values.size());
  put_input(n, k, g.add_constant(n.name + "." + key, tensor::of<std::int64_t>({count}, values)));
  n.attributes.erase(key);
}

void float_to_input(graph& g, node& n, const char* key, std::size_t k) {
  if (!n.has(key)) return;
  const float value = n.float_or(key, 0);
  const bool wide = n.has_input(0) && g.info(n.inputs[0]).type == data_type::float64;
  put_input(n, k, g.add_constant(n.name + "." + key, wide ? tensor::scalar<double>(value) : tensor::scalar(value)));
  n.attributes.erase(key);
}

void refuse_training(const graph& g, const node& n) {
  refuse(g, n, "training mode", "1", "only inference is supported: export the network in evaluation mode");
}

void upgrade_dropout(const graph& g, node& n, std::int64_t opset) {
  if (opset < 7 && n.int_or("is_test", 0) == 0) refuse_training(g, n);
  if (n.has_input(2)) {
    const tensor* training = g.constant(n.inputs[2]);
    if (training == nullptr || !training->has_data() || training->size() != 1 || training->as_doubles()[0] != 0) {
      const tensor* ratio = n.has_input(1) ? g.constant(n.inputs[1]) : nullptr;
      const bool drops_nothing =
          ratio != nullptr && ratio->has_data() && ratio->size() == 1 && ratio->as_doubles()[0] == 0;
      if (!drops_nothing) refuse_training(g, n);
    }
  }
  n.attributes.clear();
  if (n.inputs.size() > 1) n.inputs.resize(1);
}

void upgrade_batch_norm(const graph& g, node& n, std::int64_t opset) {
  if (n.int_or("training_mode", 0) != 0 || (opset < 7 && n.int_or("is_test", 0) == 0)) refuse_training(g, n);
  if (n.int_or("spatial", 1) == 0) refuse(g, n, "spatial", "0", "must be 1 (statistics by channel)");
  while (n.outputs.size() > 1 && n.outputs.back() == no_value) n.outputs.pop_back();
  if (n.outputs.size() > 1) refuse_training(g, n);
}

void upgrade_broadcast(const graph& g, const node& n, std::int64_t opset) {
  if (opset < 7 && n.int_or("broadcast", 0) != 0 && n.has("axis"))
    refuse(g, n, "axis", std::to_string(n.int_or("axis", 0)), "broadcast along an axis needs opset 7 or newer");
}

/// Before opset 13 Softmax ran over all axes from `axis` on, flattened.
std::vector<node> upgrade_softmax(graph& g, node n, std::int64_t opset) {
  if (opset >= 13 || !n.has_input(0) || n.output() == no_value) return {std::move(n)};
  const shape_t shape = g.shape_of(n.inputs[0]);
  const std::int64_t given = n.int_or("axis", 1);
  n.attributes["axis"] = given;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = given == rank ? rank : axis_of(g, n);
  const std::int64_t outer = element_count({shape.begin(), shape.begin() + axis});
  if (element_count({shape.begin() + std::min(axis + 1, rank), shape.end()}) == 1 && axis < rank) {
    n.attributes["axis"] = axis;
    return {std::move(n)};
  }
  const auto type = g.info(n.inputs[0]).type;
  const shape_t flat = {outer, element_count(shape) / std::max<std::int64_t>(outer, 1)};
  const auto reshape = [&](const char* what, value_id in, value_id out, const shape_t& to) {
    const auto axes = static_cast<std::int64_t>(to.size());
    return node{op::reshape,
                n.name + what,
                {in, g.add_constant(n.name + what, tensor::of<std::int64_t>({axes}, to))},
                {out},
                {}};
  };
  const value_id before = g.add_value(n.name + ".flat", type, flat);
  const value_id after = g.add_value(n.name + ".soft", type, flat);
  std::vector<node> made = {reshape(".flatten", n.inputs[0], before, flat), n,
                            reshape(".unflatten", after, n.outputs.at(0), shape)};
  made[1].inputs[0] = before;
  made[1].outputs[0] = after;
  made[1].attributes["axis"] = std::int64_t{1};
  return made;
}

}  // namespace

std::vector<node> upgrade(graph& g, node n, std::int64_t opset) {
  while (!n.inputs.empty() && n.inputs.back() == no_value) n.inputs.pop_back();
  switch (n.kind) {
    case op::clip:
      float_to_input(g, n, "min", 1);
      float_to_input(g, n, "max", 2);
      break;
    case op::pad:
      ints_to_input(g, n, opset < 2 ? "paddings" : "pads", 1);
      float_to_input(g, n, "value", 2);
      break;
    case op::slice:
      ints_to_input(g, n, "starts", 1);
      ints_to_input(g, n, "ends", 2);
      ints_to_input(g, n, "axes", 3);
      break;
    case op::squeeze:
    case op::unsqueeze:
    case op::reduce_max:
    case op::reduce_mean:
    case op::reduce_min:
    case op::reduce_sum:
      ints_to_input(g, n, "axes", 1);
      break;
    case op::split:
      ints_to_input(g, n, "split", 1);
      break;
    case op::reshape:
      ints_to_input(g, n, "shape", 1);
      break;
    case op::dropout:
      upgrade_dropout(g, n, opset);
      break;
    case op::batch_normalization:
      upgrade_batch_norm(g, n, opset);
      break;
    case op::add:
    case op::sub:
    case op::mul:
    case op::div:
    case op::pow:
      upgrade_broadcast(g, n, opset);
      break;
    case op::max_pool:
      while (n.outputs.size() > 1 && n.outputs.back() == no_value) n.outputs.pop_back();
      if (n.outputs.size() > 1) refuse(g, n, "output Indices", "", "is not supported");
      break;
    case op::hard_sigmoid:
    case op::quantize_linear:
    case op::dequantize_linear:
      break;
    case op::softmax:
    case op::log_softmax:
      return upgrade_softmax(g, std::move(n), opset);
    default:
      break;
  }
  return {std::move(n)};
}

}  // namespace cimbalom::graph
