#include "sw/codesign/layer_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/quantization/quantize.hpp"

namespace cimbalom::codesign {
namespace {

using graph::node;
using graph::op;
using graph::value_id;
using quantization::layer;
using quantization::layer_kind;
using quantization::network;

const node* find_node(const graph::graph& g, const std::string& name) {
  const auto found = std::find_if(g.nodes.begin(), g.nodes.end(), [&](const node& n) { return n.name == name; });
  return found == g.nodes.end() ? nullptr : &*found;
}

/// The normalisation behind a product that is folded into it: it is gone from the prepared graph.
std::string folded_norm(const graph::graph& imported, const graph::graph& prepared, const node& product) {
  for (const node& n : imported.nodes)
    if (n.kind == op::batch_normalization && n.input(0) == product.output() && find_node(prepared, n.name) == nullptr)
      return n.name;
  return {};
}

/// True when a Gemm reads its flattened map channels last.
bool reads_channels_last(const network& net, const node& gemm, const quantization::tensor& in) {
  const graph::graph& g = net.host_graph;
  const std::vector<int> producers = graph::producers(g);
  for (value_id v = gemm.input(0); v != graph::no_value && g.info(v).name != in.name;) {
    const int p = producers[static_cast<std::size_t>(v)];
    if (p < 0) break;
    const node& n = g.nodes[static_cast<std::size_t>(p)];
    if (n.kind == op::transpose) return graph::permutation_of(g, n) == std::vector<std::int64_t>{0, 2, 3, 1};
    v = n.input(0);
  }
  return in.channels_last;
}

/// Place of every weight, in the hardware's order, in the graph's tensor.
std::vector<std::int64_t> weight_order(const network& net, const layer& l, const node& n) {
  const quantization::mvm_parameters& p = l.mvm;
  const std::int64_t taps = std::int64_t{p.filter_window.kernel_h} * p.filter_window.kernel_w;
  const std::int64_t channels = p.channels_per_group;
  bool taps_outside = n.kind != op::conv;  // of a Gemm that reads channels last, taps vary slowest
  bool transposed = true;
  if (n.kind != op::conv) {
    transposed = n.kind == op::gemm && graph::gemm_of(net.host_graph, n).transpose_b;
    taps_outside = taps == 1 || reads_channels_last(net, n, net.tensors[static_cast<std::size_t>(l.inputs.at(0))]);
  }
  std::vector<std::int64_t> order;
  for (std::int64_t f = 0; f < p.filters; ++f)
    for (std::int64_t tap = 0; tap < taps; ++tap)
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t k = taps_outside ? tap * channels + c : c * taps + tap;
        order.push_back(transposed ? f * taps * channels + k : k * p.filters + f);
      }
  return order;
}

/// The order must give the codes that the quantiser made.
void check_order(const network& net, const layer& l, const node& n, const torch::trained_product& product) {
  const graph::tensor* weights = net.host_graph.constant(n.input(1));
  const float* values = weights->data<float>();
  const std::size_t length = product.order.size() / static_cast<std::size_t>(product.filters);
  for (std::size_t k = 0; k < product.order.size(); ++k) {
    const double real = product.factor * static_cast<double>(values[product.order[k]]);
    const double code = real / l.mvm.weight_scale[k / length];
    if (std::fabs(code - l.mvm.weights[k]) > 1)
      throw input_error(graph::describe(net.host_graph, n) +
                        ": its weights lie in an order that training does not know");
  }
}

std::vector<trained_value> values_of(const network& net, const policy& how) {
  std::vector<trained_value> made;
  std::map<int, int> chosen;  // tensor to bits
  for (const auto& [name, bits] : how.layer_activation_bits) {
    bool found = false;
    for (const layer& l : net.layers)
      if (l.name == name) {
        chosen[l.output] = bits;
        found = true;
      }
    if (!found) throw bad_input({}, "policy.layer_activation_bits." + name, "", "is no layer of the network");
  }
  for (std::size_t k = 0; k < net.tensors.size(); ++k) {
    const quantization::tensor& t = net.tensors[k];
    const auto number = static_cast<int>(k);
    if (t.on_host || is_tied(net, number)) continue;
    const auto own = chosen.find(number);
    trained_value v{t.name, t.scale, t.format.zero_point, own != chosen.end() ? own->second : how.activation_bits,
                    t.format.is_signed};
    if (number == net.input) v.bits = how.input_bits;
    if (v.bits != t.format.bits) set_bits(v, t, v.bits);
    made.push_back(v);
  }
  return made;
}

std::string logits_of(const graph::graph& g) {
  if (g.outputs.empty()) throw input_error(g.file + ": has no output to train");
  const int p = graph::producers(g)[static_cast<std::size_t>(g.outputs[0])];
  if (p >= 0) {
    const node& n = g.nodes[static_cast<std::size_t>(p)];
    if (n.kind == op::softmax || n.kind == op::log_softmax) return g.info(n.input(0)).name;
  }
  return g.info(g.outputs[0]).name;
}

void set_units(designed_layer& d, const quantization::mvm_parameters& mvm, const macro_layout& macro) {
  d.units = pruning::layout_units(mvm, macro.rows_active,
                                  [&](int filters) { return passes_for(filters, d.mean_bits, macro); });
  d.product.unit = d.units.unit;
  d.product.units = d.units.units();
}

void set_budget(layer_table& table, const network& net, const policy& how, const macro_layout& macro) {
  const std::vector<double>& mean = how.budget.mean_bits;
  if (mean.size() != 1 && mean.size() != static_cast<std::size_t>(table.stages))
    throw bad_input({}, "policy.budget.mean_bits", fmt::format("[{}]", fmt::join(mean, ", ")),
                    fmt::format("one number, or one for each of the {} stages of {}", table.stages, net.name));
  for (designed_layer& d : table.layers) {
    d.mean_bits = mean[mean.size() == 1 ? 0 : static_cast<std::size_t>(d.stage)];
    set_units(d, net.layers[d.layer].mvm, macro);
  }
}

/// The value that a layer reads, behind pools and slices that pass codes on.
std::size_t input_value(const layer_table& table, const network& net, const layer& l) {
  int t = l.inputs.at(0);
  while (is_tied(net, t)) {
    const auto writer =
        std::find_if(net.layers.begin(), net.layers.end(), [&](const layer& other) { return other.output == t; });
    t = writer->inputs.at(0);
  }
  const std::string& name = net.tensors[static_cast<std::size_t>(t)].name;
  for (std::size_t v = 0; v < table.values.size(); ++v)
    if (table.values[v].name == name) return v;
  throw input_error(net.name + ": layer " + l.name + ": its input is not on the accelerator");
}

}  // namespace

void set_passes(designed_layer& layer, const quantization::mvm_parameters& mvm, int passes, const macro_layout& macro) {
  layer.mean_bits = std::min(static_cast<double>(macro.slot_bits),
                             static_cast<double>(passes * macro.slots * macro.slot_bits) / mvm.filters);
  set_units(layer, mvm, macro);
}

void set_bits(trained_value& value, const quantization::tensor& like, int bits) {
  value.bits = bits;
  value.scale = like.scale;
  value.zero_point = like.format.zero_point;
  if (bits == like.format.bits) return;
  const double from_steps = std::ldexp(1.0, like.format.bits) - 1, to_steps = std::ldexp(1.0, bits) - 1;
  value.scale = like.scale * from_steps / to_steps;
  if (!value.is_signed) return;
  const double low = (like.format.minimum() - like.format.zero_point) * like.scale;
  const double least = -std::ldexp(1.0, bits - 1);
  value.zero_point = static_cast<int>(std::clamp(std::nearbyint(least - low / value.scale), least, -least - 1));
}

void set_unit_costs(layer_table& table, const macro_layout& macro) {
  for (designed_layer& d : table.layers) d.unit_cost = d.pixels * macro.slices(table.values[d.input].bits);
}

int passes_for(int filters, double mean_bits, const macro_layout& macro) {
  const int fewest = (filters + 2 * macro.slots - 1) / (2 * macro.slots);
  const int most = (filters + macro.slots - 1) / macro.slots;
  if (mean_bits >= macro.slot_bits) return most;
  const double filled = filters * mean_bits / (macro.slots * macro.slot_bits);
  return std::clamp(static_cast<int>(std::floor(filled + 1e-9)), fewest, most);
}

layer_table make_layer_table(const graph::graph& imported, const network& net, const policy& how,
                             const macro_layout& macro) {
  if (quantization::is_quantized(imported))
    throw input_error(imported.file + ": carries scales of its own: co-design starts from a float network");
  if (macro.rows_active < 1 || macro.slots < 1 || macro.slot_bits < 2 || macro.slot_bits > 8)
    throw input_error("co-design needs slots of 2..8 columns: platform.macro.slot_bits = " +
                      std::to_string(macro.slot_bits));
  layer_table table;
  std::int64_t area = 0;
  for (std::size_t k = 0; k < net.layers.size(); ++k) {
    const layer& l = net.layers[k];
    if (l.kind != layer_kind::mvm) continue;
    const node* n = find_node(imported, l.name);
    const node* prepared = find_node(net.host_graph, l.name);
    if (n == nullptr || prepared == nullptr) throw input_error(imported.file + ": node " + l.name + ": is missing");
    const registers::tensor_format& out = net.tensors[static_cast<std::size_t>(l.output)].format;
    const std::int64_t pixels = std::int64_t{out.height} * out.width;
    if (area != 0 && pixels < area && pixels > 1) ++table.stages;
    if (area == 0 || pixels > 1) area = pixels;
    designed_layer d;
    d.name = l.name;
    d.layer = k;
    d.stage = table.stages;
    d.pixels = static_cast<double>(pixels);
    d.product.node = l.name;
    d.product.norm = folded_norm(imported, net.host_graph, *n);
    d.product.filters = l.mvm.filters;
    if (n->kind == op::gemm) d.product.factor = static_cast<double>(graph::gemm_of(imported, *n).alpha);
    d.product.order = weight_order(net, l, *prepared);
    check_order(net, l, *prepared, d.product);
    table.layers.push_back(std::move(d));
  }
  if (table.layers.empty())
    throw input_error(imported.file + ": has no layer with weights on the macros: nothing to prune");
  ++table.stages;
  set_budget(table, net, how, macro);
  table.values = values_of(net, how);
  for (designed_layer& d : table.layers) {
    d.input = input_value(table, net, net.layers[d.layer]);
    d.product.input = table.values[d.input].name;
  }
  set_unit_costs(table, macro);
  table.logits = logits_of(imported);
  table.channels_last = net.tensors[static_cast<std::size_t>(net.input)].channels_last;
  return table;
}

}  // namespace cimbalom::codesign
