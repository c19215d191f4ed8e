#include "sw/codesign/variants.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sw/codesign/co_design.hpp"
#include "sw/compiler/pass_formation.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::codesign {
namespace {

using quantization::layer;
using quantization::layer_kind;
using quantization::network;

graph::graph two_layers() {
  graph::graph g;
  g.name = g.file = "two";
  const graph::value_id x = quantization::input(g, {1, 16, 8, 8});
  const graph::value_id a =
      quantization::conv(g, "first", x, {16, 16, 3, 3}, {{"pads", quantization::ints{1, 1, 1, 1}}});
  const graph::value_id b = graph::add_node(g, graph::op::relu, "relu", {a}, {});
  g.outputs = {quantization::conv(g, "second", b, {24, 16, 3, 3})};
  return g;
}

network quantized(int weight_bits, int activation_bits) {
  const graph::graph g = quantization::prepare(two_layers());
  quantization::quantization_settings settings;
  settings.weight_bits = weight_bits;
  settings.activation_bits = activation_bits;
  return quantization::quantize(g, settings, quantization::wide_ranges(g));
}

/// Four bits, six-bit activations, the first three taps of every filter pruned, paired.
network designed(const cim::macro_config& macro) {
  network net = quantized(4, 6);
  for (layer& l : net.layers) {
    if (l.kind != layer_kind::mvm) continue;
    const std::size_t length = l.mvm.weights.size() / static_cast<std::size_t>(l.mvm.filters);
    for (std::size_t i = 0; i < l.mvm.weights.size(); ++i) {
      if (i % length < 48) l.mvm.weights[i] = 0;
    }
    pairing_options options;
    options.rule = pattern_rule::shared;
    pair_layer(l.mvm, macro, options);
  }
  return net;
}

/// Positions that a network stores.
std::uint64_t entries(const variant_network& v, const cim::macro_config& macro) {
  std::uint64_t sum = 0;
  for (const layer& l : v.network.layers)
    if (l.kind == layer_kind::mvm)
      for (const compiler::formed_pass& pass : compiler::form_passes(l, macro, v.skip_zero_groups))
        sum += pass.record.groups.size();
  return sum;
}

struct forms {
  cim::macro_config macro;
  network package = designed(macro), dense = quantized(8, 8);
  variant_network of(variant which) const { return make_variant(which, package, dense, macro); }
};

TEST(variants, dense_is_the_eight_bit_network_and_all_is_the_package) {
  const forms f;
  EXPECT_EQ(entries(f.of(variant::dense), f.macro), 2U * 9 + 2U * 9);  // 16 and 24 filters, 12 a pass, nine taps
  EXPECT_EQ(f.of(variant::dense).network.layers[0].mvm.weights, f.dense.layers[0].mvm.weights);
  EXPECT_EQ(f.of(variant::all).network.layers[0].mvm.weights, f.package.layers[0].mvm.weights);
  EXPECT_EQ(entries(f.of(variant::all), f.macro), 6U + 6U);
  EXPECT_FALSE(f.of(variant::no_residency).residency);
  EXPECT_TRUE(f.of(variant::no_residency).keeps_adc_steps);
}

TEST(variants, pruning_alone_skips_the_groups_of_the_package_at_eight_bits) {
  const forms f;
  const variant_network v = f.of(variant::pruning);
  EXPECT_EQ(entries(v, f.macro), 2U * 6 + 2U * 6);
  EXPECT_EQ(v.network.layers[0].mvm.weight_bits, f.dense.layers[0].mvm.weight_bits);
  for (const auto& pass : v.network.layers[0].mvm.slot_assignment)
    for (const auto& slot : pass) EXPECT_EQ(slot.size(), 1U);
}

// Two groups of 16 channels, then depthwise: groups of rows and whole filters that the package lacks go.
TEST(variants, pruning_alone_clears_convolution_groups_too) {
  const cim::macro_config macro;
  graph::graph g;
  g.name = g.file = "grouped";
  graph::value_id x = quantization::input(g, {1, 32, 8, 8});
  x = quantization::conv(g, "two", x, {24, 16, 3, 3}, {{"group", std::int64_t{2}}});
  g.outputs = {quantization::conv(g, "each", x, {24, 1, 3, 3}, {{"group", std::int64_t{24}}})};
  const graph::graph prepared = quantization::prepare(g);
  const network dense = quantization::quantize(prepared, {}, quantization::wide_ranges(prepared));
  network package = dense;
  quantization::mvm_parameters &two = package.layers.at(0).mvm, &each = package.layers.at(1).mvm;
  // The first three taps of the first group's filters, and the depthwise filters 3 and 20.
  for (std::size_t f = 0; f < 12; ++f)
    std::fill_n(two.weights.begin() + static_cast<std::ptrdiff_t>(f * 144), 48, std::int16_t{0});
  for (const std::ptrdiff_t f : {3, 20}) std::fill_n(each.weights.begin() + f * 9, 9, std::int16_t{0});
  const variant_network v = make_variant(variant::pruning, package, dense, macro);
  EXPECT_EQ(v.network.layers.at(0).mvm.weights, two.weights);
  EXPECT_EQ(v.network.layers.at(1).mvm.weights, each.weights);
  variant_network before;
  before.network = dense;
  before.skip_zero_groups = false;
  EXPECT_EQ(entries(before, macro), 9U + 9U + 24U);
  EXPECT_EQ(entries(v, macro), 6U + 9U + 22U);
}

TEST(variants, widths_alone_save_no_operation_and_pairing_does) {
  const forms f;
  EXPECT_EQ(entries(f.of(variant::mixed), f.macro), entries(f.of(variant::dense), f.macro));
  EXPECT_EQ(f.of(variant::mixed).network.layers[0].mvm.weight_bits, f.package.layers[0].mvm.weight_bits);
  EXPECT_EQ(entries(f.of(variant::pairing), f.macro), 9U + 9U);
  EXPECT_EQ(f.of(variant::pairing).network.tensors[0].format.bits, 8);
}

TEST(variants, activations_alone_keep_the_weights) {
  const forms f;
  const variant_network v = f.of(variant::activations);
  EXPECT_EQ(v.network.layers[0].mvm.weights, f.dense.layers[0].mvm.weights);
  for (std::size_t t = 0; t < v.network.tensors.size(); ++t) {
    EXPECT_EQ(v.network.tensors[t].format.bits, f.package.tensors[t].format.bits);
    EXPECT_EQ(v.network.tensors[t].scale, f.package.tensors[t].scale);
  }
}

TEST(variants, other_networks_and_names_are_refused) {
  const forms f;
  network other = f.dense;
  other.layers[0].name = "else";
  EXPECT_THROW(make_variant(variant::dense, f.package, other, f.macro), input_error);
  EXPECT_THROW(variant_of("nothing"), input_error);
  for (const variant which : ablation_variants()) EXPECT_EQ(variant_of(name_of(which)), which);
}

TEST(pair_again, keeps_the_groups_and_takes_the_other_options) {
  forms f;
  pairing_options single;
  single.filters_per_slot = 1;
  const std::vector<std::vector<float>> sample(2, std::vector<float>(16 * 8 * 8, 0.5F));
  const std::vector<pairing> pairs = pair_again(f.package, f.macro, f.macro, single, sample);
  ASSERT_EQ(pairs.size(), f.package.layers.size());
  EXPECT_EQ(pairs[0].slots, 16U);
  variant_network v;
  v.network = f.package;
  EXPECT_EQ(entries(v, f.macro), 2U * 6 + 2U * 6);
}

TEST(co_design, stages_and_layouts_are_checked) {
  EXPECT_EQ(training_stage_of("widths"), training_stage::widths);
  EXPECT_THROW(training_stage_of("all"), input_error);
  cim::macro_config macro;
  EXPECT_EQ(layout_of(macro).slots, 12);
  macro.slot_bits = 16;
  EXPECT_THROW(layout_of(macro), input_error);
}

}  // namespace
}  // namespace cimbalom::codesign
