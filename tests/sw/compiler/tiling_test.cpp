#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"
#include "tests/sw/compiler/reference_check.hpp"

namespace cimbalom::compiler {
namespace {

using quantization::layer_kind;
using conv = network_builder::conv_options;

target buffers_of(std::int64_t input, std::int64_t output) {
  target hardware;
  hardware.accelerator.macros = 1;
  hardware.accelerator.input_buffer_bytes = input;
  hardware.accelerator.output_buffer_bytes = output;
  return hardware;
}

struct tile_counts {
  int columns = 0;  // commands that compute parts of rows
  int all = 0;
};

tile_counts count_tiles(const program& compiled) {
  tile_counts counts;
  for (const segment& s : compiled.segments) {
    for (const registers::command& c : s.commands) {
      if (registers::engine_of(c.op) != registers::engine::compute) continue;
      ++counts.all;
      if (c.output_columns > 0) ++counts.columns;
    }
  }
  return counts;
}

TEST(tiling, a_row_that_does_not_fit_is_cut_into_columns) {
  network_builder b;
  conv o;
  o.filters = 8;
  const network net = b.finish({b.conv(b.input(6, 50, 8), o)});  // a row with its window: 1200 bytes and 400
  const target hardware = buffers_of(512, 512);
  EXPECT_GT(count_tiles(compile(net, hardware)).columns, 6);
  expect_as_reference(net, hardware);
  EXPECT_EQ(count_tiles(compile(net, buffers_of(2048, 2048))).columns, 0);
}

TEST(tiling, whole_rows_are_taken_where_spilling_other_maps_makes_room) {
  const network net = test::residual_network(1, 16, 8);
  EXPECT_EQ(count_tiles(compile(net, buffers_of(1024, 1024))).columns, 0);
}

TEST(tiling, a_residual_network_of_wide_maps_in_tiny_buffers) {
  const network net = test::residual_network(1, 32, 8);
  for (const std::int64_t bytes : {512, 320}) {
    const target hardware = buffers_of(bytes, bytes);
    EXPECT_GT(count_tiles(compile(net, hardware)).columns, 0) << bytes;
    expect_every_layer(net, hardware);
  }
}

TEST(tiling, sums_that_wait_for_parts_of_rows) {
  network_builder b;
  conv o;
  o.filters = 30;
  const network net = b.finish({b.conv(b.input(8, 8, 64), o)});
  target hardware = buffers_of(65536, 65536);
  hardware.macro.banks = 1;
  hardware.macro.rows = 32;
  hardware.accelerator.accumulator_bytes = 8 * 12 * 4 - 4;  // not a row of sums of twelve filters
  EXPECT_GT(count_tiles(compile(net, hardware)).columns, 0);
  expect_as_reference(net, hardware);
  hardware.accelerator.accumulator_bytes = 12 * 4;  // one pixel
  expect_as_reference(net, hardware);
  hardware.accelerator.accumulator_bytes = 12 * 4 - 4;
  EXPECT_THROW(compile(net, hardware), input_error);
}

TEST(tiling, weights_in_rounds_and_columns) {
  network_builder b;
  conv o;
  o.filters = 40;
  int x = b.input(5, 40, 16);
  x = b.conv(x, o);
  o.residual = x;
  x = b.conv(x, o);
  target hardware = buffers_of(1024, 768);
  hardware.macro.banks = 2;
  hardware.macro.rows = 16 * 8;
  expect_every_layer(b.finish({x}), hardware);
}

TEST(tiling, one_pixel_that_does_not_fit_is_refused_with_its_needs) {
  network_builder b;
  conv o;
  const network net = b.finish({b.conv(b.input(8, 8, 64), o)});
  try {
    compile(net, buffers_of(512, 512));  // 3 x 3 x 64 = 576 bytes
    FAIL() << "not refused";
  } catch (const input_error& error) {
    EXPECT_NE(std::string(error.what()).find("one output pixel of layer conv0 needs 576 bytes of input"),
              std::string::npos)
        << error.what();
  }
  expect_as_reference(net, buffers_of(576, 128));
}

TEST(tiling, pooling_of_a_window_that_does_not_fit_takes_the_channels_in_parts) {
  for (const layer_kind kind : {layer_kind::average_pool, layer_kind::max_pool}) {
    network_builder b;
    conv o;
    o.filters = 70;
    o.kernel = 1;
    o.pad = 0;
    int x = b.conv(b.input(7, 7, 16), o);
    x = b.pool(x, kind, 7, 1);  // 49 x 70 = 3430 bytes
    x = b.dense(x, 10);
    const network net = b.finish({x});
    for (const std::int64_t bytes : {3000, 1600, 900}) expect_every_layer(net, buffers_of(bytes, bytes));
    EXPECT_THROW(compile(net, buffers_of(48, 48)), input_error);
  }
}

TEST(tiling, other_vector_layers_take_the_channels_in_parts) {
  network_builder b;
  const int x = b.input(3, 3, 200);
  const int y = b.shortcut(b.add(x, x), 230);
  const network net = b.finish({y});
  for (const std::int64_t bytes : {256, 128}) expect_every_layer(net, buffers_of(bytes, bytes));
}

// Any layer, in buffers of any size: the same results as the reference, or one clear refusal.
class random_tiling : public ::testing::TestWithParam<int> {};

TEST_P(random_tiling, gives_what_the_reference_gives) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  network_builder b(seed);
  const int channels = 1 + b.random(24);
  int x = b.input(4 + b.random(8), 8 + b.random(40), channels, b.random(2) == 0, 8, 0);
  const int layers = 1 + b.random(3);
  for (int i = 0; i < layers; ++i) {
    const int kind = b.random(5);
    if (kind == 0) {
      x = b.pool(x, b.random(2) == 0 ? layer_kind::max_pool : layer_kind::average_pool, 2 + b.random(2),
                 1 + b.random(2), b.random(2));
    } else if (kind == 1) {
      x = b.add(x, x);
    } else {
      conv o;
      o.filters = 1 + b.random(20);
      o.kernel = 1 + b.random(3);
      o.kernel_w = 1 + b.random(4);
      o.stride = 1 + b.random(2);
      o.dilation = 1 + b.random(2);
      o.pad = b.random(2) + 2;  // large enough for every window here
      o.pad_left = 1 + b.random(3);
      o.pad_end = 2 + b.random(3);
      if (kind == 2) {
        o.groups = o.filters = b.channels(x);  // depthwise
      } else if (o.stride == 1 && b.random(2) == 0) {
        o.kernel = o.kernel_w = 3;
        o.pad = o.pad_left = o.pad_end = o.dilation;
        o.filters = b.channels(x);
        o.residual = x;
      }
      x = b.conv(x, o);
    }
  }
  const network net = b.finish({x});
  int computed = 0;
  for (const int bytes : {200 + b.random(300), 400 + b.random(800), 1000 + b.random(4000)}) {
    target hardware = buffers_of(bytes, 100 + b.random(bytes));
    hardware.macro.rows = 16 * (8 + b.random(24));
    try {
      compile(net, hardware);
    } catch (const input_error& error) {
      EXPECT_NE(std::string(error.what()).find("one output pixel"), std::string::npos) << error.what();
      continue;
    }
    ++computed;
    expect_as_reference(net, hardware);
  }
  EXPECT_GT(computed, 0);
}

INSTANTIATE_TEST_SUITE_P(seeds, random_tiling, ::testing::Range(1, 41));

}  // namespace
}  // namespace cimbalom::compiler
