#include "models/dram/dram_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "models/dram/dram_cost.hpp"

namespace cimbalom::dram {
namespace {

struct counting_sink : energy::event_sink {
  void count(energy::event what, std::int32_t layer, std::uint64_t n) override { counts[{what, layer}] += n; }
  std::uint64_t total(energy::event what) const {
    std::uint64_t sum = 0;
    for (const auto& [key, n] : counts) sum += key.first == what ? n : 0;
    return sum;
  }
  std::map<std::pair<energy::event, std::int32_t>, std::uint64_t> counts;
};

struct issued {
  dram_command command;
  dram_location where;
  std::uint64_t cycle;
};

/// Drives one core by its own decisions.
struct driver {
  explicit driver(const dram_config& config) : core(config, sink) {
    core.on_command([this](dram_command command, const dram_location& where, std::uint64_t cycle) {
      log.push_back({command, where, cycle});
    });
  }
  std::uint64_t run(std::uint64_t address, std::uint64_t cycle, bool write = false, std::uint32_t length = 0) {
    core.enqueue({next_id, address, length == 0 ? 32U : length, write, 2}, cycle);
    ++next_id;
    drain();
    return done.at(next_id - 1);
  }
  void enqueue(std::uint64_t address, std::uint64_t cycle, bool write = false, std::uint32_t length = 64) {
    core.enqueue({next_id++, address, length, write, 2}, cycle);
  }
  void drain() {
    std::vector<dram_completion> completed;
    while (core.next_decision()) core.advance(*core.next_decision(), completed);
    for (const dram_completion& one : completed) {
      done[one.id] = one.cycle;
      order.push_back(one.id);
    }
  }

  counting_sink sink;
  dram_core core;
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, std::uint64_t> done;
  std::vector<std::uint64_t> order;
  std::vector<issued> log;
};

dram_config reference_ddr4() {
  dram_config config = make_dram_config("ddr4-2400");
  config.mapping = address_mapping::row_bank_column;
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
  EXPECT_EQ(d.run(64, 0, false), 17U + 12 + 4 + 9 + 17 + 4) << "read after write, same group: tWTR_L after the data";
  // That read was issued at 42; tRTP 9; the write recovered at 33 + tWR 18 = 51. PRE 51, ACT 68, RD 85.
  EXPECT_EQ(d.run(row_stride, 0, false), 51U + 17 + 17 + 17 + 4) << "precharge waits for write recovery";
}

TEST(dram_core, write_after_read_leaves_the_turnaround) {
  driver d(reference_ddr4());
  d.run(0, 0);  // RD at 17, data 34..38
  EXPECT_EQ(d.run(64, 0, true), 17U + (17 + 4 + 2 - 12) + 12 + 4) << "RD to WR: RL + BL/2 + 2 - WL = 11";
}

TEST(dram_core, column_commands_keep_their_distance) {
  driver d(reference_ddr4());
  d.run(0, 0);
  EXPECT_EQ(d.run(64, 0), 17U + 6 + 21) << "same bank group: tCCD_L";
  d.run(group_stride, 500);
  d.run(0, 600);
  EXPECT_EQ(d.run(group_stride + 64, 600), 600U + 4 + 21) << "other bank group: tCCD_S";
}

TEST(dram_core, activates_keep_rrd_and_faw) {
  driver d(reference_ddr4());
  // Bank groups 0 1 2 3 0: tRRD_S 4 between groups, the fifth waits for tFAW 26 after the first.
  for (std::uint64_t i = 0; i < 4; ++i) d.run(i * group_stride, 0);
  d.run(bank_stride, 0);
  std::vector<std::uint64_t> activates;
  for (const issued& one : d.log) {
    if (one.command == dram_command::activate) activates.push_back(one.cycle);
  }
  EXPECT_EQ(activates, (std::vector<std::uint64_t>{0, 4, 8, 12, 26}));
  driver same(reference_ddr4());
  same.run(0, 0);
  same.run(bank_stride, 0);
  EXPECT_EQ(same.log[2].cycle, 6U) << "same bank group: tRRD_L";
}

TEST(dram_core, refresh_closes_rows_and_blocks_the_rank) {
  driver d(reference_ddr4());
  EXPECT_EQ(d.run(0, 9000), 9038U);
  // Due at 9360: PRE 9360, REF 9377, next ACT 9377 + 420.
  EXPECT_EQ(d.run(64, 9360), 9377U + 420 + 38);
  EXPECT_EQ(d.core.statistics().refreshes, 1U);
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
  d.core.settle(static_cast<std::uint64_t>(config.timing.refi + config.timing.rfc));
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
  for (const auto mapping : {address_mapping::row_bank_column, address_mapping::row_bank_column_bankgroup}) {
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

/// Every constraint again, from the command log alone, over random traffic.
class dram_core_constraints : public ::testing::TestWithParam<std::pair<const char*, scheduling>> {};

TEST_P(dram_core_constraints, hold_over_random_traffic) {
  dram_config config = make_dram_config(GetParam().first);
  config.scheduler = GetParam().second;
  driver d(config);
  std::mt19937_64 generator(7);
  std::vector<dram_completion> completed;
  std::uint64_t now = 0;
  for (int i = 0; i < 4000; ++i) {
    now += generator() % 40;
    const std::uint64_t address = (generator() % 8) * row_stride * 4 + (generator() % 64) * 1024;
    d.core.advance(now, completed);
    d.enqueue(address, now, generator() % 3 == 0);
  }
  d.drain();
  EXPECT_EQ(completed.size() + d.done.size(), 4000U);

  const dram_timing& t = config.timing;
  const auto clocks = [](int value) { return static_cast<std::uint64_t>(value); };
  struct history {
    bool open = false;
    int row = -1;
    std::uint64_t activate = 0, precharged = 0, recovered = 0;
  };
  std::vector<history> banks(static_cast<std::size_t>(config.organisation.banks()));
  std::vector<std::uint64_t> activates;
  std::uint64_t refreshed = 0;
  const issued* column = nullptr;
  std::stable_sort(d.log.begin(), d.log.end(), [](const issued& a, const issued& b) { return a.cycle < b.cycle; });
  for (const issued& one : d.log) {
    history& bank = banks[static_cast<std::size_t>(one.where.bank)];
    switch (one.command) {
      case dram_command::activate:
        ASSERT_FALSE(bank.open);
        ASSERT_GE(one.cycle, bank.precharged + (bank.row < 0 ? 0 : clocks(t.rp)));
        ASSERT_GE(one.cycle, refreshed == 0 ? 0 : refreshed + clocks(t.rfc));
        if (!activates.empty()) {
          ASSERT_GE(one.cycle, activates.back() + clocks(t.rrd_short));
        }
        if (activates.size() >= 4) {
          ASSERT_GE(one.cycle, activates[activates.size() - 4] + clocks(t.faw));
        }
        activates.push_back(one.cycle);
        bank = {true, one.where.row, one.cycle, bank.precharged, 0};
        break;
      case dram_command::precharge:
        ASSERT_TRUE(bank.open);
        ASSERT_GE(one.cycle, bank.activate + clocks(t.ras));
        ASSERT_GE(one.cycle, bank.recovered);
        bank.open = false;
        bank.precharged = one.cycle;
        break;
      case dram_command::read:
      case dram_command::write: {
        const bool write = one.command == dram_command::write;
        ASSERT_TRUE(bank.open && bank.row == one.where.row);
        ASSERT_GE(one.cycle, bank.activate + clocks(t.rcd));
        if (column != nullptr) {
          const bool same = column->where.bank_group == one.where.bank_group;
          ASSERT_GE(one.cycle, column->cycle + clocks(same ? t.ccd_long : t.ccd_short));
          const bool wrote = column->command == dram_command::write;
          const auto data = [&](bool is_write, std::uint64_t at) {
            return at + clocks(is_write ? t.write_latency : t.read_latency);
          };
          const std::uint64_t end = data(wrote, column->cycle) + clocks(config.burst_clocks());
          ASSERT_GE(data(write, one.cycle), end) << "data overlaps on the bus";
          if (wrote && !write) {
            ASSERT_GE(one.cycle, end + clocks(same ? t.wtr_long : t.wtr_short));
          }
        }
        column = &one;
        const std::uint64_t end = one.cycle + clocks(t.write_latency + config.burst_clocks() + t.wr);
        bank.recovered = std::max(bank.recovered, write ? end : one.cycle + clocks(t.rtp));
        break;
      }
      case dram_command::refresh:
        for (history& each : banks) {
          if (each.open) {
            ASSERT_GE(one.cycle, std::max(each.recovered, each.activate + clocks(t.ras)) + clocks(t.rp));
          }
          each.open = false;
          each.row = -1;
        }
        refreshed = one.cycle;
        break;
    }
  }
  EXPECT_GT(d.core.statistics().refreshes, 5U);
}

INSTANTIATE_TEST_SUITE_P(presets, dram_core_constraints,
                         ::testing::Values(std::make_pair("ddr4-2400", scheduling::first_come),
                                           std::make_pair("ddr4-2400", scheduling::row_hits),
                                           std::make_pair("lpddr4-3200", scheduling::row_hits)),
                         [](const auto& one) {
                           std::string name = std::string(one.param.first) + "_" + to_string(one.param.second);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

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
  config.mapping = address_mapping::row_bank_column_bankgroup;
  EXPECT_GT(saturated_gb_s(config, sequential), 17.0) << "bank groups in turn: tCCD_S";
  EXPECT_GT(saturated_gb_s(make_dram_config("lpddr4-3200"), sequential), 5.5);
  RecordProperty("sequential_gb_s", std::to_string(in_order));
  RecordProperty("random_gb_s", std::to_string(random));
}

}  // namespace
}  // namespace cimbalom::dram
