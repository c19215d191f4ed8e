#include "models/dram/standby_clock.hpp"

#include <gtest/gtest.h>

namespace cimbalom::dram {
namespace {

TEST(standby_clock, counts_clocks_with_and_without_an_open_row) {
  standby_clock clock;
  clock.open_at(10);
  clock.open_at(15);
  clock.close_at(40);  // announced ahead, out of order
  clock.close_at(30);
  standby_clock::clocks taken = clock.take(20);
  EXPECT_EQ(taken.precharged, 10U);
  EXPECT_EQ(taken.active, 10U);
  taken = clock.take(20);
  EXPECT_EQ(taken.precharged + taken.active, 0U);
  taken = clock.take(50);
  EXPECT_EQ(taken.active, 20U);
  EXPECT_EQ(taken.precharged, 10U);
  taken = clock.take(45);
  EXPECT_EQ(taken.precharged + taken.active, 0U) << "time does not go back";
}

TEST(standby_clock, a_closing_that_is_over_counts_from_its_time) {
  standby_clock clock;
  clock.open_at(0);
  clock.close_at(7);
  clock.open_at(9);
  const standby_clock::clocks taken = clock.take(12);
  EXPECT_EQ(taken.active, 7U + 3);
  EXPECT_EQ(taken.precharged, 2U);
}

}  // namespace
}  // namespace cimbalom::dram
