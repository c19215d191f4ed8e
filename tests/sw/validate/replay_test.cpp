#include "sw/validate/replay.hpp"

#include <gtest/gtest.h>

#include "models/dram/dram_cost.hpp"
#include "sw/validate/dram_report.hpp"

namespace cimbalom::validate {
namespace {

dram::dram_config ddr4() {
  dram::dram_config config = dram::make_dram_config("ddr4-2400");
  config.mapping = "ro-ra-bg-ba-co";
  return config;
}

// tRCD 17, CL 17, BL/2 4, tCCD_L 6, one request a clock.
TEST(replay, clocks_of_a_short_trace_add_up) {
  const replay_result r = replay(ddr4(), {{0, 0, false}, {64, 0, false}, {128, 100, true}});
  EXPECT_EQ(r.requests, 3U);
  EXPECT_EQ(r.read.requests, 2U);
  EXPECT_EQ(r.write.requests, 1U);
  EXPECT_NEAR(r.read.mean_ns, (38 + 43) / 2.0 * 0.833, 1e-9) << "the second is taken a clock later, read 6 later";
  EXPECT_NEAR(r.read.max_ns, 43 * 0.833, 1e-9);
  EXPECT_NEAR(r.write.p50_ns, 16 * 0.833, 1e-9);
  EXPECT_NEAR(r.duration_us, 116 * 0.833e-3, 1e-12);
  EXPECT_NEAR(r.bandwidth_gb_s, 3 * 64 / (116 * 0.833), 1e-9);
  EXPECT_NEAR(r.bus_utilization, 12.0 / 116, 1e-12);
  EXPECT_EQ(r.commands.activates, 1U);
}

TEST(replay, a_full_queue_makes_requests_wait_outside) {
  dram::dram_config config = ddr4();
  config.queue_depth = 1;
  const replay_result r = replay(config, {{0, 0, false}, {64, 0, false}, {128, 0, false}});
  EXPECT_NEAR(r.read.max_ns, 38 * 0.833, 1e-9) << "taken when the one before has left";
  EXPECT_NEAR(r.read.p50_ns, 21 * 0.833, 1e-9);
  EXPECT_NEAR(r.duration_us, (38 + 21 + 21) * 0.833e-3, 1e-12);
}

TEST(replay, energy_is_that_of_the_commands) {
  const dram::dram_config config = ddr4();
  const replay_result r = replay(config, {{0, 0, false}, {64, 0, true}});
  const dram::dram_energy each = dram::event_energy(config);
  EXPECT_TRUE(r.has_energy);
  EXPECT_DOUBLE_EQ(r.energy.activate_pj, static_cast<double>(each.activate_aj) * 1e-6);
  EXPECT_DOUBLE_EQ(r.energy.read_pj, static_cast<double>(each.read_burst_aj) * 1e-6);
  EXPECT_DOUBLE_EQ(r.energy.write_pj, static_cast<double>(each.write_burst_aj) * 1e-6);
  EXPECT_GT(r.energy.active_standby_pj, 0);
  EXPECT_EQ(r.energy.precharge_standby_pj, 0) << "the row is open from the first clock on";
  dram::dram_config silent = dram::make_dram_config("lpddr5-6400");
  EXPECT_FALSE(replay(silent, {{0, 0, false}}).has_energy);
}

TEST(replay, channels_share_the_load) {
  dram::dram_config one = dram::make_dram_config("hbm2");
  const trace_rule rule = {"all", false, 20000, std::uint64_t{64} << 20, 0, 0};
  const replay_result eight = replay(one, make_trace(rule));
  one.channels = 1;
  const replay_result single = replay(one, make_trace(rule));
  EXPECT_GT(single.bandwidth_gb_s, 25);
  EXPECT_LT(single.bandwidth_gb_s, 32);
  EXPECT_NEAR(eight.bandwidth_gb_s, 64, 3) << "one request of 64 bytes a clock of 1 ns is all that asks";
}

TEST(replay, addresses_beyond_the_memory_wrap) {
  const dram::dram_config config = ddr4();
  const replay_result r = replay(config, {{0, 0, false}, {config.size_bytes() + 64, 200, false}});
  EXPECT_EQ(r.commands.row_hits, 1U);
}

TEST(replay, the_same_trace_gives_the_same_report) {
  dram_validation all;
  all.memory = dram::make_dram_config("lpddr4-3200");
  for (const trace_rule& rule : small_traces()) all.traces.push_back({rule.name, replay(all.memory, make_trace(rule))});
  dram_validation again;
  again.memory = all.memory;
  for (const trace_rule& rule : small_traces()) {
    again.traces.push_back({rule.name, replay(all.memory, make_trace(rule))});
  }
  EXPECT_EQ(dram_json(all).to_text(), dram_json(again).to_text());
  EXPECT_EQ(dram_text(all), dram_text(again));
  EXPECT_NE(dram_text(all).find("random_mixed: 1000 requests"), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::validate
