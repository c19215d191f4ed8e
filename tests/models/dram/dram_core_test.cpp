#include "models/dram/dram_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "models/dram/dram_cost.hpp"
#include "tests/models/dram/core_driver.hpp"

namespace cimbalom::dram {
namespace {

dram_config reference_ddr4() {
  dram_config config = make_dram_config("ddr4-2400");
  config.mapping = "ro-ra-bg-ba-co";
  config.scheduler = scheduling::first_come;
  return config;
}

// DDR4-2400: tRCD 17, CL 17, CWL 12, BL/2 4, tRP 17, tRAS 39, tWR 18, tWTR_L 9, tCCD_L 6, tCCD_S 4, tRTP 9.
constexpr std::uint64_t row_bytes = 8192;         // 1024 columns x 64 bit
constexpr std::uint64_t bank_stride = row_bytes;  // row, rank, bank group, bank, column
constexpr std::uint64_t group_stride = 4 * row_bytes;
constexpr std::uint64_t row_stride = 16 * row_bytes;

TEST(dram_core, reads_cost_their_hand_computed_clocks) {
  driver d(reference_ddr4());
  EXPECT_EQ(d.run(0, 100), 100U + 17 + 17 + 4) << "row closed: tRCD + CL + BL/2";
  EXPECT_EQ(d.run(64, 1000), 1000U + 17 + 4) << "row open: CL + BL/2";
  EXPECT_EQ(d.run(row_stride, 2000), 2000U + 17 + 17 + 17 + 4) << "row conflict: tRP more";
  EXPECT_EQ(d.run(bank_stride, 3000), 3000U + 38) << "another bank is closed still";
  const dram_statistics& s = d.core.statistics();
  EXPECT_EQ(s.row_hits, 1U);
  EXPECT_EQ(s.row_closed, 2U);
  EXPECT_EQ(s.row_conflicts, 1U);
  EXPECT_EQ(s.activates, 3U);
  EXPECT_EQ(s.precharges, 1U);
  EXPECT_EQ(s.read_bursts, 4U);
}

TEST(dram_core, writes_cost_their_hand_computed_clocks) {
  driver d(reference_ddr4());
  EXPECT_EQ(d.run(0, 0, true), 17U + 12 + 4) << "tRCD + CWL + BL/2";
  EXPECT_EQ(d.run(64, 20, false), 17U + 12 + 4 + 9 + 17 + 4) << "read after write, same group: tWTR_L after the data";
  // That read was issued at 42; tRTP 9; the write recovered at 33 + tWR 18 = 51. PRE 51, ACT 68, RD 85.
  EXPECT_EQ(d.run(row_stride, 43, false), 51U + 17 + 17 + 17 + 4) << "precharge waits for write recovery";
}

TEST(dram_core, write_after_read_leaves_the_turnaround) {
  driver d(reference_ddr4());
  d.run(0, 0);  // RD at 17, data 34..38
  EXPECT_EQ(d.run(64, 18, true), 17U + (17 + 4 + 2 - 12) + 12 + 4) << "RD to WR: RL + BL/2 + 2 - WL = 11";
}

// A column command of the same bank group two back binds although another group came between.
TEST(dram_core, write_to_read_waits_for_the_same_group_over_a_write_of_another) {
  driver d(reference_ddr4());
  d.run(0, 0);
  d.run(group_stride, 100);
  for (const std::uint64_t address : {std::uint64_t{0}, group_stride}) d.enqueue(address, 200, true);
  d.enqueue(64, 200);
  d.drain();
  ASSERT_GE(d.log.size(), 3U);
  const issued& read = d.log.back();
  EXPECT_EQ(d.log[d.log.size() - 3].cycle, 200U);
  EXPECT_EQ(d.log[d.log.size() - 2].cycle, 204U);
  EXPECT_EQ(read.cycle, 200U + 12 + 4 + 9) << "tWTR_L after the first write; the second asks for 204 + 16 + 3 only";
}

TEST(dram_core, column_commands_keep_their_distance) {
  driver d(reference_ddr4());
  d.run(0, 0);
  EXPECT_EQ(d.run(64, 18), 17U + 6 + 21) << "same bank group: tCCD_L";
  d.run(group_stride, 500);
  d.enqueue(0, 600);
  d.enqueue(group_stride + 64, 600);
  d.drain();
  EXPECT_EQ(d.done.at(d.next_id - 1), 600U + 4 + 21) << "other bank group: tCCD_S";
}

TEST(dram_core, activates_keep_rrd_and_faw) {
  driver d(reference_ddr4());
  // Bank groups 0 1 2 3 0: tRRD_S 4 between groups, the fifth waits for tFAW 26 after the first.
  for (std::uint64_t i = 0; i < 4; ++i) d.enqueue(i * group_stride, 0);
  d.enqueue(bank_stride, 0);
  d.drain();
  EXPECT_EQ(d.cycles_of(dram_command::activate), (std::vector<std::uint64_t>{0, 4, 8, 12, 26}));
  driver same(reference_ddr4());
  same.enqueue(0, 0);
  same.enqueue(bank_stride, 0);
  same.drain();
  EXPECT_EQ(same.cycles_of(dram_command::activate), (std::vector<std::uint64_t>{0, 6})) << "same bank group: tRRD_L";
}

TEST(dram_core, one_command_a_clock) {
  driver d(reference_ddr4());
  d.run(0, 0);
  d.enqueue(64, 100);            // RD at 100
  d.enqueue(group_stride, 100);  // ACT could go at 100 too
  d.drain();
  EXPECT_EQ(d.cycles_of(dram_command::read), (std::vector<std::uint64_t>{17, 100, 118}));
  EXPECT_EQ(d.cycles_of(dram_command::activate).back(), 101U);
  dram_config apart = reference_ddr4();
  apart.organisation.row_command_bus = true;
  driver two(apart);
  two.run(0, 0);
  two.enqueue(64, 100);
  two.enqueue(group_stride, 100);
  two.drain();
  EXPECT_EQ(two.cycles_of(dram_command::activate).back(), 100U);
}

TEST(dram_core, ranks_leave_a_gap_on_the_bus_and_refresh_in_turn) {
  dram_config config = reference_ddr4();
  config.organisation.ranks = 2;
  const std::uint64_t rank_stride = 16 * row_bytes;
  driver d(config);
  EXPECT_EQ(d.run(0, 0), 38U);
  EXPECT_EQ(d.run(rank_stride, 100), 138U);
  d.enqueue(64, 200);
  d.enqueue(rank_stride + 64, 200);
  d.drain();
  EXPECT_EQ(d.cycles_of(dram_command::read), (std::vector<std::uint64_t>{17, 117, 200, 205})) << "BL/2 + tRTRS";
  d.core.settle(9360 + 100);
  EXPECT_EQ(d.cycles_of(dram_command::refresh), (std::vector<std::uint64_t>{4680 + 17, 9360 + 17}));
}

TEST(dram_core, closed_pages_precharge_with_the_column_command) {
  dram_config config = reference_ddr4();
  config.page_policy = row_policy::closed;
  driver d(config);
  EXPECT_EQ(d.run(0, 0), 38U);
  EXPECT_EQ(d.run(64, 500), 538U) << "the same row: closed again";
  EXPECT_EQ(d.run(row_stride, 1000), 1038U) << "another row: no conflict";
  EXPECT_EQ(d.run(0, 1018, true), 1000U + 56 + 17 + 12 + 4) << "tRC after the last activation";
  const dram_statistics& s = d.core.statistics();
  EXPECT_EQ(s.auto_precharges, 4U);
  EXPECT_EQ(s.row_closed, 4U);
  EXPECT_EQ(s.precharges, 0U);
  EXPECT_EQ(d.cycles_of(dram_command::read_close).size(), 3U);
}

TEST(dram_core, adaptive_pages_serve_the_hits_that_wait_first) {
  dram_config config = reference_ddr4();
  config.page_policy = row_policy::closed_adaptive;
  driver d(config);
  d.enqueue(0, 0);
  d.enqueue(64, 0);
  d.drain();
  EXPECT_EQ(d.cycles_of(dram_command::read), (std::vector<std::uint64_t>{17}));
  EXPECT_EQ(d.cycles_of(dram_command::read_close), (std::vector<std::uint64_t>{23}));
  EXPECT_EQ(d.core.statistics().row_hits, 1U);
  EXPECT_EQ(d.core.statistics().activates, 1U);
}

TEST(dram_core, the_scheduler_sees_the_depth_of_a_bank_queue) {
  for (const int depth : {2, 3}) {
    dram_config config = reference_ddr4();
    config.scheduler = scheduling::row_hits;
    config.bank_queue_depth = depth;
    driver d(config);
    d.run(0, 0);
    d.enqueue(row_stride, 100);      // 1: conflict
    d.enqueue(2 * row_stride, 100);  // 2: conflict
    d.enqueue(64, 100);              // 3: hit, third in its bank
    EXPECT_EQ(d.core.before_bank_queues(), depth == 2 ? 1U : 0U);
    EXPECT_EQ(d.core.waiting(), 3U);
    d.drain();
    EXPECT_EQ(d.order[1], depth == 2 ? 1U : 3U);
  }
}

TEST(dram_core, banks_take_turns_where_asked) {
  for (const auto arbitration : {bank_arbitration::oldest, bank_arbitration::round_robin}) {
    dram_config config = reference_ddr4();
    config.scheduler = scheduling::row_hits;
    config.arbitration = arbitration;
    config.timing.ccd_long = config.timing.ccd_short;
    driver d(config);
    d.run(0, 0);
    d.run(group_stride, 100);
    d.enqueue(64, 200);                 // 2
    d.enqueue(128, 200);                // 3
    d.enqueue(group_stride + 64, 200);  // 4
    d.drain();
    const bool turns = arbitration == bank_arbitration::round_robin;
    EXPECT_EQ(d.order,
              turns ? (std::vector<std::uint64_t>{0, 1, 2, 4, 3}) : (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  }
}

TEST(dram_core, patience_of_zero_has_no_end) {
  dram_config config = reference_ddr4();
  config.scheduler = scheduling::row_hits;
  config.bank_queue_depth = 64;
  config.patience = 0;
  driver d(config);
  d.run(0, 0);
  d.enqueue(row_stride, 100);  // 1: conflict
  for (std::uint64_t i = 1; i <= 40; ++i) d.enqueue(64 * i, 100);
  d.drain();
  EXPECT_EQ(d.order.back(), 1U);
}

// Reads without end may keep a write waiting (its data would turn the bus round), but not for ever.
TEST(dram_core, a_write_is_not_starved_by_reads_of_other_banks) {
  dram_config config = reference_ddr4();
  config.scheduler = scheduling::row_hits;
  driver d(config);
  d.run(0, 0);
  d.run(group_stride, 100);
  d.enqueue(group_stride + 64, 200);  // 2: keeps the bus busy with reads
  d.enqueue(64, 200, true);           // 3: the write
  for (std::uint64_t i = 2; i < 60; ++i) d.enqueue(group_stride + 64 * i, 200);
  d.drain();
  const auto position = std::find(d.order.begin(), d.order.end(), 3U) - d.order.begin();
  EXPECT_LE(position, 2 + 1 + 17);
}

TEST(dram_core, refresh_closes_rows_and_blocks_the_rank) {
  driver d(reference_ddr4());
  EXPECT_EQ(d.run(0, 9000), 9038U);
  // Due at 9360: PRE 9360, REF 9377, next ACT 9377 + 420.
  EXPECT_EQ(d.run(64, 9360), 9377U + 420 + 38);
  EXPECT_EQ(d.core.statistics().refreshes, 1U);
  EXPECT_EQ(d.core.statistics().all_bank_precharges, 1U);
  EXPECT_EQ(d.core.statistics().row_hits, 0U);
  driver late(reference_ddr4());
  EXPECT_EQ(late.run(0, 100'000), 100'038U) << "refreshes of an idle time are over";
  EXPECT_EQ(late.core.statistics().refreshes, 10U);
}

TEST(dram_core, books_standby_clocks_exactly) {
  driver d(reference_ddr4());
  d.run(0, 100);            // ACT 100
  d.run(row_stride, 1000);  // PRE 1000, ACT 1017
  d.core.settle(2000);
  EXPECT_EQ(d.sink.total(energy::event::dram_active_standby_clock), 900U + 983U);
  EXPECT_EQ(d.sink.total(energy::event::dram_precharge_standby_clock), 100U + 17U);
  d.core.settle(9360 * 3 + 5000);
  const dram_statistics& s = d.core.statistics();
  EXPECT_EQ(s.active_standby_clocks + s.precharge_standby_clocks, 9360U * 3 + 5000);
  EXPECT_EQ(s.active_standby_clocks, 900U + 8360 - 17 + 3 * 420) << "closed at 9360; refreshes stand on IDD3N";
  EXPECT_EQ(d.sink.total(energy::event::dram_refresh), 3U);
}

// IDD5 is what a device draws in all while it refreshes.
TEST(dram_core, a_refresh_costs_idd5_for_trfc) {
  const dram_config config = reference_ddr4();
  driver d(config);
  d.core.settle(static_cast<std::uint64_t>(config.timing.refi) + static_cast<std::uint64_t>(config.timing.rfc));
  const dram_energy each = event_energy(config);
  const auto counted = [&](energy::event what) { return static_cast<double>(d.sink.total(what)); };
  const double got =
      counted(energy::event::dram_refresh) * static_cast<double>(each.refresh_aj) +
      counted(energy::event::dram_active_standby_clock) * static_cast<double>(each.active_standby_clock_aj) +
      counted(energy::event::dram_precharge_standby_clock) * static_cast<double>(each.precharge_standby_clock_aj);
  double wanted = 0;  // V * mA * ps = fJ
  for (const dram_rail& rail : config.rails) {
    wanted += rail.voltage_v * (rail.idd2n_ma * config.timing.refi + rail.idd5_ma * config.timing.rfc);
  }
  wanted *= static_cast<double>(config.timing.clock_ps) * 1000 * config.organisation.devices_per_rank;
  EXPECT_NEAR(got, wanted, 1e-6 * wanted);
  EXPECT_EQ(d.sink.total(energy::event::dram_refresh), 1U);
}

TEST(dram_core, books_commands_to_the_layer) {
  driver d(reference_ddr4());
  d.run(0, 0, false, 100);  // bursts at 0 and 64
  EXPECT_EQ((d.sink.counts[{energy::event::dram_read_burst, 2}]), 2U);
  EXPECT_EQ((d.sink.counts[{energy::event::dram_activate, 2}]), 1U);
  EXPECT_EQ((d.sink.counts[{energy::event::dram_io_bit, 2}]), 1024U);
}

TEST(dram_core, the_first_ready_goes_first_but_nobody_starves) {
  dram_config config = reference_ddr4();
  config.scheduler = scheduling::row_hits;
  config.bank_queue_depth = 32;
  driver d(config);
  d.run(0, 0);
  d.enqueue(row_stride, 100);  // 1: conflict
  for (std::uint64_t i = 1; i <= 20; ++i) d.enqueue(64 * i, 100);
  d.drain();
  const auto position = std::find(d.order.begin(), d.order.end(), 1U) - d.order.begin();
  EXPECT_EQ(position, 1 + 16) << "after the row hit of the first and sixteen that passed it";
}

TEST(dram_core, the_same_bytes_keep_their_order) {
  dram_config config = reference_ddr4();
  config.scheduler = scheduling::row_hits;
  driver d(config);
  d.run(0, 0);
  d.enqueue(row_stride, 100, true);   // 1: conflict
  d.enqueue(64, 100, true);           // 2: hit
  d.enqueue(row_stride, 100, false);  // 3: must follow 1
  d.enqueue(64, 100, false);          // 4: must follow 2
  d.drain();
  const auto at = [&](std::uint64_t id) { return std::find(d.order.begin(), d.order.end(), id) - d.order.begin(); };
  EXPECT_LT(at(1), at(3));
  EXPECT_LT(at(2), at(4));
  EXPECT_LT(at(2), at(1));
}

TEST(dram_core, ideal_answers_at_once) {
  driver d(make_dram_config("ideal"));
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(d.run(i * 4096, 7), 7U);
}

TEST(locate, covers_every_cell_once) {
  for (const auto mapping : {"ro-ra-bg-ba-co", "ro-ra-ba-co-bg", "co-ba-RO-ra-bg", "bgbarorachco"}) {
    dram_config config = make_dram_config("ddr4-2400");
    config.mapping = mapping;
    config.organisation.rows = 4;
    config.organisation.columns = 64;
    config.organisation.ranks = 2;
    std::map<std::tuple<int, int, int, int>, int> seen;
    for (std::uint64_t address = 0; address < config.size_bytes(); address += config.burst_bytes()) {
      const dram_location where = locate(config, address);
      EXPECT_EQ(where.bank / config.organisation.banks_per_group, where.bank_group);
      ++seen[{where.rank, where.bank, where.row, where.column}];
    }
    EXPECT_EQ(seen.size(), 2U * 16 * 4 * 8);
    for (const auto& [where, count] : seen) EXPECT_EQ(count, 1);
  }
}

/// A saturating stream of 64-byte reads, 32 in the queue.
template <typename Address>
double saturated_gb_s(const dram_config& config, Address address) {
  driver d(config);
  std::vector<dram_completion> completed;
  constexpr std::uint64_t count = 20000;
  std::uint64_t now = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    while (i - completed.size() >= 32) {
      now = std::max(now, *d.core.next_decision());
      d.core.advance(now, completed);
    }
    d.enqueue(address(i), now);
  }
  while (d.core.next_decision()) d.core.advance(*d.core.next_decision(), completed);
  std::uint64_t end = 0;
  for (const dram_completion& one : completed) end = std::max(end, one.cycle);
  return static_cast<double>(count * 64) / (static_cast<double>(end) * config.timing.clock_ps * 1e-3);
}

// DRAMSys 5.1 (one rank of eight x8 DDR4-2400 devices, this mapping, FR-FCFS): 12.67 GB/s sequential, 11.34 random.
TEST(dram_core, bandwidth_agrees_with_the_reference_simulator) {
  const auto sequential = [](std::uint64_t i) { return i * 64; };
  dram_config config = reference_ddr4();
  config.scheduler = scheduling::row_hits;
  const double in_order = saturated_gb_s(config, sequential);
  EXPECT_NEAR(in_order, 12.67, 0.05 * 12.67);
  std::mt19937_64 generator(11);
  const double random = saturated_gb_s(config, [&](std::uint64_t) { return generator() % (1 << 26) * 64; });
  EXPECT_NEAR(random, 11.34, 0.1 * 11.34);
  config.mapping = "ro-ra-ba-co-bg";
  EXPECT_GT(saturated_gb_s(config, sequential), 17.0) << "bank groups in turn: tCCD_S";
  EXPECT_GT(saturated_gb_s(make_dram_config("lpddr4-3200"), sequential), 5.5);
  RecordProperty("sequential_gb_s", std::to_string(in_order));
  RecordProperty("random_gb_s", std::to_string(random));
}

}  // namespace
}  // namespace cimbalom::dram
