#include "platform/configuration/keys.hpp"

#include "platform/configuration/system_keys.hpp"

namespace cimbalom::platform {
namespace {

constexpr double million = 1e6;

void add_top(std::vector<key>& k, platform_config& c) {
  k.push_back({"name", &c.name, 0, 0, "", "name of the platform, shown in reports"});
  k.push_back(
      {"technology", &c.technology, 0, 0, "", "technology file: an embedded name (65nm, 28nm, 22nm or 7nm) or a path"});
}

void add_accelerator(std::vector<key>& k, cim::accelerator_config& a) {
  constexpr double buffer = 4194304;
  k.push_back({"accelerator.count", &a.count, 1, 16, "", "accelerators on the bus"});
  k.push_back(
      {"accelerator.clock_mhz", &a.clock_mhz, 1, 10000, "MHz", "clock of access paths, post-processing, sequencer"});
  k.push_back({"accelerator.macros", &a.macros, 1, 1024, "", "macros of one accelerator"});
  k.push_back(
      {"accelerator.input_buffer_bytes", &a.input_buffer_bytes, 64, buffer, "bytes", "input buffer, a multiple of 64"});
  k.push_back({"accelerator.output_buffer_bytes", &a.output_buffer_bytes, 64, buffer, "bytes",
               "output buffer, a multiple of 64"});
  k.push_back({"accelerator.weight_buffer_bytes", &a.weight_buffer_bytes, 64, buffer, "bytes",
               "weight buffer, a multiple of 64"});
  k.push_back({"accelerator.parameter_buffer_bytes", &a.parameter_buffer_bytes, 64, buffer, "bytes",
               "descriptors, biases, scales and index codes; a multiple of 64"});
  k.push_back({"accelerator.accumulator_bytes", &a.accumulator_bytes, 0, 1073741824, "bytes",
               "partial results that wait between rounds, a multiple of 4"});
  k.push_back({"accelerator.memory_side_bits", &a.memory_side_bits, 8, 4096, "bits",
               "width of a path at the bus side and of a buffer line, a power of two"});
  k.push_back({"accelerator.compute_side_bits", &a.compute_side_bits, 8, 1024, "bits",
               "width of a path at the compute side, each lane; a power of two"});
  k.push_back({"accelerator.lanes", &a.lanes, 1, 1024, "", "lanes of the compute side"});
  k.push_back({"accelerator.fifo_depth", &a.fifo_depth, 1, 65536, "", "memory-side words that a path can hold"});
  k.push_back({"accelerator.post_lanes", &a.post_lanes, 1, 4096, "", "outputs that post-processing takes in a clock"});
  k.push_back({"accelerator.input_buffer_read_bits", &a.input_buffer_read_bits, 0, 1048576, "bits",
               "input bits a clock to all banks; 0: one input vector to every bank an operation"});
  k.push_back({"accelerator.ping_pong", &a.ping_pong, 0, 0, "", "weights load while the computation before runs"});
  k.push_back({"accelerator.max_outstanding", &a.max_outstanding, 1, 1024, "", "bursts in flight on a path"});
  k.push_back({"accelerator.burst_bytes", &a.burst_bytes, 4, 4096, "bytes", "longest burst of a path, a power of two"});
  k.push_back({"accelerator.command_queue_depth", &a.command_queue_depth, 1, 65536, "",
               "commands that wait before each engine"});
}

void add_macro(std::vector<key>& k, cim::macro_config& m) {
  k.push_back({"macro.kind", words(m.kind, {"analog", "digital"}), 0, 0, "",
               "column sums through an ADC, or exactly through an adder tree"});
  k.push_back({"macro.banks", &m.banks, 1, 1024, "", "banks of a macro, each with inputs and row groups of its own"});
  k.push_back({"macro.rows", &m.rows, 1, 65536, "", "rows of a bank"});
  k.push_back({"macro.cols", &m.cols, 1, 65536, "", "columns of a bank"});
  k.push_back({"macro.rows_active", &m.rows_active, 1, 1024, "", "wordlines driven at once; divides rows"});
  k.push_back({"macro.bits_per_cell", &m.bits_per_cell, 1, 4, "bits", "bits of a cell"});
  k.push_back({"macro.slot_bits", &m.slot_bits, 1, 16, "", "columns of a slot; divides cols / col_mux"});
  k.push_back({"macro.col_mux", &m.col_mux, 1, 1024, "", "columns that take turns; divides cols"});
  k.push_back({"macro.dac_bits", &m.dac_bits, 1, 8, "bits", "input bits driven in one step"});
  k.push_back({"macro.adc_bits", &m.adc_bits, 1, 16, "bits", "resolution of a conversion"});
  k.push_back({"macro.cols_per_adc", &m.cols_per_adc, 1, 65536, "",
               "driven columns that share one ADC; divides cols / col_mux"});
  k.push_back({"macro.combine_columns", &m.combine_columns, 1, 15, "",
               "columns combined in the analog domain before one conversion"});
  k.push_back({"macro.partial_sum_bits", &m.partial_sum_bits, 2, 48, "bits", "width that holds one operation"});
  k.push_back({"macro.accumulator_bits", &m.accumulator_bits, 2, 32, "bits", "width that holds a filter's whole sum"});
  k.push_back({"macro.adc_range", words(m.adc_range, {"full", "calibrated", "fixed"}), 0, 0, "",
               "how the ADC step of a layer is chosen"});
  k.push_back({"macro.adc_step_sixteenths", &m.adc_step_sixteenths, 16, 268435456, "",
               "ADC step in 1/16 of a sum unit where adc_range is fixed"});
  k.push_back(
      {"macro.idle_column_gating", &m.idle_column_gating, 0, 0, "", "columns that hold no weight are not converted"});
  k.push_back({"macro.op_ns", &m.op_ns, 0.001, million, "ns", "one operation at 8 input bits"});
  k.push_back({"macro.write_ns", &m.write_ns, 0, million, "ns", "writing one row of a bank"});
  k.push_back({"macro.vdd_v", &m.vdd_v, 0.1, 10, "V", "supply of the macro; energies scale with its square"});
  k.push_back({"macro.area_mm2", &m.area_mm2, 0, 10000, "mm2", "area of one macro; 0: from its components"});
  k.push_back({"macro.adders", words(m.adders, {"column", "word", "cell"}), 0, 0, "",
               "adders of a digital macro: a tree a column, a tree a slot, or one beside every cell; area alone"});
  k.push_back({"macro.cell_area_f2", &m.cell_area_f2, 1, million, "F^2",
               "area of a cell in squares of the feature size, where the area comes from components"});
  k.push_back({"macro.column_cap_ff", &m.column_cap_ff, 0, million, "fF",
               "capacitors of a driven column that take area of their own"});
  k.push_back({"macro.energy_scale", &m.energy_scale, 0.001, 1000, "",
               "times every energy of the macro; a published macro has it from its silicon (docs/validate.md)"});
}

void add_nonideality(std::vector<key>& k, arithmetic::nonideality_config& n) {
  k.push_back({"nonideality.seed", &n.seed, 0, 9007199254740992.0, "",
               "of every generator below; at most 2^53, which every JSON reader keeps"});
  k.push_back(
      {"nonideality.column_gain_sigma", &n.column_gain_sigma, 0, 1, "relative", "gain mismatch of a physical column"});
  k.push_back(
      {"nonideality.column_offset_sigma", &n.column_offset_sigma, 0, 1000, "sum units", "offset of a physical column"});
  k.push_back({"nonideality.cell_sigma", &n.cell_sigma, 0, 1, "relative", "variation of a cell"});
  k.push_back({"nonideality.stuck_at_zero", &n.stuck_at_zero, 0, 1, "probability", "cells stuck at 0"});
  k.push_back({"nonideality.stuck_at_one", &n.stuck_at_one, 0, 1, "probability", "cells stuck at their largest value"});
  k.push_back({"nonideality.adc_noise_lsb", &n.adc_noise_lsb, 0, 1000, "ADC steps",
               "noise of a conversion, standard deviation"});
  k.push_back({"nonideality.adc_inl_lsb", &n.adc_inl_lsb, 0, 1000, "ADC steps",
               "bow of an ADC at mid range, standard deviation"});
  k.push_back({"nonideality.ir_drop", &n.ir_drop, 0, 1, "relative", "loss of a column at its largest sum"});
  k.push_back({"nonideality.drift_exponent", &n.drift_exponent, 0, 1, "",
               "cells lose conductance as drift_time_ratio^-drift_exponent"});
  k.push_back({"nonideality.drift_time_ratio", &n.drift_time_ratio, 1, 1e12, "", "age over the age at programming"});
}

}  // namespace

std::vector<key> keys(platform_config& config) {
  std::vector<key> all;
  add_top(all, config);
  add_system_keys(all, config);
  add_accelerator(all, config.accelerator);
  add_macro(all, config.macro);
  add_nonideality(all, config.nonideality);
  return all;
}

}  // namespace cimbalom::platform
