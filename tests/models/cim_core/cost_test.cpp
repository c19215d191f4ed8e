#include "models/cim/cim_cost.hpp"

#include <gtest/gtest.h>

#include <map>

#include "models/cim/cim_energy.hpp"

namespace cimbalom::cim {
namespace {

TEST(cost, operation_time_follows_the_slices) {
  macro_config macro;
  EXPECT_EQ(operation_ps(macro, 8), 7200U);
  EXPECT_EQ(operation_ps(macro, 4), 3600U);
  EXPECT_EQ(operation_ps(macro, 5), 5400U);  // 3 slices of 2 bits
  EXPECT_EQ(operation_ps(macro, 16), 14400U);
  macro.dac_bits = 3;  // 3 slices of 8/3
  EXPECT_EQ(operation_ps(macro, 8), 8100U);
  macro.dac_bits = 8;
  EXPECT_EQ(operation_ps(macro, 8), 7200U);
  macro.op_ns = 0.001;
  macro.dac_bits = 1;
  EXPECT_EQ(operation_ps(macro, 1), 1U);
}

tile_work tile() {
  tile_work w;
  w.pixels = 100;
  w.outputs = 1600;
  w.post_operations = 1600;
  w.final_outputs = 32;
  w.input_bits = 8;
  w.input_slices = 4;
  w.bank_operations = {500, 400, 0, 0};
  w.operations = 900;
  w.input_vectors = 900;
  w.input_vector_bytes = 16;
  return w;
}

// 500 MHz, 16 lanes: bank 500 x 7.2 ns = 3600 ns; post 100 cycles = 200 ns, hidden; the last 32 outputs take 2 cycles.
TEST(cost, compute_is_bound_by_the_busiest_bank) {
  const command_time t = compute_time({}, {}, tile());
  EXPECT_EQ(t.fill_ps, 4U * 2000);
  EXPECT_EQ(t.bank_ps, 3'600'000U);
  EXPECT_EQ(t.input_stall_ps, 0U);
  EXPECT_EQ(t.align_ps, 0U);
  EXPECT_EQ(t.post_ps, 200'000U);
  EXPECT_EQ(t.post_stall_ps, 0U);
  EXPECT_EQ(t.drain_ps, (6U + 2) * 2000);
  EXPECT_EQ(t.total_ps, 8000U + 3'600'000 + 16000);
}

TEST(cost, results_cross_at_the_next_clock_edge) {
  tile_work w = tile();
  w.bank_operations[0] = 501;  // 3607.2 ns
  const command_time t = compute_time({}, {}, w);
  EXPECT_EQ(t.bank_ps, 3'607'200U);
  EXPECT_EQ(t.align_ps, 800U);
  EXPECT_EQ(t.total_ps, 8000U + 3'608'000 + 16000);
}

TEST(cost, post_processing_can_be_the_limit) {
  tile_work w = tile();
  w.bank_operations = {1, 0, 0, 0};
  w.operations = 1;
  const command_time t = compute_time({}, {}, w);
  // 198 ns beside the banks' 8 ns, the rest in the drain.
  EXPECT_EQ(t.post_stall_ps, (200U - 4 - 8) * 1000);
  EXPECT_EQ(t.total_ps, t.fill_ps + t.bank_ps + t.align_ps + t.post_stall_ps + t.drain_ps);
}

TEST(cost, a_narrow_input_buffer_stretches_the_banks) {
  accelerator_config accelerator;
  accelerator.input_buffer_read_bits = 64;  // 900 vectors of 128 bits: 1800 cycles = 3600 ns: just enough
  EXPECT_EQ(compute_time(accelerator, {}, tile()).input_stall_ps, 0U);
  accelerator.input_buffer_read_bits = 32;
  const command_time t = compute_time(accelerator, {}, tile());
  EXPECT_EQ(t.input_stall_ps, 3'600'000U);
  EXPECT_EQ(t.total_ps, 8000U + 7'200'000 + 16000);
}

TEST(cost, bias_only_tiles_take_no_bank_time) {
  tile_work w = tile();
  w.bank_operations.assign(4, 0);
  w.operations = 0;
  w.input_vectors = 0;
  const command_time t = compute_time({}, {}, w);
  EXPECT_EQ(t.bank_ps, 0U);
  EXPECT_EQ(t.total_ps, 8000U + (200U - 4) * 1000 + 16000);
}

TEST(cost, programming_is_the_longer_of_rows_and_stream) {
  tile_work w;
  w.program_rows = 432;  // 27 row groups of 16
  w.stream_bytes = 216ULL * 192;
  const command_time t = program_time({}, {}, w);
  EXPECT_EQ(t.bank_ps, 864'000U);
  EXPECT_EQ(t.stream_ps, 648U * 2000);  // 64 bytes a cycle
  EXPECT_EQ(t.total_ps, 8000U + 648U * 2000);
  w.stream_bytes = 192;
  EXPECT_EQ(program_time({}, {}, w).total_ps, 8000U + 864'000);
}

TEST(cost, vector_operations_and_copies) {
  tile_work w;
  w.post_operations = 1601;
  EXPECT_EQ(vector_op_time({}, w).total_ps, (4U + 101 + 6) * 2000);
  w = {};
  w.stream_bytes = 300;  // 3 rows of 100 bytes: 2 words each
  EXPECT_EQ(copy_time({}, w, 3).total_ps, (4U + 6) * 2000);
  EXPECT_EQ(copy_time({}, w, 0).total_ps, 4U * 2000);
}

class recording_sink final : public energy::event_sink {
 public:
  void count(energy::event what, std::int32_t layer, std::uint64_t n) override {
    EXPECT_EQ(layer, 5);
    counts[what] += n;
  }
  std::map<energy::event, std::uint64_t> counts;
};

TEST(energy_events, come_from_the_work_and_the_bits) {
  tile_work w = tile();
  w.conversions = 12345;
  w.partial_sums = 678;
  w.requantizations = 1600;
  w.additions = 1;
  w.read_bytes[0] = 10;
  w.write_bytes[1] = 20;
  w.read_bytes[3] = 30;
  arithmetic::activity counted;
  counted.wordline_ones = 111;
  counted.column_sum = 222;
  recording_sink sink;
  count_energy_events({}, {}, w, counted, 5, sink);
  using energy::event;
  const std::map<event, std::uint64_t> expected = {
      {event::array_wordline_bit, 111},        {event::array_bitline_unit, 222},
      {event::dac_conversion, 900U * 4 * 16},  {event::adc_conversion, 12345},
      {event::shift_add_addition, 12345},      {event::accumulator_addition, 678},
      {event::input_buffer_read_byte, 10},     {event::output_buffer_write_byte, 20},
      {event::parameter_buffer_read_byte, 30}, {event::post_processing_requantize, 1600},
      {event::post_processing_add, 1}};
  EXPECT_EQ(sink.counts, expected);
}

TEST(energy_events, a_digital_macro_adds_instead_of_converting) {
  tile_work w = tile();
  w.conversions = 12345;
  macro_config macro;
  macro.kind = arithmetic::macro_kind::digital;
  recording_sink sink;
  count_energy_events({}, macro, w, {}, 5, sink);
  EXPECT_EQ(sink.counts.count(energy::event::adc_conversion), 0U);
  EXPECT_EQ(sink.counts.count(energy::event::dac_conversion), 0U);
  EXPECT_EQ(sink.counts[energy::event::adder_tree_addition], 12345U);
}

TEST(energy_events, programming_writes_cells_and_crosses_the_converter) {
  tile_work w;
  w.program_bits = 5000;
  w.row_writes = 48;
  w.stream_bytes = 130;
  w.read_bytes[2] = 130;
  recording_sink sink;
  count_energy_events({}, {}, w, {}, 5, sink);
  EXPECT_EQ(sink.counts[energy::event::array_cell_write_bit], 5000U);
  EXPECT_EQ(sink.counts[energy::event::array_row_write], 48U);
  EXPECT_EQ(sink.counts[energy::event::weight_buffer_read_byte], 130U);
  EXPECT_EQ(sink.counts[energy::event::access_manager_memory_word], 3U);
  EXPECT_EQ(sink.counts[energy::event::access_manager_compute_word], 65U);
}

TEST(energy_events, expected_activity_follows_the_profile) {
  tile_work w = tile();
  w.conversions = 1000;
  const arithmetic::activity mean = expected_activity({}, w, {0.5, 0.25});
  EXPECT_EQ(mean.operations, 900U);
  EXPECT_EQ(mean.conversions, 1000U);
  EXPECT_EQ(mean.wordline_ones, 900U * 16 * 8 / 2);
  EXPECT_EQ(mean.wordline_sum, 900U * 16 * 8 / 2 * 3 / 2);
  EXPECT_EQ(mean.column_sum, 12000U);  // a quarter of s_max = 48
  EXPECT_EQ(mean.clipped, 0U);
}

}  // namespace
}  // namespace cimbalom::cim
