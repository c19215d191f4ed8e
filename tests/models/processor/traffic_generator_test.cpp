#include "models/processor/traffic_generator.hpp"

#include <algorithm>

#include "models/dram/dram.hpp"
#include "models/interconnect/data_fabric.hpp"
#include "models/registers/memory_map.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"

namespace cimbalom::processor {
namespace {

struct bench : sc_core::sc_module {
  bench(const sc_core::sc_module_name& name, const traffic_config& traffic, const std::string& preset)
      : sc_core::sc_module(name),
        memory_config(dram::make_dram_config(preset)),
        generator("generator", traffic, sink),
        fabric("fabric", fabric_config(memory_config), sink),
        memory("dram", memory_config, sink),
        from("from", {true, true, false}),
        to("to", {true, true, false}) {
    generator.memory.bind(from.from_initiator);
    from.to_target.bind(fabric.from(0));
    fabric.to(0).bind(to.from_initiator);
    to.to_target.bind(memory.memory);
  }
  static interconnect::interconnect_config fabric_config(const dram::dram_config& memory) {
    interconnect::interconnect_config config;
    config.initiators = {"traffic"};
    config.targets = {{"dram", registers::dram_base, memory.size_bytes()}};
    config.data_bits = 256;
    config.clock_mhz = 1000;
    config.max_outstanding = 32;
    return config;
  }

  energy::null_sink sink;
  dram::dram_config memory_config;
  traffic_generator generator;
  interconnect::data_fabric fabric;
  dram::dram memory;
  transport::protocol_checker from, to;
};

struct pattern_case {
  traffic_pattern pattern;
  int read_percent;
  const char* preset;
  double least_gb_s;
  double most_gb_s;
};
class traffic_generator_test : public testing_support::simulation_test,
                               public ::testing::WithParamInterface<pattern_case> {};

TEST_P(traffic_generator_test, reaches_the_bandwidth_of_the_pattern) {
  traffic_config traffic;
  traffic.pattern = GetParam().pattern;
  traffic.read_percent = GetParam().read_percent;
  traffic.range_bytes = std::uint64_t{256} << 20;
  traffic.stride_bytes = std::uint64_t{1} << 20;
  traffic.requests = 4000;
  traffic.max_outstanding = 16;
  bench b("bench", traffic, GetParam().preset);
  run();
  ASSERT_TRUE(b.generator.finished());
  const traffic_statistics& s = b.generator.statistics();
  EXPECT_EQ(s.reads + s.writes, 4000U);
  EXPECT_EQ(s.errors, 0U);
  EXPECT_EQ(s.bytes, 4000U * 64);
  RecordProperty("gb_s", std::to_string(s.bytes_per_second() / 1e9));
  RecordProperty("p50_ns", std::to_string(s.latency.percentile_ps(50) / 1000));
  EXPECT_GT(s.bytes_per_second() / 1e9, GetParam().least_gb_s);
  EXPECT_LT(s.bytes_per_second() / 1e9, GetParam().most_gb_s);
  EXPECT_EQ(s.latency.count(), 4000U);
}

INSTANTIATE_TEST_SUITE_P(patterns, traffic_generator_test,
                         ::testing::Values(pattern_case{traffic_pattern::sequential, 100, "lpddr4-3200", 5.5, 6.4},
                                           pattern_case{traffic_pattern::sequential, 100, "ddr4-2400", 13.0, 19.2},
                                           pattern_case{traffic_pattern::random, 100, "ddr4-2400", 6.0, 15.0},
                                           pattern_case{traffic_pattern::random, 50, "lpddr4-3200", 1.5, 5.5},
                                           pattern_case{traffic_pattern::strided, 100, "lpddr4-3200", 0.5, 3.0},
                                           pattern_case{traffic_pattern::sequential, 100, "ideal", 20.0, 32.0}),
                         [](const auto& one) {
                           std::string name = std::string(to_string(one.param.pattern)) + "_" +
                                              std::to_string(one.param.read_percent) + "_" + one.param.preset;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class traffic_rate : public testing_support::simulation_test {};

TEST_F(traffic_rate, follows_the_interval) {
  traffic_config traffic;
  traffic.requests = 100;
  traffic.interval_ns = 500;
  bench b("bench", traffic, "lpddr4-3200");
  run();
  const traffic_statistics& s = b.generator.statistics();
  EXPECT_GT(s.end_ps, 99U * 500'000);
  EXPECT_LT(s.end_ps, 99U * 500'000 + 1'000'000);
  // Unloaded: row open mostly; two bursts of 32 bytes, 34 + 8 + 8 clocks of 625 ps = 31 ns, and the fabric.
  EXPECT_GE(s.latency.percentile_ps(1), 31'000U);
  EXPECT_LT(s.latency.percentile_ps(50), 45'000U);
}

// The generator was made first, so it goes last: its payloads outlive the fabric that had put routes on them.
TEST_F(traffic_rate, a_stopped_simulation_comes_down_in_any_order) {
  bench b("bench", {}, "lpddr4-3200");
  expect_reports(transport::protocol_report_id, 2);  // both links: transactions never ended
  run(sc_core::sc_time(500, sc_core::SC_NS));
  EXPECT_GT(b.fabric.open(), 0U);
}

TEST_F(traffic_rate, counts_errors) {
  traffic_config traffic;
  traffic.base = 0x4000'0000;
  traffic.requests = 10;
  bench b("bench", traffic, "lpddr4-3200");
  expect_reports(transport::protocol_report_id, 10);
  run();
  EXPECT_EQ(b.generator.statistics().errors, 10U);
}

}  // namespace
}  // namespace cimbalom::processor
