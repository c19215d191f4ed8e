#include "sw/codesign/trained_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::codesign {
namespace {

using graph::op;
using graph::value_id;
using quantization::layer;
using quantization::layer_kind;
using quantization::network;

template <class T>
const T& find(const std::vector<T>& all, const std::string& name, const network& net, const char* what) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == name; });
  if (found == all.end())
    throw input_error(net.name + ": " + what + " " + name + ": is in the network, and not in what was trained");
  return *found;
}

/// Bounds of the activations that a layer took in: the Relu and Clip nodes between its sum and its tensor.
struct real_bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

real_bounds bounds_of(const network& net, const std::string& tensor, const std::vector<int>& producers,
                      const std::set<std::string>& tensors) {
  const graph::graph& g = net.host_graph;
  std::vector<int> chain;
  for (value_id v = g.find(tensor); v != graph::no_value;) {
    const int p = producers[static_cast<std::size_t>(v)];
    if (p < 0) break;
    const graph::node& n = g.nodes[static_cast<std::size_t>(p)];
    if (n.kind != op::relu && n.kind != op::clip) break;
    chain.push_back(p);
    v = n.input(0);
    if (tensors.count(g.info(v).name) != 0) break;
  }
  real_bounds bounds;
  for (auto p = chain.rbegin(); p != chain.rend(); ++p) {
    const graph::node& n = g.nodes[static_cast<std::size_t>(*p)];
    const graph::clip_bounds clip =
        n.kind == op::clip ? graph::clip_of(g, n) : graph::clip_bounds{0, std::numeric_limits<double>::infinity()};
    bounds.low = std::clamp(bounds.low, clip.low, clip.high);
    bounds.high = std::clamp(bounds.high, clip.low, clip.high);
  }
  return bounds;
}

std::int32_t code_of(double real, const quantization::tensor& t) {
  const double code = std::nearbyint(real / t.scale) + t.format.zero_point;
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(t.format.minimum()), static_cast<double>(t.format.maximum())));
}

void apply_values(const trained_network& trained, network& net) {
  for (std::size_t k = 0; k < net.tensors.size(); ++k) {
    quantization::tensor& t = net.tensors[k];
    if (t.on_host || is_tied(net, static_cast<int>(k))) continue;
    const trained_value& from = find(trained.values, t.name, net, "value");
    if (!(from.scale > 0) || from.bits < 1 || from.bits > 16)
      throw input_error(net.name + ": value " + t.name + ": its trained scale or width is out of range");
    t.scale = from.scale;
    t.format.bits = static_cast<std::uint8_t>(from.bits);
    t.format.is_signed = from.is_signed;
    t.format.zero_point = from.zero_point;
  }
  for (const layer& l : net.layers) {
    if (l.output < 0 || !is_tied(net, l.output)) continue;
    const quantization::tensor& from = net.tensors[static_cast<std::size_t>(l.inputs.at(0))];
    quantization::tensor& to = net.tensors[static_cast<std::size_t>(l.output)];
    to.scale = from.scale;
    to.format.bits = from.format.bits;
    to.format.is_signed = from.format.is_signed;
    to.format.zero_point = from.format.zero_point;
  }
}

void apply_weights(const trained_layer& from, const network& net, layer& l) {
  quantization::mvm_parameters& p = l.mvm;
  const auto filters = static_cast<std::size_t>(p.filters);
  if (from.weights.size() != p.weights.size() || from.bits.size() != filters || from.scale.size() != filters ||
      from.bias.size() != filters)
    throw input_error(net.name + ": layer " + l.name + ": what was trained is of another size");
  p.weights = from.weights;
  p.weight_bits = from.bits;
  p.weight_scale = from.scale;
  p.weight_zero_point.assign(filters, 0);
  const double input_scale = net.tensors[static_cast<std::size_t>(l.inputs.at(0))].scale;
  for (std::size_t f = 0; f < filters; ++f) {
    const double code = std::nearbyint(from.bias[f] / (input_scale * from.scale[f]));
    if (!(std::fabs(code) <= 1e15))
      throw input_error(net.name + ": layer " + l.name + ": bias of filter " + std::to_string(f) +
                        " is far beyond its product");
    p.bias[f] = static_cast<std::int64_t>(code);
  }
}

}  // namespace

std::vector<std::vector<std::uint16_t>> kept_groups(const trained_layer& layer) {
  std::vector<std::vector<std::uint16_t>> made;
  for (const int pass : layer.pass) {
    std::vector<std::uint16_t> kept;
    for (int group = 0; group < layer.groups; ++group)
      if (layer.mask.at(static_cast<std::size_t>(std::int64_t{pass} * layer.groups + group)) != 0)
        kept.push_back(static_cast<std::uint16_t>(group));
    made.push_back(std::move(kept));
  }
  return made;
}

bool is_tied(const network& net, int tensor) {
  const layer* writer = nullptr;
  for (const layer& l : net.layers) {
    if (l.output != tensor) continue;
    if (writer != nullptr) return false;  // pieces of a Concat
    writer = &l;
  }
  if (writer == nullptr || (writer->kind != layer_kind::max_pool && writer->kind != layer_kind::slice_pad))
    return false;
  const value_id v = net.host_graph.find(net.tensors[static_cast<std::size_t>(tensor)].name);
  const std::vector<int> producers = graph::producers(net.host_graph);
  const int p = v == graph::no_value ? -1 : producers[static_cast<std::size_t>(v)];
  return p < 0 || net.host_graph.nodes[static_cast<std::size_t>(p)].kind != op::concat;
}

void apply(const trained_network& trained, network& net) {
  apply_values(trained, net);
  const std::vector<int> producers = graph::producers(net.host_graph);
  std::set<std::string> tensors;
  for (const quantization::tensor& t : net.tensors) tensors.insert(t.name);
  for (layer& l : net.layers) {
    if (l.kind == layer_kind::host) continue;
    if (l.kind == layer_kind::mvm) apply_weights(find(trained.layers, l.name, net, "layer"), net, l);
    if (l.kind == layer_kind::affine) {
      const trained_affine& from = find(trained.affine, l.name, net, "layer");
      if (from.scale.size() != l.affine_scale.size() || from.bias.size() != l.affine_bias.size())
        throw input_error(net.name + ": layer " + l.name + ": what was trained is of another size");
      l.affine_scale = from.scale;
      l.affine_bias = from.bias;
    }
    const quantization::tensor& out = net.tensors[static_cast<std::size_t>(l.output)];
    const real_bounds bounds = bounds_of(net, out.name, producers, tensors);
    l.clamp_low = std::isinf(bounds.low) ? out.format.minimum() : code_of(bounds.low, out);
    l.clamp_high = std::isinf(bounds.high) ? out.format.maximum() : code_of(bounds.high, out);
  }
}

}  // namespace cimbalom::codesign
