#include "sw/compiler/compile.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "platform/configuration/error.hpp"
#include "tests/sw/compiler/reference_check.hpp"

namespace cimbalom::compiler {
namespace {

using quantization::layer_kind;
using quantization::network;
using test::network_builder;
using conv = network_builder::conv_options;

target small_buffers(std::int64_t bytes) {
  target hardware;
  hardware.accelerator.input_buffer_bytes = hardware.accelerator.output_buffer_bytes = bytes;
  return hardware;
}

target small_arrays(int row_groups, int macros = 1, int banks = 2) {
  target hardware;
  hardware.accelerator.macros = macros;
  hardware.macro.banks = banks;
  hardware.macro.rows = 16 * row_groups;
  return hardware;
}

TEST(compile, residual_network_on_the_default_platform) {
  expect_every_layer(test::residual_network(1, 16, 8), {});
}

TEST(compile, deeper_network_streams_its_weights) {
  expect_every_layer(test::residual_network(2, 8, 16), small_arrays(16, 1, 4));
}

TEST(compile, options_change_no_result) {
  const network net = test::residual_network(1, 8, 16, 5);
  for (int bits = 0; bits < 16; ++bits) {
    compile_options options;
    options.duplication = (bits & 1) != 0;
    options.ping_pong = (bits & 2) != 0;
    options.residency = (bits & 4) != 0;
    options.skip_zero_groups = (bits & 8) != 0;
    expect_as_reference(net, small_arrays(16, 1, 4), options);
  }
}

TEST(compile, maps_that_do_not_fit_are_tiled) {
  const network net = test::residual_network(1, 32, 8);
  for (const std::int64_t bytes : {16384, 8192, 4096, 2048}) expect_as_reference(net, small_buffers(bytes));
  expect_every_layer(test::residual_network(1, 16, 8), small_buffers(1024));
}

TEST(compile, maps_tiled_and_weights_in_rounds) {
  target hardware = small_arrays(8);
  hardware.accelerator.input_buffer_bytes = hardware.accelerator.output_buffer_bytes = 1536;
  expect_every_layer(test::residual_network(1, 16, 8), hardware);
}

TEST(compile, rounds_of_whole_passes) {
  network_builder b;
  conv o;
  o.filters = 60;
  int x = b.input(8, 8, 16);
  x = b.conv(x, o);
  x = b.conv(x, o);
  expect_every_layer(b.finish({x}), small_arrays(18));
}

TEST(compile, rounds_that_wait_in_the_accumulators) {
  network_builder b;
  conv o;
  o.filters = 30;
  int x = b.input(8, 8, 64);
  x = b.conv(x, o);
  const network net = b.finish({x});
  target hardware = small_arrays(2, 1, 1);
  expect_every_layer(net, hardware);
  hardware.accelerator.accumulator_bytes = 8 * 12 * 4 * 3;  // three rows of sums: tiles outside
  expect_every_layer(net, hardware);
  hardware.accelerator.accumulator_bytes = 12 * 4 - 1;
  EXPECT_THROW(compile(net, hardware), input_error);
}

TEST(compile, kinds_of_convolution) {
  struct variant {
    conv o;
    int channels;
  };
  std::vector<variant> variants(8);
  variants[0] = {conv{}, 3};
  variants[1].channels = 24;
  variants[1].o.groups = 24;  // depthwise
  variants[1].o.filters = 24;
  variants[2].channels = 8;
  variants[2].o.groups = 4;
  variants[2].o.filters = 12;
  variants[2].o.kernel = 2;
  variants[3].channels = 64;
  variants[3].o.groups = 2;
  variants[3].o.filters = 30;
  variants[4].channels = 20;
  variants[4].o.dilation = 2;
  variants[4].o.pad = 2;
  variants[5].channels = 16;
  variants[5].o.kernel = 1;
  variants[5].o.pad = 0;
  variants[5].o.stride = 2;
  variants[6].channels = 16;
  variants[6].o.weight_bits = 12;  // two slots
  variants[7].channels = 33;
  variants[7].o.weight_bits = 3;
  variants[7].o.signed_output = true;
  for (const variant& one : variants) {
    network_builder b(9);
    const int x = b.conv(b.input(9, 7, one.channels), one.o);
    target hardware;
    hardware.macro.partial_sum_bits = 24;  // for the wide weights
    expect_as_reference(b.finish({x}), hardware);
    hardware = small_buffers(1536);
    hardware.macro.partial_sum_bits = 24;
    expect_as_reference(b.finish({x}), hardware);
  }
}

// Flattened, depthwise and grouped layers whose row groups hold fewer rows than the array has.
TEST(compile, row_groups_of_fewer_rows) {
  for (const int group_rows : {4, 7, 9, 12}) {
    for (const int groups : {1, 6, 12}) {
      network_builder b(9);
      conv o;
      o.groups = groups;
      o.filters = 12;
      network net = b.finish({b.conv(b.input(9, 7, groups == 1 ? 3 : 12), o)});
      target hardware;
      const std::uint64_t entries = compile(net, hardware).mapping.front().entries;
      for (quantization::layer& l : net.layers) l.mvm.group_rows = group_rows;
      expect_as_reference(net, hardware);
      EXPECT_GE(compile(net, hardware).mapping.front().entries, entries);
    }
  }
}

TEST(compile, pooling_addition_and_shortcuts) {
  network_builder b(4);
  conv o;
  o.filters = 16;
  const int input = b.input(12, 12, 4, false);
  const int a = b.conv(input, o);
  const int m = b.pool(a, layer_kind::max_pool, 3, 2, 1);
  const int p = b.pool(a, layer_kind::average_pool, 2, 2);
  const int sum = b.add(m, p);
  const int s = b.shortcut(a, 16);
  const int all = b.add(sum, s);
  const network net = b.finish({all});
  expect_every_layer(net, {});
  expect_every_layer(net, small_buffers(1024));
}

TEST(compile, sixteen_bit_activations) {
  network_builder b(6);
  conv o;
  o.filters = 12;
  o.output_bits = 12;
  int x = b.input(8, 8, 3);
  x = b.conv(x, o);
  x = b.conv(x, o);
  target hardware;
  hardware.macro.partial_sum_bits = 24;
  expect_every_layer(b.finish({x}), hardware);
}

TEST(compile, parameters_that_do_not_fit_are_streamed) {
  target hardware;
  hardware.accelerator.parameter_buffer_bytes = 4096;
  expect_every_layer(test::residual_network(1, 8, 16), hardware);
}

TEST(compile, zero_groups_are_neither_stored_nor_computed) {
  network_builder b(8);
  conv o;
  o.filters = 12;
  o.kernel = 1;
  o.pad = 0;
  int x = b.input(4, 4, 64);
  x = b.conv(x, o);
  network net = b.finish({x});
  std::vector<std::int16_t>& weights = net.layers[0].mvm.weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i % 64 >= 16 && i % 64 < 48) weights[i] = 0;
  }
  compile_options options;
  EXPECT_EQ(compile(net, target(), options).mapping[0].entries, 4U);
  options.skip_zero_groups = true;
  EXPECT_EQ(compile(net, target(), options).mapping[0].entries, 2U);
  expect_as_reference(net, {}, options);
  std::fill(weights.begin(), weights.end(), std::int16_t{0});
  EXPECT_EQ(compile(net, target(), options).mapping[0].entries, 0U);
  expect_as_reference(net, {}, options);
}

TEST(compile, resnet20_is_bound_by_its_operations) {
  const network net = test::residual_network();
  const program compiled = compile(net, target());
  std::uint64_t operations = 0;
  for (const layer_mapping& one : compiled.mapping) operations += one.bank_operations;
  EXPECT_EQ(operations, 266752U + 4U);  // the convolutions, and the dense layer
  EXPECT_NEAR(compiled.compute_bound_ns, 120000, 100);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

TEST(compile, refusals_name_what_limits) {
  const network net = test::residual_network(1, 16, 8);
  const auto refusal = [&](const std::function<void(target&)>& change) {
    target hardware;
    change(hardware);
    return message_of([&] { compile(net, hardware); });
  };
  EXPECT_NE(refusal([](target& t) {
              t.accelerator.input_buffer_bytes = t.accelerator.output_buffer_bytes = 128;
            }).find("platform.accelerator.input_buffer_bytes"),
            std::string::npos);
  EXPECT_NE(refusal([](target& t) {
              t.accelerator.parameter_buffer_bytes = 256;
            }).find("platform.accelerator.parameter_buffer_bytes"),
            std::string::npos);
  EXPECT_NE(refusal([](target& t) {
              t.accelerator.weight_buffer_bytes = 128;
            }).find("platform.accelerator.weight_buffer_bytes"),
            std::string::npos);
  EXPECT_NE(refusal([](target& t) { t.macro.accumulator_bits = 12; }).find("platform.macro.accumulator_bits"),
            std::string::npos);
  EXPECT_NE(refusal([](target& t) { t.macro.partial_sum_bits = 10; }).find("platform.macro.partial_sum_bits"),
            std::string::npos);
  EXPECT_NE(refusal([](target& t) { t.memory_bytes = 65536; }).find("dram"), std::string::npos);
}

void expect_same_commands(const program& a, const program& b) {
  ASSERT_EQ(a.segments[0].commands.size(), b.segments[0].commands.size());
  for (std::size_t i = 0; i < a.segments[0].commands.size(); ++i) {
    EXPECT_EQ(registers::encode(a.segments[0].commands[i]), registers::encode(b.segments[0].commands[i]));
  }
}

TEST(compile, same_input_same_program) {
  const network net = test::residual_network(1, 16, 8);
  const program a = compile(net, target()), b = compile(net, target());
  EXPECT_EQ(a.memory_image, b.memory_image);
  expect_same_commands(a, b);
}

TEST(compile, without_words_the_commands_stay) {
  network net = test::residual_network(1, 16, 8);
  std::fill_n(net.layers[0].mvm.weights.begin(), net.layers[0].mvm.weights.size() / 2, std::int16_t{0});
  for (const bool skips : {false, true}) {
    compile_options options;
    options.skip_zero_groups = skips;
    const program packed = compile(net, target(), options);
    options.words = false;
    const program bare = compile(net, target(), options);
    expect_same_commands(packed, bare);
    EXPECT_EQ(packed.weight_storage_bits, bare.weight_storage_bits);
    EXPECT_EQ(packed.memory_image.size(), bare.memory_image.size());
    EXPECT_NE(packed.memory_image, bare.memory_image);
  }
}

}  // namespace
}  // namespace cimbalom::compiler
