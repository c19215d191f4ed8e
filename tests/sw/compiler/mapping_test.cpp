#include "sw/compiler/mapping.hpp"

#include <gtest/gtest.h>

#include "sw/compiler/buffer_allocator.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::compiler {
namespace {

work_unit unit_of(std::uint64_t entries, int height, int width) {
  work_unit unit;
  unit.on_macros = true;
  unit.entries = entries;
  unit.mvm.output.height = height;
  unit.mvm.output.width = width;
  return unit;
}

TEST(mapping, options_trade_positions_for_time) {
  const target hardware;
  tile_plan tiles;
  tiles.rows = 32;
  const work_unit unit = unit_of(18, 32, 32);
  const auto options = mapping_options(unit, tiles, hardware, true);
  ASSERT_FALSE(options.empty());
  for (std::size_t i = 0; i < options.size(); ++i) {
    EXPECT_GE(options[i].shards * options[i].shard_positions, unit.entries);
    EXPECT_LE(options[i].shards * options[i].copies, hardware.banks());
    if (i == 0) continue;
    EXPECT_GT(options[i].shard_positions, options[i - 1].shard_positions);
    EXPECT_LT(options[i].bank_operations, options[i - 1].bank_operations);
  }
  // 18 positions over 2 shards of 9, each in 8 banks that share 1024 pixels: every bank works all the time.
  EXPECT_EQ(options.back().shard_positions, 9U);
  EXPECT_EQ(options.back().bank_operations, 18U * 1024U / 16U);
}

TEST(mapping, without_duplication_every_position_is_written_once) {
  tile_plan tiles;
  tiles.rows = 8;
  for (const mapping_option& option : mapping_options(unit_of(18, 8, 8), tiles, target(), false)) {
    EXPECT_EQ(option.copies, 1U);
  }
}

TEST(mapping, tiles_limit_the_copies) {
  tile_plan tiles;
  tiles.rows = 1;
  const auto options = mapping_options(unit_of(1, 4, 3), tiles, target(), true);
  ASSERT_EQ(options.size(), 1U);
  EXPECT_EQ(options[0].copies, 3U);
  EXPECT_EQ(options[0].bank_operations, 4U);
}

TEST(buffers, allocation_reuses_what_is_over) {
  buffer_allocator allocator({{0, 256}, {4096, 128}});
  EXPECT_EQ(allocator.allocate(128, 0, 2), 0U);
  EXPECT_EQ(allocator.allocate(128, 1, 3), 128U);
  EXPECT_EQ(allocator.allocate(128, 2, 2), 4096U);
  EXPECT_FALSE(allocator.allocate(64, 2, 2).has_value());
  EXPECT_EQ(allocator.allocate(128, 3, 5), 0U);
  EXPECT_FALSE(allocator.allocate(512, 9, 9).has_value());
  EXPECT_EQ(allocator.buffer_of(4100), 1U);
}

TEST(buffers, needed_rows_are_clipped_to_the_map) {
  registers::window w;
  w.kernel_h = 3;
  w.pad_top = 1;
  const line_range first = needed_rows(w, 8, 0, 2);
  EXPECT_EQ(first.first, 0);
  EXPECT_EQ(first.count, 3);
  const line_range last = needed_rows(w, 8, 6, 2);
  EXPECT_EQ(last.first, 5);
  EXPECT_EQ(last.count, 3);
  w.stride_h = 2;
  w.dilation_h = 2;
  const line_range middle = needed_rows(w, 16, 2, 2);
  EXPECT_EQ(middle.first, 3);
  EXPECT_EQ(middle.count, 7);
}

TEST(buffers, residual_maps_stay_while_they_are_needed) {
  const quantization::network net = test::residual_network(1, 16, 8);
  std::vector<std::uint8_t> words;
  const target hardware;
  const auto units = form_units(net, hardware, true, false, words);
  const buffer_plan plan = plan_buffers(net, units, hardware);
  for (const quantization::layer& l : net.layers) {
    EXPECT_TRUE(plan.tensors[static_cast<std::size_t>(l.output)].in_buffer);
    if (!l.has_residual) continue;
    EXPECT_NE(plan.tensors[static_cast<std::size_t>(l.inputs[1])].offset,
              plan.tensors[static_cast<std::size_t>(l.output)].offset);
  }
}

}  // namespace
}  // namespace cimbalom::compiler
