#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

#include "models/energy/component_table.hpp"
#include "models/energy/ledger.hpp"
#include "models/energy/roll_up.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::energy {
namespace {

const provenance somewhere{"", "test", "a test"};

component_table flat_table(std::uint64_t attojoules) {
  component_table table;
  for (std::size_t e = 0; e < event_count; ++e) table.set_cost(static_cast<event>(e), {attojoules + e, somewhere});
  return table;
}

TEST(wide_text, prints_exact_decimals) {
  EXPECT_EQ(to_text(0), "0");
  EXPECT_EQ(to_decimal(0, 6), "0");
  EXPECT_EQ(to_decimal(1, 6), "0.000001");
  EXPECT_EQ(to_decimal(1500000, 6), "1.5");
  EXPECT_EQ(to_decimal(2000000, 6), "2");
  EXPECT_EQ(to_decimal(120, 0), "120");
  const wide big = static_cast<wide>(std::numeric_limits<std::uint64_t>::max()) * 1000000007;
  EXPECT_EQ(to_text(big), "18446744202836760130966861305");
}

TEST(wide_text, rounds_half_up) {
  EXPECT_EQ(divide_rounded(14, 10), wide{1});
  EXPECT_EQ(divide_rounded(15, 10), wide{2});
}

TEST(events, have_names_and_components) {
  EXPECT_EQ(name(event::adc_conversion), "adc.conversion");
  EXPECT_EQ(components()[component_of(event::dram_io_bit)], "dram");
  EXPECT_EQ(find_event("array.bitline_unit"), event::array_bitline_unit);
  EXPECT_FALSE(find_event("array.unknown"));
  EXPECT_FALSE(find_component("nothing"));
  EXPECT_TRUE(in_macro(*find_component("shift_add")));
  EXPECT_FALSE(in_macro(*find_component("dram")));
}

TEST(component_table, refuses_a_row_without_source) {
  component_table table;
  EXPECT_THROW(table.set_cost(event::adc_conversion, {1, {}}), input_error);
  EXPECT_THROW(table.set_leakage(0, {1, {}}), input_error);
  EXPECT_THROW(table.add_area({"dma", 1, {}}), input_error);
}

TEST(component_table, refuses_a_row_twice_and_a_missing_one) {
  component_table table;
  table.set_cost(event::adc_conversion, {1, somewhere});
  EXPECT_THROW(table.set_cost(event::adc_conversion, {1, somewhere}), input_error);
  table.add_area({"dma", 1, somewhere});
  EXPECT_THROW(table.add_area({"dma", 2, somewhere}), input_error);
  try {
    table.require_complete("x.yaml");
    FAIL() << "incomplete table accepted";
  } catch (const input_error& error) {
    EXPECT_STREQ(error.what(), "x.yaml: events.array.wordline_bit: missing: every event needs a row");
  }
}

TEST(ledger, keeps_layers_apart) {
  ledger book;
  book.count(event::adc_conversion, no_layer, 3);
  book.count(event::adc_conversion, 2, 5);
  book.elapse(2, 100);
  EXPECT_EQ(book.counted(event::adc_conversion, no_layer), 3U);
  EXPECT_EQ(book.counted(event::adc_conversion, 1), 0U);
  EXPECT_EQ(book.counted(event::adc_conversion, 7), 0U);
  EXPECT_EQ(book.counted(event::adc_conversion), 8U);
  EXPECT_EQ(book.layer_limit(), 3);
  ledger sum;
  sum += book;
  sum += book;
  EXPECT_EQ(sum.counted(event::adc_conversion), 16U);
  EXPECT_EQ(sum.elapsed_ps(2), 200U);
}

TEST(breakdown, multiplies_counts_and_leakage) {
  component_table table = flat_table(10);
  const component_id array = *find_component("array");
  table.set_leakage(array, {3000000, somewhere});  // 3 uW
  ledger book;
  book.count(event::array_wordline_bit, 0, 4);
  book.elapse(0, 7);  // 3e6 pW * 7 ps = 21 aJ
  const breakdown energy(table, book, 2);
  EXPECT_EQ(to_text(energy.cell(array, 0)), "61");
  EXPECT_EQ(energy.layers(), 2);
  EXPECT_EQ(to_text(energy.of_layer(1)), "0");
  EXPECT_EQ(to_text(energy.total()), "61");
  EXPECT_EQ(to_text(energy.of_macros()), "61");
}

TEST(breakdown, rounds_leakage_once_a_cell) {
  component_table table = flat_table(1);
  table.set_leakage(0, {1, somewhere});
  ledger book;
  for (int i = 0; i < 4; ++i) book.elapse(0, 400000);  // 0.4 aJ four times: 1.6, not 0
  EXPECT_EQ(to_text(breakdown(table, book, 1).total()), "2");
}

TEST(breakdown, keeps_what_is_less_than_an_attojoule) {
  component_table table;
  table.set_cost(event::array_bitline_unit, {0, somewhere, 17000});  // 0.017 aJ
  ledger book;
  book.count(event::array_bitline_unit, 0, 1000);
  EXPECT_EQ(breakdown(table, book, 1).total(), wide{17});
  EXPECT_EQ(table.yoctojoules(event::array_bitline_unit), wide{17000});
  EXPECT_THROW(table.set_cost(event::adc_conversion, {1, somewhere, yoctojoules_per_attojoule}), input_error);
}

TEST(breakdown, parts_sum_to_totals) {
  rc::check("components and layers both sum to the total", [] {
    component_table table;
    for (std::size_t e = 0; e < event_count; ++e) {
      table.set_cost(static_cast<event>(e), {*rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U), somewhere,
                                             *rc::gen::inRange<std::uint32_t>(0, yoctojoules_per_attojoule)});
    }
    for (component_id c = 0; c < components().size(); ++c) {
      table.set_leakage(c, {*rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U), somewhere});
    }
    ledger book;
    const int bookings = *rc::gen::inRange(0, 60);
    for (int i = 0; i < bookings; ++i) {
      const auto what = static_cast<event>(*rc::gen::inRange<int>(0, static_cast<int>(event_count)));
      book.count(what, *rc::gen::inRange(-1, 9), *rc::gen::arbitrary<std::uint32_t>());
      book.elapse(*rc::gen::inRange(-1, 9), *rc::gen::arbitrary<std::uint32_t>());
    }
    const breakdown energy(table, book, 5);
    wide by_component = 0;
    wide by_layer = 0;
    for (component_id c = 0; c < components().size(); ++c) by_component += energy.of_component(c);
    for (std::int32_t layer = no_layer; layer < energy.layers(); ++layer) by_layer += energy.of_layer(layer);
    RC_ASSERT(by_component == energy.total());
    RC_ASSERT(by_layer == energy.total());
  });
}

}  // namespace
}  // namespace cimbalom::energy
