#pragma once

#include <vector>

#include "platform/configuration/technology.hpp"
#include "sw/validate/silicon_macro.hpp"

namespace cimbalom::validate {

/// What the cost functions and the component table of a platform say of its macro, without any published figure
/// except through `energy_scale` and the time that fit() finds.
class silicon_model {
 public:
  /// Reads the technology of the platform. Throws input_error.
  explicit silicon_model(const silicon_macro& macro);

  /// Fits macro.energy_scale to the efficiency that is marked, and macro.op_ns to the rate that is: one operating
  /// point. What is not marked stays as the platform has it. Throws run_error where leakage alone exceeds a figure.
  void fit();

  /// The model's value of a published figure.
  double predict(const silicon_point& point) const;

  double energy_scale() const { return macro_.platform.macro.energy_scale; }
  double op_ns() const { return macro_.platform.macro.op_ns; }
  /// Filters of weight_bits that one pass of one bank computes. Throws input_error when not one fits.
  int filters(int weight_bits) const;

 private:
  struct energy_parts {
    double switched_aj = 0;  ///< grows with energy_scale
    double leakage_aj = 0;
  };
  platform::platform_config at(const silicon_point& point) const;
  energy_parts energy(const silicon_point& point) const;
  double macs(const silicon_point& point) const;
  double operation_ps(const silicon_point& point) const;
  double adders_in_path(int weight_bits) const;
  double area_mm2() const;

  silicon_macro macro_;
  platform::technology technology_;
  silicon_point timed_;  ///< conditions to which macro.op_ns belongs
};

/// One row of the table.
struct silicon_row {
  silicon_point point;
  double predicted = 0;
  double error_percent() const { return 100 * (predicted / point.published - 1); }
};

/// A macro beside its publication.
struct silicon_result {
  silicon_macro macro;
  double energy_scale = 1;
  double op_ns = 0;
  std::vector<silicon_row> rows;
};

/// Fits and predicts every point.
silicon_result compare(const silicon_macro& macro);

/// Kinds of points, each with an error of its own.
enum class silicon_class {
  fitted,         ///< not scored: the model was fitted to it
  outside,        ///< not scored: the file says why
  fitted_supply,  ///< efficiency at the fitted supply: other precisions, other data
  other_supply,   ///< efficiency at another supply
  without_fit,    ///< efficiency or rate of a macro that is not fitted at all
  rate,           ///< GOPS at another supply or precision
  area
};
inline constexpr std::size_t silicon_classes = 7;

silicon_class class_of(const silicon_macro& macro, const silicon_point& point);

/// Absolute errors of a class over several macros.
struct error_summary {
  std::size_t points = 0;
  std::size_t macros = 0;
  double mean_percent = 0;
  double median_percent = 0;
  double worst_percent = 0;
};
error_summary summarize(const std::vector<silicon_result>& results, silicon_class of);

/// Largest mean absolute error that a class may have, in percent; 0: no bound.
double bound_percent(silicon_class of);

/// Lines about means beyond their bounds and about too many points outside; empty: all is well.
std::vector<std::string> beyond_bounds(const std::vector<silicon_result>& results);

}  // namespace cimbalom::validate
