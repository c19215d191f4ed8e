#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::cim {
namespace {

template <typename Config, typename Change>
std::string refusal(Change change) {
  Config config;
  change(config);
  try {
    config.validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

template <typename Change>
std::string macro_refusal(Change change) {
  return refusal<macro_config>(change);
}

template <typename Change>
std::string accelerator_refusal(Change change) {
  return refusal<accelerator_config>(change);
}

TEST(macro_config, the_default_is_the_published_macro) {
  const macro_config macro;
  EXPECT_NO_THROW(macro.validate());
  EXPECT_EQ(macro.row_groups(), 32);
  EXPECT_EQ(macro.columns_driven(), 96);
  EXPECT_EQ(macro.slots(), 12);
  EXPECT_EQ(macro.positions(), 64);
  EXPECT_EQ(macro.position_bytes(), 192);
  EXPECT_EQ(macro.banks * macro.rows * macro.cols, 384 * 1024);
}

TEST(macro_config, names_the_key_the_value_and_what_is_allowed) {
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.rows_active = 3000; }), "macro.rows_active = 3000: 1..1024");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.rows_active = 5; }),
            "macro.rows_active = 5: a divisor of macro.rows = 512");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.col_mux = 5; }), "macro.col_mux = 5: a divisor of macro.cols = 192");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.slot_bits = 7; }),
            "macro.slot_bits = 7: a divisor of the driven columns, macro.cols / macro.col_mux = 96");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.op_ns = 0; }), "macro.op_ns = 0: 0.001..1000000");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.adc_bits = 17; }), "macro.adc_bits = 17: 1..16");
  EXPECT_EQ(macro_refusal([](macro_config& c) { c.cols_per_adc = 7; }),
            "macro.cols_per_adc = 7: a divisor of the driven columns, macro.cols / macro.col_mux = 96");
}

TEST(macro_config, checks_every_key) {
  const auto refused = [](auto change) { return !macro_refusal(change).empty(); };
  EXPECT_TRUE(refused([](macro_config& c) { c.banks = 0; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.rows = 0; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.cols = -1; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.bits_per_cell = 5; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.slot_bits = 0; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.col_mux = 0; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.dac_bits = 9; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.combine_columns = 0; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.partial_sum_bits = 49; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.accumulator_bits = 33; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.adc_step_sixteenths = 15; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.write_ns = -1; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.vdd_v = std::nan(""); }));
  EXPECT_TRUE(refused([](macro_config& c) { c.area_mm2 = -0.1; }));
  EXPECT_TRUE(refused([](macro_config& c) { c.rows_active = 1, c.rows = 65536; })) << "positions";
  EXPECT_TRUE(refused([](macro_config& c) {
    c.dac_bits = 8;
    c.bits_per_cell = 4;
    c.combine_columns = 3;
    c.rows_active = 512;
  })) << "a column sum beyond 24 bits";
}

TEST(accelerator_config, checks_every_key) {
  EXPECT_NO_THROW(accelerator_config{}.validate());
  EXPECT_EQ(accelerator_refusal([](accelerator_config& c) { c.count = 17; }), "accelerator.count = 17: 1..16");
  EXPECT_EQ(accelerator_refusal([](accelerator_config& c) { c.input_buffer_bytes = 8 << 20; }),
            "accelerator.input_buffer_bytes = 8388608: 64..4194304");
  EXPECT_EQ(accelerator_refusal([](accelerator_config& c) { c.memory_side_bits = 500; }),
            "accelerator.memory_side_bits = 500: a power of two, 8..4096");
  const auto refused = [](auto change) { return !accelerator_refusal(change).empty(); };
  EXPECT_TRUE(refused([](accelerator_config& c) { c.clock_mhz = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.macros = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.output_buffer_bytes = 100; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.weight_buffer_bytes = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.parameter_buffer_bytes = 63; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.accumulator_bytes = 2; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.compute_side_bits = 24; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.lanes = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.fifo_depth = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.post_lanes = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.input_buffer_read_bits = -1; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.max_outstanding = 0; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.burst_bytes = 48; }));
  EXPECT_TRUE(refused([](accelerator_config& c) { c.command_queue_depth = 0; }));
}

}  // namespace
}  // namespace cimbalom::cim
