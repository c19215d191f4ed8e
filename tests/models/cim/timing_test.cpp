#include <gtest/gtest.h>

#include <vector>

#include "models/cim/bank_schedule.hpp"
#include "models/cim/command_order.hpp"
#include "models/cim/stall_meter.hpp"
#include "models/cim/transfer.hpp"

namespace cimbalom::cim {
namespace {

TEST(bank_schedule, a_computation_alone_takes_its_own_time) {
  bank_schedule banks(2);
  banks.start_compute(1, 100, 50);
  EXPECT_EQ(banks.compute_end(1), 150U);
}

TEST(bank_schedule, a_write_during_a_computation_is_paid_in_full) {
  bank_schedule banks(1);
  banks.start_compute(0, 0, 1000);
  banks.start_program(0, 100, 200, 60);
  EXPECT_EQ(banks.compute_end(0), 1060U);
}

TEST(bank_schedule, only_the_part_of_a_write_that_overlaps_is_paid) {
  bank_schedule banks(1);
  banks.start_program(0, 0, 200, 100);  // half of the bank's time until 200
  banks.start_compute(0, 100, 1000);
  EXPECT_EQ(banks.compute_end(0), 1150U);
  // Ends inside the write: half speed.
  banks.start_program(0, 2000, 1000, 500);
  banks.start_compute(0, 2200, 100);
  EXPECT_EQ(banks.compute_end(0), 2400U);
}

TEST(bank_schedule, a_write_that_takes_the_whole_bank_blocks_it) {
  bank_schedule banks(1);
  banks.start_program(0, 0, 300, 300);
  banks.start_compute(0, 100, 50);
  EXPECT_EQ(banks.compute_end(0), 350U);
}

TEST(bank_schedule, writes_before_and_after_a_computation_cost_it_nothing) {
  bank_schedule banks(1);
  banks.start_program(0, 0, 100, 100);
  banks.start_compute(0, 100, 50);
  EXPECT_EQ(banks.compute_end(0), 150U);
  banks.start_program(0, 150, 100, 100);
  EXPECT_EQ(banks.compute_end(0), 150U);
}

TEST(bank_schedule, two_writes_in_one_computation_add_up) {
  bank_schedule banks(1);
  banks.start_compute(0, 0, 1000);
  banks.start_program(0, 100, 100, 100);
  banks.start_program(0, 300, 100, 40);
  EXPECT_EQ(banks.compute_end(0), 1140U);
}

TEST(stall_meter, has_no_gap_and_gives_gaps_to_the_layer_that_ends_them) {
  accelerator_statistics statistics;
  stall_meter meter(statistics);
  meter.open(100);
  meter.set_cause(110, stall_cause::memory);  // 10 of command_fetch before
  meter.begin(150, 0);
  meter.set_cause(170, stall_cause::fifo_full);  // ignored while computing, holds afterwards
  stall_times inside;
  inside[stall_cause::array_busy] = 5;
  meter.end(200, inside);
  meter.begin(230, 1);
  meter.end(260, {});
  meter.set_cause(260, stall_cause::fifo_empty);
  meter.close(300);
  meter.set_cause(400, stall_cause::memory);  // no job: not accounted
  const layer_statistics& first = statistics.layers.at(0);
  EXPECT_EQ(first.busy_ps, 45U);
  EXPECT_EQ(first.stalls[stall_cause::command_fetch], 10U);
  EXPECT_EQ(first.stalls[stall_cause::memory], 40U);
  EXPECT_EQ(first.stalls[stall_cause::array_busy], 5U);
  const layer_statistics& second = statistics.layers.at(1);
  EXPECT_EQ(second.busy_ps, 30U);
  EXPECT_EQ(second.stalls[stall_cause::fifo_full], 30U);
  EXPECT_EQ(second.stalls[stall_cause::fifo_empty], 40U);
  EXPECT_EQ(statistics.job_ps, 200U);
  EXPECT_EQ(statistics.busy_ps() + statistics.stalls().total(), statistics.job_ps);
}

TEST(command_order, a_lag_means_all_but_the_last_of_those_before) {
  using registers::engine;
  command_order order;
  for (int i = 0; i < 3; ++i) order.issue(engine::vector);
  registers::command c;
  c.lag[static_cast<std::size_t>(engine::vector)] = 1;
  const needed_commands needed = order.before(c, false);
  EXPECT_EQ(needed[static_cast<std::size_t>(engine::vector)], 2U);
  EXPECT_FALSE(order.ready(needed));
  order.complete(engine::vector);
  order.complete(engine::vector);
  EXPECT_TRUE(order.ready(needed));
  EXPECT_FALSE(order.drained());
  order.complete(engine::vector);
  EXPECT_TRUE(order.drained());
}

TEST(command_order, a_lag_beyond_the_start_needs_nothing) {
  command_order order;
  registers::command c;
  c.lag.fill(0);
  EXPECT_TRUE(order.ready(order.before(c, true)));
  order.issue(registers::engine::compute);
  registers::command free;
  EXPECT_TRUE(order.ready(order.before(free, false)));
  EXPECT_FALSE(order.ready(order.before(free, true))) << "no ping-pong: computation first";
}

transfer two_rows() {
  transfer what;
  what.memory_address = 0x1030;
  what.buffer = 0x100;
  what.row_bytes = 100;
  what.rows = 2;
  what.memory_stride = 256;
  what.buffer_stride = 100;
  return what;
}

std::vector<std::uint64_t> lengths(transfer_walk walk, std::uint64_t span) {
  std::vector<std::uint64_t> result;
  while (!walk.done()) {
    const transfer_walk::piece next = walk.peek(span);
    result.push_back(next.length);
    walk.advance(next);
  }
  return result;
}

TEST(transfer_walk, cuts_rows_at_word_boundaries_of_memory) {
  EXPECT_EQ(lengths(transfer_walk(two_rows()), 64), (std::vector<std::uint64_t>{16, 64, 20, 16, 64, 20}));
}

TEST(transfer_walk, joins_rows_that_lie_end_to_end) {
  transfer what = two_rows();
  what.memory_stride = 100;
  EXPECT_EQ(lengths(transfer_walk(what), 64), (std::vector<std::uint64_t>{16, 64, 64, 56}));
}

TEST(transfer_walk, an_empty_transfer_is_done) {
  EXPECT_TRUE(transfer_walk(transfer{}).done());
}

TEST(path_geometry, never_asks_for_more_than_the_fifo_holds) {
  accelerator_config config;
  config.memory_side_bits = 128;
  config.burst_bytes = 256;
  for (const int depth : {1, 2, 3, 5, 16, 64}) {
    config.fifo_depth = depth;
    const path_geometry path = path_geometry::of(config);
    EXPECT_LE(path.span_bytes, path.fifo_words * path.word_bytes) << depth;
    EXPECT_EQ(path.words(0x1008, path.span_bytes - 8), path.span_bytes / path.word_bytes) << depth;
    EXPECT_GE(path.pieces_in_flight, 1U);
  }
  EXPECT_EQ(path_geometry::of(config).span_bytes, 256U);
}

TEST(path_geometry, converts_by_the_width_of_all_lanes) {
  const path_geometry path = path_geometry::of({});
  EXPECT_EQ(path.word_bytes, 64U);
  EXPECT_EQ(path.cycles(64), 2U) << "32 bytes a clock";
  EXPECT_EQ(path.cycles(1), 1U);
  EXPECT_EQ(path.lane_words(64), 32U);
}

}  // namespace
}  // namespace cimbalom::cim
