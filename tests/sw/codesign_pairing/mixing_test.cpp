#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "models/arithmetic/cells.hpp"
#include "platform/configuration/error.hpp"
#include "sw/codesign/pairing/pairing.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/compiler/pass_formation.hpp"
#include "sw/compiler/verify.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/quantization/row_grouping.hpp"
#include "sw/runtime/untimed_machine.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::codesign {
namespace {

using quantization::network;
using test::network_builder;

// New widths and weights for every filter, groups of rows cleared at random: signs and extremes included. The filters
// of a layer have one of so many patterns of groups.
void mix_widths(network& net, network_builder& draw, int widest, int zero_percent, int rows_active = 16,
                std::size_t patterns = 1) {
  for (quantization::layer& l : net.layers) {
    if (l.kind != quantization::layer_kind::mvm) continue;
    quantization::mvm_parameters& p = l.mvm;
    const quantization::row_grouping rows = quantization::grouping_of(p, rows_active);
    const std::size_t size = p.weights.size() / static_cast<std::size_t>(p.filters);
    std::vector<std::vector<bool>> masks(patterns, std::vector<bool>(static_cast<std::size_t>(rows.codes())));
    for (std::vector<bool>& mask : masks)
      for (std::size_t c = 0; c < mask.size(); ++c) mask[c] = draw.random(100) >= zero_percent;
    for (std::size_t f = 0; f < p.weight_bits.size(); ++f) {
      const int bits = 1 + draw.random(widest);
      const std::vector<bool>& kept = masks[static_cast<std::size_t>(draw.random(static_cast<int>(patterns)))];
      p.weight_bits[f] = static_cast<std::uint8_t>(bits);
      std::fill_n(p.weights.begin() + static_cast<std::ptrdiff_t>(f * size), size, std::int16_t{0});
      for (int code = 0; code < rows.codes(); ++code) {
        for (int row = 0; row < rows_active && kept[static_cast<std::size_t>(code)]; ++row) {
          const auto source = rows.at(code, row);
          if (!source) continue;
          const int at =
              (source->tap_h * p.filter_window.kernel_w + source->tap_w) * p.channels_per_group + source->channel;
          const int low = -(1 << (bits - 1));
          const int value = draw.random(8) == 0 ? low : low + draw.random(1 << bits);
          p.weights[f * size + static_cast<std::size_t>(at)] = static_cast<std::int16_t>(value);
        }
      }
    }
  }
}

std::vector<float> image_for(const network& net, network_builder& draw) {
  const quantization::tensor& input = net.tensors[static_cast<std::size_t>(net.input)];
  const registers::tensor_format& f = input.format;
  std::vector<float> image(static_cast<std::size_t>(f.height * f.width * f.channels));
  for (float& value : image) {
    value = static_cast<float>(input.scale * (draw.random(1 << f.bits) + f.minimum() - f.zero_point));
  }
  return image;
}

network with_all_outputs(network net) {
  net.outputs.clear();
  for (const quantization::layer& l : net.layers) net.outputs.push_back(l.output);
  return net;
}

// The program on the functional core against the network on the reference, which knows no slots.
bool same_as_reference(const network& net, const compiler::target& hardware, bool skip, network_builder& draw) {
  compiler::compile_options options;
  options.skip_zero_groups = skip;
  const compiler::program compiled = compiler::compile(net, hardware, options);
  if (!compiler::verify(compiled, hardware).empty()) return false;
  runtime::untimed_machine machine(net, compiled, hardware.accelerator, hardware.macro);
  quantization::reference_executor reference(net, hardware.macro.shape());
  const std::vector<float> image = image_for(net, draw);
  const auto outputs = machine.run(image.data(), 0);
  reference.run(image.data());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    if (outputs[o] != reference.values(net.outputs[o])) return false;
  }
  return true;
}

network small_network(network_builder& b, int channels, int filters, int kernel) {
  network_builder::conv_options first, second;
  const int in = b.input(5, 4, channels);
  first.filters = filters;
  first.kernel = kernel;
  first.pad = kernel / 2;
  second.filters = filters + 3;
  second.kernel = 1;
  second.pad = 0;
  const int a = b.conv(in, first);
  return b.finish({b.dense(b.conv(a, second), 5)});
}

RC_GTEST_PROP(mixing, any_widths_and_masks_equal_the_network_without_slots, ()) {
  network_builder draw(*rc::gen::arbitrary<std::uint64_t>());
  network net =
      small_network(draw, *rc::gen::element(3, 16, 20, 33), *rc::gen::inRange(1, 40), *rc::gen::element(1, 3));
  const int widest = *rc::gen::element(4, 8, 8, 11);
  mix_widths(net, draw, widest, *rc::gen::element(0, 40, 100), 16, *rc::gen::element<std::size_t>(1, 2, 5));
  pairing_options options;
  options.filters_per_slot = *rc::gen::inRange(1, 5);
  options.rule = *rc::gen::element(pattern_rule::equal, pattern_rule::shared);
  compiler::target hardware;
  hardware.macro.bits_per_cell = *rc::gen::element(1, 1, 2);
  hardware.macro.adc_bits = *rc::gen::element(5, 8);
  hardware.macro.partial_sum_bits = 30;
  pair_network(net, hardware.macro, options);
  net = with_all_outputs(net);
  RC_ASSERT(same_as_reference(net, hardware, *rc::gen::arbitrary<bool>(), draw));
}

RC_GTEST_PROP(mixing, unpacking_gives_the_weights_back, ()) {
  network_builder draw(*rc::gen::arbitrary<std::uint64_t>());
  network net = small_network(draw, *rc::gen::element(3, 16, 20), *rc::gen::inRange(1, 30), 3);
  mix_widths(net, draw, *rc::gen::element(8, 16), 30, 16, *rc::gen::element<std::size_t>(1, 3));
  const cim::macro_config macro;
  pairing_options options;
  options.filters_per_slot = *rc::gen::inRange(1, 5);
  options.rule = *rc::gen::element(pattern_rule::equal, pattern_rule::shared);
  pair_network(net, macro, options);
  for (quantization::layer& l : net.layers) {
    if (l.kind != quantization::layer_kind::mvm) continue;
    const std::vector<compiler::formed_pass> passes = compiler::form_passes(l, macro, true);
    RC_ASSERT(compiler::weights_of(passes, l, macro) == l.mvm.weights);
  }
}

// Every ordered way to share eight columns among `count` filters.
std::vector<std::vector<int>> splits_of_a_slot(int count, int columns) {
  if (count == 0) return {{}};
  std::vector<std::vector<int>> made;
  for (int first = 1; first <= columns - (count - 1); ++first)
    for (std::vector<int> rest : splits_of_a_slot(count - 1, columns - first)) {
      rest.insert(rest.begin(), first);
      made.push_back(std::move(rest));
    }
  return made;
}

class slot_splits : public testing::TestWithParam<int> {};

// One layer that has each of them, with every weight of each width: exact, and unpacked again.
TEST_P(slot_splits, every_split_computes_and_unpacks_exactly) {
  const std::vector<std::vector<int>> splits = splits_of_a_slot(GetParam(), 8);
  network_builder draw(static_cast<std::uint64_t>(GetParam()));
  network_builder::conv_options one;
  one.filters = static_cast<int>(splits.size()) * GetParam();
  one.kernel = 3;
  one.pad = 1;
  const int in = draw.input(5, 4, 32);
  network net = draw.finish({draw.conv(in, one)});
  quantization::mvm_parameters& p = net.layers.at(0).mvm;
  const std::size_t size = p.weights.size() / static_cast<std::size_t>(p.filters);
  const cim::macro_config macro;
  p.slot_assignment.clear();
  std::size_t f = 0;
  for (std::size_t k = 0; k < splits.size(); ++k) {
    if (k % static_cast<std::size_t>(macro.slots()) == 0) p.slot_assignment.emplace_back();
    std::vector<std::int32_t> slot;
    for (const int bits : splits[k]) {
      p.weight_bits[f] = static_cast<std::uint8_t>(bits);
      // 288 weights: each of the at most 256 codes of a width is there, in a random order.
      std::vector<std::int16_t> codes(size);
      for (std::size_t w = 0; w < size; ++w)
        codes[w] = static_cast<std::int16_t>(static_cast<int>(w % (std::size_t{1} << bits)) - (1 << (bits - 1)));
      for (std::size_t w = size; w > 1; --w)
        std::swap(codes[w - 1], codes[static_cast<std::size_t>(draw.random(static_cast<int>(w)))]);
      std::copy(codes.begin(), codes.end(), p.weights.begin() + static_cast<std::ptrdiff_t>(f * size));
      slot.push_back(static_cast<std::int32_t>(f++));
    }
    p.slot_assignment.back().push_back(std::move(slot));
  }
  EXPECT_EQ(compiler::weights_of(compiler::form_passes(net.layers.at(0), macro, true), net.layers.at(0), macro),
            p.weights);
  for (const int adc_bits : {5, 8}) {
    compiler::target hardware;
    hardware.macro.adc_bits = adc_bits;
    EXPECT_TRUE(same_as_reference(net, hardware, true, draw)) << adc_bits;
  }
}

INSTANTIATE_TEST_SUITE_P(filters, slot_splits, testing::Values(2, 3, 4));

TEST(mixing, filters_lie_from_the_low_columns_up) {
  network_builder b(3);
  network_builder::conv_options o;
  o.filters = 3;
  o.kernel = 1;
  o.pad = 0;
  o.weight_bits = 3;
  network net = b.finish({b.conv(b.input(2, 2, 16), o)});
  quantization::mvm_parameters& p = net.layers[0].mvm;
  p.weight_bits = {3, 5, 8};
  p.slot_assignment = {{{2}, {1, 0}}};
  const cim::macro_config macro;
  const auto passes = compiler::form_passes(net.layers[0], macro, false);
  ASSERT_EQ(passes.size(), 1U);
  ASSERT_EQ(passes[0].filters, (std::vector<int>{2, 0, 1}));
  EXPECT_EQ(passes[0].record.filters[0].first_column, 0);
  EXPECT_EQ(passes[0].record.filters[1].first_column, 8);
  EXPECT_EQ(passes[0].record.filters[2].first_column, 11);
  // The identity of the design: w_mix = (w_f mod 2^b_f) * 2^b_g + (w_g mod 2^b_g).
  for (std::size_t row = 0; row < 16; ++row) {
    const int f = p.weights[16 + row], g = p.weights[row];
    EXPECT_EQ(passes[0].words[row * 12 + 1], (f & 31) * 8 + (g & 7));
  }
}

TEST(mixing, assignments_that_do_not_suit_are_refused) {
  network_builder b(3);
  network_builder::conv_options o;
  o.filters = 3;
  o.weight_bits = 5;
  network net = b.finish({b.conv(b.input(2, 2, 16), o)});
  using assignment = std::vector<std::vector<std::vector<std::int32_t>>>;
  const std::vector<assignment> bad = {{{{0}, {1}}},      {{{0}, {1}, {1}, {2}}}, {{{0, 1}, {2}}},
                                       {{{0}, {1}, {3}}}, {{{0}, {}, {1}, {2}}},  {{{0}, {1}, {-1}}}};
  for (const assignment& one : bad) {
    net.layers[0].mvm.slot_assignment = one;
    EXPECT_THROW(compiler::form_passes(net.layers[0], cim::macro_config(), false), input_error);
  }
  cim::macro_config narrow;
  narrow.cols = 32;
  net.layers[0].mvm.slot_assignment = {{{0}, {1}, {2}}};
  EXPECT_THROW(compiler::form_passes(net.layers[0], narrow, false), input_error);
}

TEST(mixing, convolution_groups_and_depthwise) {
  network_builder b(5);
  const int in = b.input(6, 5, 12);
  network_builder::conv_options depthwise, grouped, wide;
  depthwise.filters = depthwise.groups = 12;
  depthwise.kernel = 2;  // four groups of four rows in a pass
  grouped.filters = 18;
  grouped.groups = 3;
  wide.filters = 32;
  wide.groups = 2;
  wide.kernel = 1;
  wide.pad = 0;
  network_builder::conv_options point;
  point.filters = 36;
  point.kernel = 1;
  point.pad = 0;
  network net = b.finish({b.conv(b.conv(b.conv(b.conv(in, depthwise), grouped), point), wide)});
  mix_widths(net, b, 6, 20);
  const compiler::target hardware;
  const std::vector<pairing> paired = pair_network(net, hardware.macro);
  EXPECT_LT(paired[0].slots, 12U);
  EXPECT_TRUE(same_as_reference(with_all_outputs(net), hardware, true, b));
}

// Rounds whose channels interleave, with maps that do not fit the buffers: every tile is stored once.
TEST(mixing, rounds_with_interleaved_channels_in_tiles) {
  for (const int row_groups : {4, 12}) {
    network_builder b(9);
    const int in = b.input(12, 8, 16);
    network_builder::conv_options o;
    o.filters = 64;
    const int first = b.conv(in, o);
    o.residual = first;
    network net = b.finish({b.conv(first, o)});
    mix_widths(net, b, 8, 10);
    compiler::target hardware;
    hardware.accelerator.macros = 1;
    hardware.macro.banks = 2;
    hardware.macro.rows = 16 * row_groups;
    hardware.accelerator.input_buffer_bytes = hardware.accelerator.output_buffer_bytes = 4096;
    pair_network(net, hardware.macro);
    EXPECT_TRUE(same_as_reference(net, hardware, true, b)) << row_groups;
    EXPECT_TRUE(same_as_reference(with_all_outputs(net), hardware, false, b)) << row_groups;
  }
}

std::uint64_t operations(const compiler::program& program) {
  std::uint64_t sum = 0;
  for (const compiler::layer_mapping& m : program.mapping) sum += m.bank_operations;
  return sum;
}

// Narrow filters in slots of their own take as long as wide ones; paired they take half, in half of the memory.
TEST(mixing, widths_without_pairing_gain_nothing) {
  network eight = test::residual_network(1, 16, 24);
  network four = eight;
  for (quantization::layer& l : four.layers) {
    for (std::int16_t& w : l.mvm.weights) w = static_cast<std::int16_t>(w / 16);
    std::fill(l.mvm.weight_bits.begin(), l.mvm.weight_bits.end(), std::uint8_t{4});
  }
  const compiler::target hardware;
  compiler::compile_options skip;
  skip.skip_zero_groups = true;
  const compiler::program baseline = compiler::compile(eight, hardware),
                          unpaired = compiler::compile(four, hardware, skip);
  EXPECT_EQ(operations(unpaired), operations(baseline));
  pairing_options options;
  options.rule = pattern_rule::shared;
  pair_network(four, hardware.macro, options);
  const compiler::program paired = compiler::compile(four, hardware, skip);
  EXPECT_LE(operations(paired) * 19 / 10, operations(baseline));
  EXPECT_LT(paired.weight_storage_bits * 18 / 10, baseline.weight_storage_bits);
}

}  // namespace
}  // namespace cimbalom::codesign
