#pragma once

#include <vector>

#include "platform/configuration/technology.hpp"

namespace cimbalom::platform {

/// The factor of one law at x (and at `input_bits` for full_adders).
double factor(const scale_factor& scale, double x, double input_bits);

/// Full adders of a ripple-carry tree that sums `inputs` numbers of `bits` bits.
double tree_full_adders(double inputs, double bits);

/// Delay at one supply over that at another by the alpha-power law. Throws input_error for a supply that is not above
/// the threshold, or a technology without the law.
double delay_factor(const technology& tech, double supply_v, double reference_v);

/// An SRAM of `bytes` with lines of `line_bits`, built from banks as wide as the table allows: energy of one byte of a
/// line in pJ, power in uW, area in um2. Logarithmic between sizes, linear between widths.
struct sram_estimate {
  double read_pj_per_byte = 0;
  double write_pj_per_byte = 0;
  double leakage_uw = 0;
  double area_um2 = 0;
};
sram_estimate estimate_sram(const std::vector<sram_row>& rows, double bytes, double line_bits);

}  // namespace cimbalom::platform
