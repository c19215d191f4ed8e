#pragma once

#include "models/energy/roll_up.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {

/// The derived numbers that json, csv and terminal share. Ratios of nothing are 0.
struct figures {
  explicit figures(const report_input& input);

  /// Mean over the counted images, to the attojoule.
  energy::wide an_image(energy::wide attojoules) const;
  double clipped_an_image(const runtime::layer_result& layer) const;
  /// Rows of a conversion of a layer.
  std::uint64_t group_rows(const runtime::layer_result& layer) const;

  energy::breakdown energy;
  std::uint64_t images = 0;  ///< that the energy covers, at least 1
  double throughput_fps = 0;
  double end_to_end_fps = 0;  ///< batch with its copy-in and read-back
  double effective_gops = 0;  ///< 2 x dense MACs / time, batch
  double executed_gops = 0;
  double peak_gops = 0;  ///< 8b/8b
  double macro_utilization = 0;
  double bank_busy_fraction = 0;
  double bus_utilization = 0;  ///< of DRAM, all channels
  double tops_per_w = 0;
  double macro_tops_per_w = 0;
  double edp_pj_ns = 0;  ///< one image
  std::uint64_t conversions = 0;
  std::uint64_t clipped = 0;

 private:
  std::int32_t rows_active_ = 0;
};

/// part / whole; 0 when there is no whole.
double ratio(double part, double whole);

/// Picoseconds as nanoseconds, exactly.
std::string nanoseconds(std::uint64_t picoseconds);

/// 2 x rows_active x slots that hold 8-bit weights x banks x macros / time of an operation.
double peak_gops(const platform::platform_config& platform);

}  // namespace cimbalom::report
