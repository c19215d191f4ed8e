#pragma once

#include <string>

#include "models/arithmetic/macro_shape.hpp"

namespace cimbalom::cim {

/// How the ADC range of a layer is chosen (design, section 3).
enum class adc_range { full, calibrated, fixed };

/// How the adders of a digital macro are laid out: a tree a column; a tree a slot, over whole words; or one adder
/// beside every cell, sums rippling down the rows.
enum class adder_layout { column, word, cell };

/// One macro: banks of arrays with their ADCs and shift-add. Keys are those of the platform file, section `macro`.
/// Defaults: the 28 nm 384 kb 6T SRAM macro of ISSCC 2021 16.3 / JSSC 2023.
struct macro_config {
  arithmetic::macro_kind kind = arithmetic::macro_kind::analog;
  int banks = 4;
  int rows = 512;
  int cols = 192;
  int rows_active = 16;
  int bits_per_cell = 1;
  int slot_bits = 8;  ///< columns of a slot
  int col_mux = 2;
  int dac_bits = 2;
  int adc_bits = 5;
  int cols_per_adc = 1;     ///< driven columns that share one ADC, converted one after the other
  int combine_columns = 1;  ///< columns combined before the ADC
  int partial_sum_bits = 20;
  int accumulator_bits = 32;
  cim::adc_range adc_range = cim::adc_range::calibrated;
  int adc_step_sixteenths = 16;    ///< used where adc_range is fixed
  bool idle_column_gating = true;  ///< columns that hold no weight are not converted
  double op_ns = 7.2;              ///< one operation at 8 input bits
  double write_ns = 2.0;           ///< one row (all cols) written
  double vdd_v = 0.9;
  double area_mm2 = 0.468;                     ///< published macro area; 0: from components
  adder_layout adders = adder_layout::column;  ///< decides the area alone
  double cell_area_f2 = 280;                   ///< of a cell, in squares of the feature size; a 6T cell by default
  double column_cap_ff = 0;                    ///< capacitors of a driven column that take area of their own
  double energy_scale = 1;  ///< times every energy of the macro: what a published figure says of the component table

  /// The parameters that decide the bits of a result.
  arithmetic::macro_shape shape() const;
  int row_groups() const { return rows / rows_active; }
  int columns_driven() const { return cols / col_mux; }
  int slots() const { return columns_driven() / slot_bits; }
  /// Positions of a bank: (row group, mux position); position = row group * col_mux + mux position.
  int positions() const { return row_groups() * col_mux; }
  /// Bytes of one position in DRAM and in the weight buffer (models/arithmetic/cells.hpp).
  int position_bytes() const { return rows_active * ((columns_driven() * bits_per_cell + 7) / 8); }
  /// Throws input_error naming the key, the value and the allowed range.
  void validate() const;
};

}  // namespace cimbalom::cim
