// The command stream of random traffic keeps every constraint, for every preset and policy.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "tests/models/dram/command_checker.hpp"

namespace cimbalom::dram {
namespace {

using parameters = std::tuple<const char*, scheduling, row_policy, int>;

class dram_protocol : public ::testing::TestWithParam<parameters> {};

/// Plays random traffic and checks the commands.
void check(const dram_config& config);

TEST_P(dram_protocol, holds_over_random_traffic) {
  dram_config config = make_dram_config(std::get<0>(GetParam()));
  config.accept_missing = true;
  config.scheduler = std::get<1>(GetParam());
  config.page_policy = std::get<2>(GetParam());
  config.organisation.ranks = std::get<3>(GetParam());
  check(config);
}

TEST(dram_protocol_keys, holds_with_banks_in_turn_other_mappings_and_without_patience) {
  for (const char* mapping : {"ro-ra-bg-ba-co", "co-ro-ba-bg-ra", "ra-bg-ro-co-ba"}) {
    SCOPED_TRACE(mapping);
    dram_config config = make_dram_config("ddr4-3200");
    config.mapping = mapping;
    config.arbitration = bank_arbitration::round_robin;
    config.patience = 0;
    config.organisation.ranks = 4;
    check(config);
  }
}

void check(const dram_config& config) {
  config.validate();
  driver d(config);
  std::mt19937_64 generator(7);
  std::vector<dram_completion> completed;
  const std::uint64_t size = config.size_bytes() / static_cast<std::uint64_t>(config.channels);
  std::uint64_t now = 0;
  constexpr std::uint64_t count = 6000;
  for (std::uint64_t i = 0; i < count; ++i) {
    // Dense and sparse phases; few rows, many banks, runs of neighbours; now and then many bursts at once.
    now += generator() % (i / 500 % 2 == 0 ? 6 : 60) + (i % 1000 == 999 ? 30000 : 0);
    const std::uint64_t address = (generator() % 4 * (size / 4) + generator() % 512 * 1024) % (size - 4096);
    d.core.advance(now, completed);
    d.enqueue(address, now, i / 50 % 3 == 0 && generator() % 2 == 0, generator() % 20 == 0 ? 1024 : 64);
  }
  d.drain();
  EXPECT_EQ(completed.size() + d.done.size(), count);
  for (const std::string& line : violations(config, d.log)) ADD_FAILURE() << line;
  EXPECT_GT(d.core.statistics().refreshes, 5U);
  EXPECT_GT(d.core.statistics().write_bursts, count / 10);
}

INSTANTIATE_TEST_SUITE_P(
    presets, dram_protocol,
    ::testing::Combine(::testing::Values("ddr4-2400", "ddr4-3200", "lpddr4-3200", "lpddr5-6400", "hbm2"),
                       ::testing::Values(scheduling::first_come, scheduling::row_hits),
                       ::testing::Values(row_policy::open, row_policy::closed, row_policy::closed_adaptive),
                       ::testing::Values(1, 2)),
    [](const auto& one) {
      std::string name = std::string(std::get<0>(one.param)) +
                         (std::get<1>(one.param) == scheduling::first_come ? "_first_come" : "_row_hits") + "_policy" +
                         std::to_string(static_cast<int>(std::get<2>(one.param))) + "_ranks" +
                         std::to_string(std::get<3>(one.param));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(command_checker, finds_what_is_violated) {
  const dram_config config = make_dram_config("ddr4-2400");
  const dram_location bank0{0, 0, 0, 5, 0}, bank1{0, 0, 1, 5, 0}, bank4{0, 1, 4, 5, 0};
  const auto first = [&](const std::vector<issued>& log) {
    const std::vector<std::string> found = violations(config, log);
    return found.empty() ? std::string() : found.front().substr(0, found.front().find(" at"));
  };
  using c = dram_command;
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::read, bank0, 17}, {c::precharge, bank0, 39}}), "");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::read, bank0, 16}}), "tRCD");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::precharge, bank0, 38}}), "tRAS, tRTP or tWR");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::activate, bank1, 5}}), "tRRD_L");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::activate, bank4, 3}}), "tRRD_S");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::read, bank0, 17}, {c::read, bank0, 22}}), "tCCD_L");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::write, bank0, 17}, {c::read, bank0, 41}}), "tWTR_L");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::read, bank0, 17}, {c::write, bank0, 27}}), "read to write");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::precharge, bank0, 39}, {c::activate, bank0, 55}}), "tRC");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::precharge, bank0, 45}, {c::activate, bank0, 61}}), "tRP");
  EXPECT_EQ(first({{c::activate, bank0, 0}, {c::activate, bank4, 0}}), "command bus");
  EXPECT_EQ(first({{c::refresh, bank0, 9360}, {c::activate, bank0, 9779}}), "tRFC");
  EXPECT_EQ(first({{c::refresh, bank0, 9000}}), "REF before it is due");
  const dram_location bank8{0, 2, 8, 5, 0}, bank12{0, 3, 12, 5, 0};
  EXPECT_EQ(first({{c::activate, bank0, 0},
                   {c::activate, bank4, 6},
                   {c::activate, bank8, 12},
                   {c::activate, bank12, 18},
                   {c::activate, bank1, 25}}),
            "tFAW");
}

}  // namespace
}  // namespace cimbalom::dram
