#include "sw/runtime/clip_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sw/quantization/row_grouping.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::mvm_parameters;

constexpr double clipped_percent_allowed = 0.1;
constexpr int largest_adc_bits = 16;

std::int64_t top_code(int adc_bits) {
  return (std::int64_t{1} << adc_bits) - 1;
}

// Largest sum of a conversion, over `rows` rows.
std::int64_t largest_sum(const cim::macro_config& macro, std::int64_t rows) {
  arithmetic::macro_shape one_row = macro.shape();
  one_row.rows_active = 1;
  return rows * arithmetic::s_max(one_row);
}

// Rows that hold weights in the fullest row group of a layer.
std::int64_t rows_of(const mvm_parameters& p, int rows_active) {
  const std::int64_t taps = std::int64_t{p.filter_window.kernel_h} * p.filter_window.kernel_w;
  const std::int64_t rows =
      quantization::is_flattened(p, rows_active) ? taps * p.channels_per_group : p.channels_per_group;
  return std::min<std::int64_t>(rows, quantization::rows_per_group(p, rows_active));
}

// Most rows, of those that divide the array's, whose sum cannot clip at this step; 0: none.
int rows_that_fit(const cim::macro_config& macro, int step_sixteenths) {
  for (int rows = macro.rows_active - 1; rows >= 1; --rows) {
    const std::int64_t code = largest_sum(macro, rows) * 16 / step_sixteenths;
    if (macro.rows % rows == 0 && code <= top_code(macro.adc_bits)) return rows;
  }
  return 0;
}

std::string what_to_change(const mvm_parameters& p, const cim::macro_config& macro) {
  const bool fixed = macro.adc_range == cim::adc_range::fixed;
  const int step = fixed ? p.adc_step_sixteenths : arithmetic::unit_step_sixteenths;
  const std::int64_t largest = (32 * largest_sum(macro, rows_of(p, macro.rows_active)) + step) / (2 * step);
  if (largest <= top_code(macro.adc_bits))
    return "lower the errors of platform.nonideality, which push codes out of range";
  int bits = macro.adc_bits + 1;
  while (bits < largest_adc_bits && largest > top_code(bits)) ++bits;
  std::string advice;
  if (largest <= top_code(bits)) advice = fmt::format("raise platform.macro.adc_bits to {}, ", bits);
  if (const int rows = rows_that_fit(macro, step); rows > 0) {
    advice += fmt::format("lower platform.macro.rows_active to {}, ", rows);
  }
  if (macro.dac_bits > 1) advice += "lower platform.macro.dac_bits, ";
  return advice + fmt::format("{}set platform.macro.adc_range to {}", advice.empty() ? "" : "or ",
                              fixed ? "calibrated" : "full, with less resolution");
}

}  // namespace

std::vector<std::string> clip_warnings(const quantization::network& net,
                                       const std::vector<arithmetic::activity>& activity,
                                       const cim::macro_config& macro) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < std::min(net.layers.size(), activity.size()); ++i) {
    const quantization::layer& l = net.layers[i];
    if (l.kind != quantization::layer_kind::mvm || activity[i].conversions == 0) continue;
    const double percent =
        100.0 * static_cast<double>(activity[i].clipped) / static_cast<double>(activity[i].conversions);
    if (percent <= clipped_percent_allowed) continue;
    warnings.push_back(
        fmt::format("layer {} clips {:.3g} % of its conversions: {}", l.name, percent, what_to_change(l.mvm, macro)));
  }
  return warnings;
}

}  // namespace cimbalom::runtime
