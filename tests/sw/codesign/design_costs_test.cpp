// What co-design asks of a platform.
#include <gtest/gtest.h>

#include "platform/configuration/platform_config.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/codesign/co_design.hpp"

namespace cimbalom::codesign {
namespace {

TEST(design_costs, energy_of_an_operation_grows_with_the_columns_that_convert) {
  const platform::platform_config platform;
  const energy::component_table costs = platform::load_costs(platform);
  macro_layout layout = layout_of(platform.macro);
  add_energy(layout, platform.accelerator, platform.macro, costs);
  EXPECT_GT(layout.slice_energy, 0);
  // A column's conversion costs at least its ADC.
  EXPECT_GE(layout.column_energy, static_cast<double>(costs.attojoules(energy::event::adc_conversion)));
  // All columns together cost more than the rows that are driven.
  EXPECT_GT(layout.column_energy * platform.macro.columns_driven(), layout.slice_energy);
}

TEST(design_costs, the_layout_has_the_slices_of_the_macro) {
  cim::macro_config macro;
  EXPECT_EQ(layout_of(macro).slices(6), 3);
  macro.dac_bits = 4;
  EXPECT_EQ(layout_of(macro).slices(6), 2);
}

}  // namespace
}  // namespace cimbalom::codesign
