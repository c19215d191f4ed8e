#include "sw/codesign/variants.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"
#include "sw/codesign/co_design.hpp"
#include "sw/codesign/trained_network.hpp"
#include "sw/pruning/units.hpp"

namespace cimbalom::codesign {
namespace {

using quantization::layer;
using quantization::layer_kind;
using quantization::network;

struct named_variant {
  variant which;
  const char* name;
};
constexpr named_variant names[] = {
    {variant::all, "all"},
    {variant::dense, "dense"},
    {variant::pruning, "pruning"},
    {variant::mixed, "mixed"},
    {variant::pairing, "pairing"},
    {variant::activations, "activations"},
    {variant::no_residency, "no_residency"},
};

/// The network in the terms of training: real biases, scales by name.
trained_network parts_of(const network& net) {
  trained_network made;
  for (const layer& l : net.layers) {
    if (l.kind == layer_kind::affine) made.affine.push_back({l.name, l.affine_scale, l.affine_bias});
    if (l.kind != layer_kind::mvm) continue;
    const quantization::mvm_parameters& p = l.mvm;
    trained_layer to;
    to.name = l.name;
    to.weights = p.weights;
    to.bits = p.weight_bits;
    to.scale = p.weight_scale;
    const double input_scale = net.tensors[static_cast<std::size_t>(l.inputs.at(0))].scale;
    for (std::size_t f = 0; f < p.bias.size(); ++f)
      to.bias.push_back(static_cast<double>(p.bias[f]) * input_scale * p.weight_scale[f]);
    made.layers.push_back(std::move(to));
  }
  for (const quantization::tensor& t : net.tensors)
    made.values.push_back({t.name, t.scale, t.format.zero_point, t.format.bits, t.format.is_signed});
  return made;
}

void check_same(const network& a, const network& b) {
  bool same = a.layers.size() == b.layers.size() && a.tensors.size() == b.tensors.size();
  for (std::size_t k = 0; same && k < a.layers.size(); ++k)
    same = a.layers[k].name == b.layers[k].name && a.layers[k].kind == b.layers[k].kind &&
           a.layers[k].mvm.weights.size() == b.layers[k].mvm.weights.size();
  if (!same) throw input_error(a.name + ": the package's network is not the one that its float graph gives");
}

/// A filter keeps the weight groups that its pass stores in the package. Filters are put into passes by what they keep,
/// one a slot.
void keep_stored_groups(const network& designed, const cim::macro_config& macro, network& net) {
  pairing_options options;
  options.filters_per_slot = 1;
  for (std::size_t k = 0; k < net.layers.size(); ++k) {
    quantization::mvm_parameters& to = net.layers[k].mvm;
    if (net.layers[k].kind != layer_kind::mvm) continue;
    to.group_rows = designed.layers[k].mvm.group_rows;
    const std::vector<group_pattern> kept = stored_groups(designed.layers[k], macro);
    const pruning::unit_layout units = pruning::layout_units(to, macro.rows_active, [](int) { return 1; });
    const std::size_t length = to.weights.size() / kept.size();
    for (std::size_t i = 0; i < to.weights.size(); ++i) {
      const group_pattern& stored = kept[i / length];
      const auto code = static_cast<std::uint16_t>(units.unit[i] % units.groups);  // units are counted over the passes
      if (!std::binary_search(stored.begin(), stored.end(), code)) to.weights[i] = 0;
    }
    pair_layer(to, macro, options, kept);
  }
}

void copy_slots(const network& designed, network& net) {
  for (std::size_t k = 0; k < net.layers.size(); ++k)
    net.layers[k].mvm.slot_assignment = designed.layers[k].mvm.slot_assignment;
}

}  // namespace

const std::vector<variant>& ablation_variants() {
  static const std::vector<variant> shown = {variant::pruning, variant::mixed, variant::pairing, variant::activations,
                                             variant::no_residency};
  return shown;
}

const char* name_of(variant which) {
  const auto* found =
      std::find_if(std::begin(names), std::end(names), [&](const named_variant& one) { return one.which == which; });
  return found->name;
}

variant variant_of(const std::string& name) {
  std::string known;
  for (const named_variant& one : names) {
    if (name == one.name) return one.which;
    known += (known.empty() ? "" : ", ") + std::string(one.name);
  }
  throw bad_input({}, "--variant", name, known);
}

variant_network make_variant(variant which, const network& designed, const network& dense,
                             const cim::macro_config& macro) {
  variant_network made;
  made.keeps_adc_steps = which == variant::all || which == variant::no_residency;
  made.residency = which != variant::no_residency;
  if (made.keeps_adc_steps) {
    made.network = designed;
    return made;
  }
  check_same(designed, dense);
  made.network = dense;
  made.skip_zero_groups = which == variant::pruning;
  if (which == variant::dense) return made;
  if (which == variant::pruning) {
    keep_stored_groups(designed, macro, made.network);
    return made;
  }
  trained_network parts = parts_of(dense), other = parts_of(designed);
  if (which == variant::activations) {
    parts.values = std::move(other.values);
  } else {
    parts.layers = std::move(other.layers);
  }
  apply(parts, made.network);
  if (which == variant::pairing) copy_slots(designed, made.network);
  return made;
}

}  // namespace cimbalom::codesign
