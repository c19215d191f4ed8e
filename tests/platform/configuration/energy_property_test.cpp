#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "models/cim/cim_energy.hpp"
#include "models/energy/roll_up.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"

namespace cimbalom::platform {
namespace {

using energy::event;

template <typename value>
value one_of(std::initializer_list<value> values) {
  return *rc::gen::elementOf(std::vector<value>(values));
}

/// A valid platform of any node with another macro, other buffers and another supply.
platform_config any_platform() {
  platform_config config = read_platform("");
  config.technology = one_of<std::string>({"65nm", "28nm", "22nm", "7nm"});
  cim::macro_config& m = config.macro;
  m.kind = one_of({arithmetic::macro_kind::analog, arithmetic::macro_kind::digital});
  m.banks = *rc::gen::inRange(1, 9);
  m.rows_active = one_of({1, 8, 16, 64, 256});
  m.rows = m.rows_active * *rc::gen::inRange(1, 9);
  m.slot_bits = one_of({1, 4, 8});
  m.col_mux = one_of({1, 2});
  m.cols = m.slot_bits * m.col_mux * *rc::gen::inRange(1, 33);
  m.dac_bits = *rc::gen::inRange(1, 5);
  m.adc_bits = *rc::gen::inRange(1, 13);
  m.vdd_v = 0.05 * *rc::gen::inRange(10, 25);
  m.energy_scale = 0.1 * *rc::gen::inRange(1, 30);
  m.area_mm2 = one_of({0.0, 0.468, 1.0});
  config.accelerator.macros = *rc::gen::inRange(1, 17);
  config.accelerator.input_buffer_bytes = one_of({1024, 65536, 1048576});
  return config;
}

/// Every technology is read once.
energy::component_table costs_of(const platform_config& config) {
  static std::map<std::string, technology> known;
  if (known.count(config.technology) == 0) known.emplace(config.technology, read_technology(config.technology));
  return evaluate(known.at(config.technology), config);
}

energy::ledger anything_happened() {
  energy::ledger book;
  const int bookings = *rc::gen::inRange(0, 40);
  for (int i = 0; i < bookings; ++i) {
    const auto what = static_cast<event>(*rc::gen::inRange<std::size_t>(0, energy::event_count));
    book.count(what, *rc::gen::inRange(-1, 6), *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U));
  }
  for (int layer = -1; layer < 6; ++layer) book.elapse(layer, *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U));
  return book;
}

TEST(platform_energy, parts_sum_to_totals_on_any_platform) {
  EXPECT_TRUE(rc::check("components and layers sum to the total, areas too", [] {
    const platform_config config = any_platform();
    validate(config);
    const energy::component_table costs = costs_of(config);
    const energy::breakdown energy(costs, anything_happened(), 6);
    energy::wide by_component = 0;
    energy::wide by_layer = 0;
    for (energy::component_id c = 0; c < energy::components().size(); ++c) by_component += energy.of_component(c);
    for (std::int32_t layer = -1; layer < energy.layers(); ++layer) by_layer += energy.of_layer(layer);
    RC_ASSERT(by_component == energy.total());
    RC_ASSERT(by_layer == energy.total());
    energy::wide area = 0;
    for (const energy::part_area& part : costs.areas()) area += part.milli_um2;
    RC_ASSERT(area == energy::total_area_milli_um2(costs));
  }));
}

TEST(platform_energy, no_activity_leaves_leakage_alone) {
  EXPECT_TRUE(rc::check("energy of no events is power times time", [] {
    const platform_config config = any_platform();
    const energy::component_table costs = costs_of(config);
    const auto time = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U);
    energy::ledger idle;
    idle.elapse(0, time);
    const energy::breakdown energy(costs, idle, 1);
    energy::wide leaked = 0;
    for (energy::component_id c = 0; c < energy::components().size(); ++c) {
      leaked += energy::divide_rounded(static_cast<energy::wide>(costs.leakage_picowatts(c)) * time, 1000000);
    }
    RC_ASSERT(energy.total() == leaked);
    RC_ASSERT(energy::breakdown(costs, energy::ledger(), 1).total() == 0);
  }));
}

/// Energy of the array for one pass of every bank, a given share of the driven bits being 1 and no column sum.
energy::wide array_energy(const platform_config& config, double wordline_ones) {
  cim::tile_work work;
  work.operations = 64;
  work.input_bits = 8;
  work.input_slices = static_cast<std::uint64_t>(arithmetic::input_slices(config.macro.shape(), 8));
  energy::ledger book;
  const arithmetic::activity counted = cim::expected_activity(config.macro, work, {wordline_ones, 0});
  cim::count_energy_events(config.accelerator, config.macro, work, counted, 0, book);
  return energy::breakdown(costs_of(config), book, 1).of_component(*energy::find_component("array"));
}

TEST(platform_energy, twice_the_ones_cost_twice_the_wordlines) {
  EXPECT_TRUE(rc::check("wordline energy is the number of ones times the cost of one", [] {
    const platform_config config = any_platform();
    const energy::component_table costs = costs_of(config);
    const auto ones = [&](double share) {
      return static_cast<energy::wide>(64 * share * config.macro.rows_active * 8) *
             costs.yoctojoules(event::array_wordline_bit);
    };
    for (const double share : {0.25, 0.5}) {
      const energy::wide expected = energy::divide_rounded(ones(share), energy::yoctojoules_per_attojoule);
      RC_ASSERT(array_energy(config, share) == expected);
    }
    const energy::wide once = array_energy(config, 0.25);
    const energy::wide twice = array_energy(config, 0.5);
    RC_ASSERT(twice + 1 >= 2 * once);
    RC_ASSERT(twice <= 2 * once + 1);
    RC_ASSERT(array_energy(config, 0) == 0);
  }));
}

}  // namespace
}  // namespace cimbalom::platform
