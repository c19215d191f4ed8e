#include "sw/report/figures.hpp"

#include <algorithm>

#include "models/arithmetic/macro_shape.hpp"

namespace cimbalom::report {
namespace {

constexpr double ps_per_second = 1e12;

std::int32_t layer_count(const report_input& input) {
  return static_cast<std::int32_t>(input.result.layers.size());
}

void add_throughput(figures& f, const report_input& input) {
  const runtime::run_result& r = input.result;
  const bool batched = r.batch > 0 && r.batch_ps > 0;
  const double images = batched ? static_cast<double>(r.batch) : 1.0;
  f.throughput_fps = ratio(images * ps_per_second, static_cast<double>(batched ? r.batch_ps : r.latency_ps));
  f.effective_gops = 2 * static_cast<double>(input.model.macs) * f.throughput_fps / 1e9;
  const std::uint64_t end_to_end_ps =
      r[runtime::phase::load] + r[runtime::phase::inference] + r[runtime::phase::readback];
  f.end_to_end_fps = ratio(images * ps_per_second, static_cast<double>(end_to_end_ps));
  std::uint64_t executed = 0;
  for (const runtime::layer_result& l : r.layers) executed += l.executed_macs;
  f.executed_gops = 2 * static_cast<double>(executed) * f.throughput_fps / 1e9;
}

void add_utilization(figures& f, const runtime::run_result& r) {
  std::uint64_t used = 0;
  std::uint64_t driven = 0;
  for (const runtime::layer_result& l : r.layers) {
    used += l.used_cell_bits;
    driven += l.driven_cell_bits;
    f.conversions += l.activity.conversions;
    f.clipped += l.activity.clipped;
  }
  f.macro_utilization = ratio(static_cast<double>(used), static_cast<double>(driven));
  f.bank_busy_fraction =
      ratio(static_cast<double>(r.bank_busy_ps), static_cast<double>(r.banks) * static_cast<double>(r.latency_ps));
}

void add_efficiency(figures& f, const report_input& input) {
  const double total_pj = energy::to_double(f.energy.total()) / 1e6;
  const double macro_pj = energy::to_double(f.energy.of_macros()) / 1e6;
  const double operations = 2 * static_cast<double>(input.model.macs) * static_cast<double>(f.images);
  f.tops_per_w = ratio(operations, total_pj);  // operations a picojoule are tera-operations a joule
  f.macro_tops_per_w = ratio(operations, macro_pj);
  f.edp_pj_ns = total_pj / static_cast<double>(f.images) * static_cast<double>(input.result.latency_ps) / 1e3;
}

}  // namespace

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

std::string nanoseconds(std::uint64_t picoseconds) {
  return energy::to_decimal(picoseconds, 3);
}

double peak_gops(const platform::platform_config& platform) {
  const cim::macro_config& m = platform.macro;
  const int columns = arithmetic::weight_columns(m.shape(), 8);
  const int slots_a_weight = (columns + m.slot_bits - 1) / m.slot_bits;
  const double weights = static_cast<double>(m.slots() / slots_a_weight) * m.banks * platform.accelerator.macros *
                         platform.accelerator.count;
  return 2 * weights * m.rows_active / m.op_ns;
}

figures::figures(const report_input& input)
    : energy(input.costs, input.happened, layer_count(input)),
      images(std::max<std::uint64_t>(input.result.timed_images, 1)),
      peak_gops(report::peak_gops(input.platform)),
      rows_active_(input.platform.macro.rows_active) {
  add_throughput(*this, input);
  add_utilization(*this, input.result);
  add_efficiency(*this, input);
  const double bus_ps = static_cast<double>(input.result.counted_ps) * input.platform.dram.channels;
  bus_utilization = ratio(static_cast<double>(input.result.dram.data_bus_busy_ps), bus_ps);
}

energy::wide figures::an_image(energy::wide attojoules) const {
  return energy::divide_rounded(attojoules, images);
}

double figures::clipped_an_image(const runtime::layer_result& layer) const {
  return static_cast<double>(layer.activity.clipped) / static_cast<double>(images);
}

std::uint64_t figures::group_rows(const runtime::layer_result& layer) const {
  return static_cast<std::uint64_t>(layer.group_rows > 0 ? layer.group_rows : rows_active_);
}

}  // namespace cimbalom::report
