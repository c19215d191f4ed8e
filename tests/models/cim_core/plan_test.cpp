#include <gtest/gtest.h>

#include <numeric>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

using registers::error_code;

tile_work plan_of(const layer_case& layer, int first_row, int rows, bool keep = false) {
  layer_runner runner(layer);
  registers::command value = runner.compute_command(first_row, rows);
  value.keep = keep;
  tile_work work;
  EXPECT_EQ(runner.core().plan(value, work), error_code::none);
  return work;
}

// 6 x 5 outputs, 20 channels in 2 groups a tap, 9 taps, 7 filters of 8 bits in one pass: 18 entries.
TEST(plan, counts_by_hand) {
  const tile_work w = plan_of(make_case({}), 0, 6);
  EXPECT_EQ(w.pixels, 30U);
  EXPECT_EQ(w.outputs, 210U);
  EXPECT_EQ(w.input_slices, 4U);
  EXPECT_EQ(w.input_bits, 8U);
  ASSERT_EQ(w.bank_operations.size(), 16U);
  EXPECT_EQ(w.bank_operations[0], 18U * 30U);
  EXPECT_EQ(std::accumulate(w.bank_operations.begin(), w.bank_operations.end(), 0ULL), 540U);
  EXPECT_EQ(w.operations, 540U);
  EXPECT_EQ(w.input_vectors, 540U);
  EXPECT_EQ(w.input_vector_bytes, 16U);
  EXPECT_EQ(w.post_operations, 210U);
  EXPECT_EQ(w.dense_macs, 30U * 7 * 9 * 20);
  EXPECT_EQ(w.used_cell_bits, 30U * 7 * 9 * 20 * 8);
  EXPECT_EQ(w.driven_cell_bits, 540U * 96 * 16);
  EXPECT_EQ(w.conversions, 540U * 4 * 56);
  EXPECT_EQ(w.partial_sums, 540U * 7);
  EXPECT_EQ(w.final_outputs, 7U);
  EXPECT_EQ(w.read_bytes[0], 540U * 16);
  EXPECT_EQ(w.write_bytes[1], 210U);
  EXPECT_EQ(w.read_bytes[3], registers::encode(descriptor_of(make_case({}))).size());
}

TEST(plan, idle_columns_are_converted_without_gating) {
  layer_case layer = make_case({});
  layer.macro.idle_column_gating = false;
  EXPECT_EQ(plan_of(layer, 0, 6).conversions, 540U * 4 * 96);
}

TEST(plan, splits_operations_over_shards_and_copies) {
  layer_case layer = make_case({});
  layer.shard_positions = 8;  // 8 + 8 + 2
  layer.copies = 4;           // 30 pixels: 7 + 8 + 7 + 8
  layer.first_bank = 2;
  const tile_work w = plan_of(layer, 0, 6);
  const std::vector<std::uint64_t> expected = {0, 0, 56, 64, 56, 64, 56, 64, 56, 64, 14, 16, 14, 16, 0, 0};
  EXPECT_EQ(w.bank_operations, expected);
  EXPECT_EQ(w.final_outputs, 28U);
}

TEST(plan, kept_sums_need_no_post_processing) {
  const tile_work w = plan_of(make_case({}), 0, 6, true);
  EXPECT_EQ(w.post_operations, 0U);
  EXPECT_EQ(w.requantizations, 0U);
  EXPECT_EQ(w.final_outputs, 0U);
  EXPECT_EQ(w.write_bytes[1], 0U);
  EXPECT_EQ(w.outputs, 210U);
}

TEST(plan, residual_additions_read_the_second_input) {
  case_options o;
  o.residual = true;
  const tile_work w = plan_of(make_case(o), 0, 6);
  EXPECT_EQ(w.additions, 210U);
  EXPECT_EQ(w.read_bytes[1], 210U);
}

// Three groups of 9 rows: more operations, the same weights, so fuller of padding.
TEST(plan, rows_that_a_group_leaves_out_are_padding) {
  case_options o;
  o.channels = 3;
  o.flattened = true;
  const tile_work whole = plan_of(make_case(o), 0, 6);
  o.group_rows = 9;
  const tile_work split = plan_of(make_case(o), 0, 6);
  EXPECT_EQ(2 * split.operations, 3 * whole.operations);
  EXPECT_EQ(2 * split.driven_cell_bits, 3 * whole.driven_cell_bits);
  EXPECT_EQ(split.used_cell_bits, whole.used_cell_bits);
  EXPECT_EQ(split.dense_macs, whole.dense_macs);
}

TEST(plan, block_diagonal_passes_use_their_share) {
  case_options o;
  o.channels = 6;
  o.filters = 6;
  o.depthwise = true;
  layer_case layer = make_case(o);
  layer_runner runner(layer);
  registers::mvm_descriptor d = descriptor_of(layer);
  d.passes[0].filter_channels = 1;
  const auto bytes = registers::encode(d);
  std::copy(bytes.begin(), bytes.end(), runner.core().bytes(registers::parameter_buffer_offset, bytes.size()));
  tile_work w;
  ASSERT_EQ(runner.core().plan(runner.compute_command(0, 6), w), error_code::none);
  EXPECT_EQ(w.dense_macs, 30U * 9 * 6);
  EXPECT_EQ(w.used_cell_bits, 30U * 9 * 6 * 8);
}

// The sum of tiles is the layer, and the activity that is counted agrees with the plan.
TEST(plan, tiles_add_up_and_activity_agrees) {
  const layer_case layer = make_case({});
  const tile_work whole = plan_of(layer, 0, 6);
  tile_work sum;
  for (int row = 0; row < 6; row += 2) {
    const tile_work part = plan_of(layer, row, 2);
    sum.operations += part.operations;
    sum.conversions += part.conversions;
    sum.dense_macs += part.dense_macs;
  }
  EXPECT_EQ(sum.operations, whole.operations);
  EXPECT_EQ(sum.conversions, whole.conversions);
  EXPECT_EQ(sum.dense_macs, whole.dense_macs);
  layer_runner runner(layer);
  runner.run(6);
  EXPECT_EQ(runner.activity.operations, whole.operations);
  EXPECT_EQ(runner.activity.conversions, whole.conversions);
}

TEST(plan, programming_counts_rows_once_for_both_mux_settings) {
  functional_core core({}, {}, {});
  registers::command value;
  value.op = registers::opcode::program;
  value.buffer = registers::weight_buffer_offset;
  value.positions = 10;
  value.shard_positions = 4;  // 4 + 4 + 2
  value.copies = 2;
  value.first_position = 1;  // positions 1..4: row groups 0, 1, 2; positions 1..2: row groups 0, 1
  tile_work w;
  ASSERT_EQ(core.plan(value, w), error_code::none);
  EXPECT_EQ(w.program_rows, 3U * 16);
  EXPECT_EQ(w.program_banks, 6U);
  EXPECT_EQ(w.row_writes, 2U * (48 + 48 + 32));
  EXPECT_EQ(w.program_bits, 10U * 2 * 16 * 96);
  EXPECT_EQ(w.stream_bytes, 10U * 192);
  EXPECT_EQ(w.read_bytes[2], 10U * 192);
}

TEST(plan, vector_operations) {
  functional_core core({}, {}, {});
  registers::vector_descriptor d;
  d.kind = registers::vector_kind::max_pool;
  d.input = {8, 8, 16, 8, false, 0};
  d.output = {4, 4, 16, 8, false, 0};
  d.pool_window = {3, 3, 2, 2, 1, 1, 1, 1};
  d.multiplier = 1;
  const auto bytes = registers::encode(d);
  std::copy(bytes.begin(), bytes.end(), core.bytes(registers::parameter_buffer_offset, bytes.size()));
  registers::command value;
  value.op = registers::opcode::vector_op;
  value.descriptor = registers::parameter_buffer_offset;
  value.output = registers::output_buffer_offset;
  value.input_rows = 5;
  value.output_rows = 2;
  tile_work w;
  EXPECT_EQ(core.plan(value, w), error_code::none) << "rows -1..3 are needed";
  EXPECT_EQ(w.outputs, 2U * 4 * 16);
  EXPECT_EQ(w.post_operations, 2U * 4 * 16 * 9);
  EXPECT_EQ(w.comparisons, w.post_operations);
  EXPECT_EQ(w.write_bytes[1], 128U);
  value.input_rows = 3;
  EXPECT_EQ(core.plan(value, w), error_code::buffer_range);
  value.input_rows = 5;
  value.output = registers::output_buffer_offset + 65536 - 127;
  EXPECT_EQ(core.plan(value, w), error_code::buffer_range);
}

TEST(plan, transfers_count_the_buffer_side) {
  functional_core core({}, {}, {});
  registers::command value;
  value.op = registers::opcode::load_weights;
  value.buffer = registers::weight_buffer_offset;
  value.row_bytes = 100;
  value.rows = 3;
  value.buffer_stride_bytes = 200;
  tile_work w;
  ASSERT_EQ(core.plan(value, w), error_code::none);
  EXPECT_EQ(w.write_bytes[2], 300U);
  value.op = registers::opcode::store;
  ASSERT_EQ(core.plan(value, w), error_code::none);
  EXPECT_EQ(w.read_bytes[2], 300U);
  value.op = registers::opcode::load_vector;
  value.from_buffer = true;
  value.source_buffer = 0;
  value.memory_stride = 100;
  ASSERT_EQ(core.plan(value, w), error_code::none);
  EXPECT_EQ(w.read_bytes[0], 300U);
  EXPECT_EQ(w.write_bytes[2], 300U);
  EXPECT_EQ(w.stream_bytes, 300U);
}

}  // namespace
}  // namespace cimbalom::cim::testing
