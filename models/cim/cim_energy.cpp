#include "models/cim/cim_energy.hpp"

#include <cmath>

namespace cimbalom::cim {

namespace {

using energy::event;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t share(double fraction, double whole) {
  return static_cast<std::uint64_t>(std::llround(fraction * whole));
}

class layer_counter {
 public:
  layer_counter(energy::event_sink& sink, std::int32_t layer) : sink_(sink), layer_(layer) {}
  void operator()(event what, std::uint64_t n) const {
    if (n > 0) sink_.count(what, layer_, n);
  }

 private:
  energy::event_sink& sink_;
  std::int32_t layer_;
};

void count_macro(const macro_config& macro, const tile_work& work, const arithmetic::activity& counted,
                 const layer_counter& count) {
  count(event::array_wordline_bit, counted.wordline_ones);
  count(event::array_bitline_unit, counted.column_sum);
  if (macro.kind == arithmetic::macro_kind::digital) {
    count(event::adder_tree_addition, work.conversions);
  } else {
    const auto rows = static_cast<std::uint64_t>(macro.rows_active);
    count(event::dac_conversion, work.operations * work.input_slices * rows);
    count(event::adc_conversion, work.conversions);
  }
  count(event::shift_add_addition, work.conversions);
  count(event::accumulator_addition, work.partial_sums);
}

void count_buffers(const tile_work& work, const layer_counter& count) {
  static constexpr event reads[] = {event::input_buffer_read_byte, event::output_buffer_read_byte,
                                    event::weight_buffer_read_byte, event::parameter_buffer_read_byte};
  static constexpr event writes[] = {event::input_buffer_write_byte, event::output_buffer_write_byte,
                                     event::weight_buffer_write_byte, event::parameter_buffer_write_byte};
  for (int b = 0; b < 4; ++b) {
    count(reads[b], work.read_bytes[b]);
    count(writes[b], work.write_bytes[b]);
  }
}

}  // namespace

arithmetic::activity expected_activity(const macro_config& macro, const tile_work& work,
                                       const activity_profile& profile) {
  const bool digital = macro.kind == arithmetic::macro_kind::digital;
  const auto rows = static_cast<double>(macro.rows_active);
  const auto largest = static_cast<double>(arithmetic::s_max(macro.shape()));
  const double digit = static_cast<double>((1 << macro.dac_bits) - 1) / macro.dac_bits;  // mean weight of a bit
  arithmetic::activity mean;
  mean.operations = work.operations;
  mean.column_sums = work.conversions;
  mean.conversions = digital ? 0 : work.conversions;
  const double bits = static_cast<double>(work.operations) * rows * static_cast<double>(work.input_bits);
  mean.wordline_ones = share(profile.wordline_ones, bits);
  mean.wordline_sum = share(profile.wordline_ones * digit, bits);
  mean.column_sum = share(profile.column_sum * largest, static_cast<double>(work.conversions));
  return mean;
}

void count_energy_events(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work,
                         const arithmetic::activity& counted, std::int32_t layer, energy::event_sink& sink) {
  const layer_counter count(sink, layer);
  count_macro(macro, work, counted, count);
  count_buffers(work, count);
  count(event::post_processing_requantize, work.requantizations);
  count(event::post_processing_add, work.additions);
  count(event::post_processing_compare, work.comparisons);
  count(event::array_cell_write_bit, work.program_bits);
  count(event::array_row_write, work.row_writes);
  const std::uint64_t bits = work.stream_bytes * 8;
  count(event::access_manager_memory_word, divide_up(bits, static_cast<std::uint64_t>(accelerator.memory_side_bits)));
  count(event::access_manager_compute_word, divide_up(bits, static_cast<std::uint64_t>(accelerator.compute_side_bits)));
}

}  // namespace cimbalom::cim
