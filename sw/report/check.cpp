#include <fmt/format.h>

#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/report/figures.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {
namespace {

void require(bool good, const std::string& what) {
  if (!good) throw run_error("report check failed: " + what);
}

void require_sane(double value, const std::string& name) {
  require(std::isfinite(value) && value >= 0, fmt::format("{} = {} is no number of 0 or more", name, value));
}

void check_energy(const figures& f) {
  energy::wide by_component = 0;
  energy::wide by_layer = 0;
  for (energy::component_id c = 0; c < energy::components().size(); ++c) by_component += f.energy.of_component(c);
  for (std::int32_t layer = energy::no_layer; layer < f.energy.layers(); ++layer) by_layer += f.energy.of_layer(layer);
  require(by_component == f.energy.total(), "energy by component does not sum to the total");
  require(by_layer == f.energy.total(), "energy by layer does not sum to the total");
}

void check_times(const report_input& input, const figures& f) {
  const runtime::run_result& r = input.result;
  require(r.latency_ps >= r.compute_bound_ps, fmt::format("latency {} ns is below the compute bound {} ns",
                                                          nanoseconds(r.latency_ps), nanoseconds(r.compute_bound_ps)));
  std::uint64_t accounted_ps = r.compute_bound_ps;
  for (const auto& [cause, ps] : r.stall_ps) accounted_ps += ps;
  require(!r.stalls_complete || accounted_ps == r.latency_ps,
          fmt::format("compute bound and stalls sum to {} ns, the latency is {} ns", nanoseconds(accounted_ps),
                      nanoseconds(r.latency_ps)));
  require(f.bank_busy_fraction <= 1, fmt::format("bank_busy_fraction = {} is above 1", f.bank_busy_fraction));
  require(r.batch == 0 || r.batch_ps > 0, "a batch of images took no time");
  require(r.load_ps <= r.total_ps && r.inference_ps <= r.total_ps && r.readback_ps <= r.total_ps,
          "a phase is longer than the simulation");
  for (const runtime::layer_result& l : r.layers) {
    require(l.start_ps <= l.end_ps, "layer " + l.name + " ends before it starts");
  }
  for (const runtime::initiator_result& i : r.initiators) {
    require_sane(i.latency_mean_ns, i.name + " latency mean");
    require_sane(i.latency_p50_ns, i.name + " latency p50");
    require_sane(i.latency_p99_ns, i.name + " latency p99");
    require_sane(i.latency_max_ns, i.name + " latency max");
    require_sane(i.mean_outstanding, i.name + " mean outstanding");
  }
}

void check_counts(const report_input& input, const figures& f) {
  const runtime::run_result& r = input.result;
  const runtime::accuracy_result& a = r.accuracy;
  require(a.float_correct <= a.labelled && a.quantized_correct <= a.labelled && a.hardware_correct <= a.labelled,
          "more images are right than have labels");
  require(a.labelled <= a.images, "more labels than images");
  for (const runtime::layer_result& l : r.layers) {
    require(l.used_cell_bits <= l.driven_cell_bits, "layer " + l.name + " has macro_utilization above 1");
    require(l.activity.clipped <= l.activity.conversions, "layer " + l.name + " clips more often than it converts");
    require(!std::isinf(l.sqnr_db), "layer " + l.name + " has an infinite sqnr_db");
  }
  require(f.macro_utilization <= 1, "macro_utilization is above 1");
}

}  // namespace

void check(const report_input& input) {
  const figures f(input);
  check_counts(input, f);
  if (!input.timed) return;
  check_energy(f);
  check_times(input, f);
}

}  // namespace cimbalom::report
