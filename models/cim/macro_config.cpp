#include "models/cim/macro_config.hpp"

#include <stdexcept>

#include "models/cim/range_check.hpp"

namespace cimbalom::cim {

namespace {

constexpr const char* section = "macro";

void check_geometry(const macro_config& c) {
  check_range(section, "banks", c.banks, 1, 1024);
  check_range(section, "rows", c.rows, 1, 65536);
  check_range(section, "cols", c.cols, 1, 65536);
  check_range(section, "rows_active", c.rows_active, 1, 1024);
  check_range(section, "bits_per_cell", c.bits_per_cell, 1, 4);
  check_range(section, "slot_bits", c.slot_bits, 1, 16);
  check_range(section, "col_mux", c.col_mux, 1, 1024);
  check_that(c.rows % c.rows_active == 0, section, "rows_active", c.rows_active,
             "a divisor of macro.rows = " + std::to_string(c.rows));
  check_that(c.cols % c.col_mux == 0, section, "col_mux", c.col_mux,
             "a divisor of macro.cols = " + std::to_string(c.cols));
  check_that(c.columns_driven() % c.slot_bits == 0, section, "slot_bits", c.slot_bits,
             "a divisor of the driven columns, macro.cols / macro.col_mux = " + std::to_string(c.columns_driven()));
  check_that(c.positions() <= 65536, section, "rows", c.rows,
             "at most 65536 positions a bank, rows / rows_active x col_mux = " + std::to_string(c.positions()));
}

void check_conversion(const macro_config& c) {
  check_range(section, "dac_bits", c.dac_bits, 1, 8);
  check_range(section, "adc_bits", c.adc_bits, 1, 16);
  check_range(section, "cols_per_adc", c.cols_per_adc, 1, c.columns_driven());
  check_that(c.columns_driven() % c.cols_per_adc == 0, section, "cols_per_adc", c.cols_per_adc,
             "a divisor of the driven columns, macro.cols / macro.col_mux = " + std::to_string(c.columns_driven()));
  check_range(section, "combine_columns", c.combine_columns, 1, 15);
  check_range(section, "partial_sum_bits", c.partial_sum_bits, 2, 48);
  check_range(section, "accumulator_bits", c.accumulator_bits, 2, 32);
  check_range(section, "adc_step_sixteenths", c.adc_step_sixteenths, 16, 1 << 28);
}

}  // namespace

arithmetic::macro_shape macro_config::shape() const {
  arithmetic::macro_shape shape;
  shape.kind = kind;
  shape.rows_active = rows_active;
  shape.bits_per_cell = bits_per_cell;
  shape.dac_bits = dac_bits;
  shape.adc_bits = adc_bits;
  shape.slot_bits = slot_bits;
  shape.combine_columns = combine_columns;
  shape.partial_sum_bits = partial_sum_bits;
  shape.accumulator_bits = accumulator_bits;
  return shape;
}

void macro_config::validate() const {
  check_geometry(*this);
  check_conversion(*this);
  check_real(section, "op_ns", op_ns, 0.001, 1e6);
  check_real(section, "write_ns", write_ns, 0.0, 1e6);
  check_real(section, "vdd_v", vdd_v, 0.1, 10.0);
  check_real(section, "area_mm2", area_mm2, 0.0, 1e4);
  check_real(section, "cell_area_f2", cell_area_f2, 1.0, 1e6);
  check_real(section, "column_cap_ff", column_cap_ff, 0.0, 1e6);
  check_real(section, "energy_scale", energy_scale, 1e-3, 1e3);
  try {
    arithmetic::validate(shape());
  } catch (const std::invalid_argument& error) {  // what no single key decides: the size of a column sum
    throw bad_input({}, section, "", error.what());
  }
}

}  // namespace cimbalom::cim
