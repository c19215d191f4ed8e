#include <gtest/gtest.h>

#include "models/cim/macro_array_module.hpp"
#include "tests/support/simulation_test.hpp"

namespace cimbalom::cim {
namespace {

using change = std::pair<std::uint64_t, std::int64_t>;  // ps, value

struct recorder : transport::observer {
  void changed(const transport::observed_base& source, const sc_core::sc_time& when) override {
    const change now{when.value(), static_cast<std::int64_t>(source.bits())};
    if (!changes.empty() && changes.back().first == now.first) changes.pop_back();  // the last of a moment counts
    changes.push_back(now);
  }
  std::vector<change> changes;
};

transport::observed_base& row_group_of(const bank_module& bank) {
  for (transport::observed_base* value : transport::observed_values(&bank)) {
    if (std::string(value->basename()) == "row_group") return *value;
  }
  throw std::runtime_error("no row_group");
}

class row_group : public testing_support::simulation_test {
 protected:
  // Two pixels over positions 3..6 (row groups 1, 2, 2, 3), 1000 ps an operation.
  void compute_two_pixels() {
    schedule.start_compute(1, 0, 8000);
    bank.start_compute(0, 0, {3, 4, 1000});
    sc_core::wait(sc_core::sc_time::from_value(schedule.compute_end(1)));
    bank.end_compute();
    sc_core::wait(sc_core::sc_time::from_value(5000));
  }

  bank_schedule schedule{2};
  bank_module bank{"bank", schedule, 1, 2};
  recorder seen;
};

TEST_F(row_group, is_shown_as_the_bank_walks_its_positions_for_every_pixel) {
  row_group_of(bank).attach(seen);
  run([&] { compute_two_pixels(); });
  EXPECT_EQ(seen.changes,
            (std::vector<change>{{0, 1}, {1000, 2}, {3000, 3}, {4000, 1}, {5000, 2}, {7000, 3}, {8000, -1}}));
}

TEST_F(row_group, follows_operations_that_a_write_makes_later) {
  row_group_of(bank).attach(seen);
  run([&] {
    schedule.start_program(1, 0, 4000, 2000);  // half of the bank's time
    compute_two_pixels();
  });
  EXPECT_EQ(seen.changes,
            (std::vector<change>{{0, 1}, {2000, 2}, {5000, 3}, {6000, 1}, {7000, 2}, {9000, 3}, {10000, -1}}));
}

TEST_F(row_group, costs_nothing_while_nobody_looks) {
  run([&] {
    const sc_dt::uint64 before = sc_core::sc_delta_count();
    compute_two_pixels();
    EXPECT_LE(sc_core::sc_delta_count() - before, 3U) << "no step between start and end";
  });
  EXPECT_EQ(static_cast<std::int64_t>(row_group_of(bank).bits()), -1);
}

}  // namespace
}  // namespace cimbalom::cim
