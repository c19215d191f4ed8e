#include "platform/configuration/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace cimbalom::platform {
namespace {

double converter_energy(double bits) {
  return 100.0 * bits + 0.001 * std::pow(4.0, bits);
}
/// Regression over published converters, up to what does not depend on the bits: energy a conversion from the signal to
/// noise ratio, the figure of merit that converters of this resolution reach, and the resolution itself. Half a bit of
/// the nominal ones is taken for lost; the regression begins at 4.
double surveyed_energy(double bits) {
  const double effective = std::max(4.0, bits - 0.5);
  const double signal_to_noise_db = 6.0206 * effective + 1.7609;
  const double figure_of_merit_db = 128.3068 + 3.2205115 * std::min(std::ceil(effective), 20.0);
  return std::pow(10.0, (signal_to_noise_db - figure_of_merit_db) / 10) * std::pow(effective, -2.829126);
}
double converter_area(double bits) {
  return std::pow(10.0, -0.0369 * bits + 1.206) * std::exp2(bits);
}

/// Between a at x0 and b at x1 on logarithmic axes; extends the straight line beyond.
double log_interpolate(double x, double x0, double a, double x1, double b) {
  if (x0 == x1 || a <= 0 || b <= 0) return a;
  const double t = std::log(x / x0) / std::log(x1 / x0);
  return a * std::pow(b / a, t);
}

/// The macro of one width at a size between those of the table.
sram_row at_size(const std::vector<sram_row>& rows, double width, double bytes) {
  std::vector<sram_row> same;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(same),
               [&](const sram_row& r) { return r.width_bits == width; });
  std::sort(same.begin(), same.end(), [](const sram_row& a, const sram_row& b) { return a.bytes < b.bytes; });
  if (same.size() == 1) return same.front();
  std::size_t upper = 1;
  while (upper + 1 < same.size() && same[upper].bytes < bytes) ++upper;
  const sram_row& a = same[upper - 1];
  const sram_row& b = same[upper];
  const auto between = [&](double sram_row::*member) {
    return log_interpolate(bytes, a.bytes, a.*member, b.bytes, b.*member);
  };
  return {width,
          bytes,
          between(&sram_row::read_pj),
          between(&sram_row::write_pj),
          between(&sram_row::leakage_uw),
          between(&sram_row::area_um2)};
}

/// The macro at a width between those of the table.
sram_row at_width(const std::vector<sram_row>& rows, double width, double bytes) {
  double below = 0;
  double above = 0;
  for (const sram_row& r : rows) {
    if (r.width_bits <= width) below = std::max(below, r.width_bits);
    if (r.width_bits >= width && (above == 0 || r.width_bits < above)) above = r.width_bits;
  }
  if (below == 0) return at_size(rows, above, bytes);  // narrower than the table: a whole access of the narrowest
  if (below == above || above == 0) return at_size(rows, below, bytes);
  const sram_row a = at_size(rows, below, bytes);
  const sram_row b = at_size(rows, above, bytes);
  const double t = (width - below) / (above - below);
  const auto between = [&](double sram_row::*member) { return a.*member + t * (b.*member - a.*member); };
  return {width,
          bytes,
          between(&sram_row::read_pj),
          between(&sram_row::write_pj),
          between(&sram_row::leakage_uw),
          between(&sram_row::area_um2)};
}

}  // namespace

double tree_full_adders(double inputs, double bits) {
  double adders = 0;
  double left = inputs;
  for (double level = 0; left > 1; ++level) {
    const double pairs = std::floor(left / 2);
    adders += pairs * (bits + level);
    left -= pairs;
  }
  return adders;
}

double factor(const scale_factor& scale, double x, double input_bits) {
  switch (scale.how) {
    case law::power:
      return std::pow(x / scale.at, scale.exponent);
    case law::levels:
      return std::pow((std::exp2(x) - 1) / (std::exp2(scale.at) - 1), scale.exponent);
    case law::sar:
      return converter_energy(x) / converter_energy(scale.at);
    case law::adc_survey:
      return surveyed_energy(x) / surveyed_energy(scale.at);
    case law::adc_area:
      return converter_area(x) / converter_area(scale.at);
    case law::full_adders:
      return tree_full_adders(x, input_bits) / tree_full_adders(scale.at, scale.input_bits_at);
  }
  return 1;
}

double delay_factor(const technology& tech, double supply_v, double reference_v) {
  const delay_law& law = tech.delay;
  if (law.threshold_v <= 0) throw bad_input({tech.file, 0}, "delay", "", "missing: needed to scale a time with supply");
  const auto delay = [&](double volt) {
    if (volt <= law.threshold_v) {
      throw bad_input({tech.file, 0}, "vdd_v", fmt::format("{}", volt),
                      fmt::format("above the threshold, {} V", law.threshold_v));
    }
    return volt / std::pow(volt - law.threshold_v, law.alpha);
  };
  return delay(supply_v) / delay(reference_v);
}

sram_estimate estimate_sram(const std::vector<sram_row>& rows, double bytes, double line_bits) {
  if (bytes <= 0) return {};
  double widest = 0;
  for (const sram_row& r : rows) widest = std::max(widest, r.width_bits);
  const double bank_bits = std::min(line_bits, widest);
  const double banks = std::ceil(line_bits / bank_bits);
  const sram_row bank = at_width(rows, bank_bits, bytes / banks);
  const double bank_bytes = bank_bits / 8;
  return {bank.read_pj / bank_bytes, bank.write_pj / bank_bytes, bank.leakage_uw * banks, bank.area_um2 * banks};
}

}  // namespace cimbalom::platform
