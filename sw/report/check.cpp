#include <fmt/format.h>

#include <cmath>
#include <map>

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

void check_energy(const report_input& input, const figures& f) {
  if (!input.by_phase.empty()) {
    const energy::ledger& counted = input.by_phase[static_cast<std::size_t>(runtime::phase::inference)];
    require(energy::breakdown(input.costs, counted, f.energy.layers()).total() == f.energy.total(),
            "the energy of the phase inference is not the total");
  }
  energy::wide by_component = 0;
  energy::wide by_layer = 0;
  for (energy::component_id c = 0; c < energy::components().size(); ++c) by_component += f.energy.of_component(c);
  for (std::int32_t layer = energy::no_layer; layer < f.energy.layers(); ++layer) by_layer += f.energy.of_layer(layer);
  require(by_component == f.energy.total(), "energy by component does not sum to the total");
  require(by_layer == f.energy.total(), "energy by layer does not sum to the total");
}

/// What the layers lose to a cause is what the network loses, but for the time on the host and outside all layers.
void check_stalls(const runtime::run_result& r) {
  std::uint64_t accounted_ps = r.compute_bound_ps;
  for (const auto& [cause, ps] : r.stall_ps) accounted_ps += ps;
  require(accounted_ps == r.latency_ps, fmt::format("compute bound and stalls sum to {} ns, the latency is {} ns",
                                                    nanoseconds(accounted_ps), nanoseconds(r.latency_ps)));
  std::map<std::string, std::uint64_t> of_layers;
  std::uint64_t bound_ps = 0;
  for (const runtime::layer_result& l : r.layers) {
    bound_ps += l.compute_bound_ps;
    for (const auto& [cause, ps] : l.stall_ps) of_layers[cause] += ps;
  }
  require(bound_ps == r.compute_bound_ps, "the compute bounds of the layers do not sum to the network's");
  for (const auto& [cause, ps] : of_layers) {
    const auto whole = r.stall_ps.find(cause);
    require(whole != r.stall_ps.end() && whole->second == ps,
            "stall " + cause + " of the layers does not sum to the network's");
  }
}

/// The phases are all of the simulation, and what was counted lies in one of them.
void check_windows(const runtime::run_result& r) {
  std::uint64_t phases_ps = 0;
  for (const std::uint64_t ps : r.phase_ps) phases_ps += ps;
  require(phases_ps == r.total_ps, fmt::format("the phases sum to {} ns, the simulation took {} ns",
                                               nanoseconds(phases_ps), nanoseconds(r.total_ps)));
  require(r.counted_ps == r[runtime::phase::inference], "the counts are not those of the phase inference");
  require(r.batch == 0 || (r.batch_ps > 0 && r.batch_ps <= r.counted_ps),
          fmt::format("a batch took {} ns of a window of {} ns", nanoseconds(r.batch_ps), nanoseconds(r.counted_ps)));
  const bool traffic = r.dram.read_bytes + r.dram.write_bytes > 0;
  require(!traffic || (r.counted_ps > 0 && r.timed_images > 0), "DRAM moved bytes in no time, or for no image");
  require(r.end_to_end_latency_ps >= r.latency_ps, "end_to_end_latency is below the latency");
}

void check_times(const report_input& input, const figures& f) {
  const runtime::run_result& r = input.result;
  require(r.latency_ps >= r.compute_bound_ps, fmt::format("latency {} ns is below the compute bound {} ns",
                                                          nanoseconds(r.latency_ps), nanoseconds(r.compute_bound_ps)));
  if (r.stalls_complete) check_stalls(r);
  check_windows(r);
  require(f.bus_utilization <= 1, fmt::format("dram bus_utilization = {} is above 1", f.bus_utilization));
  require(f.bank_busy_fraction <= 1, fmt::format("bank_busy_fraction = {} is above 1", f.bank_busy_fraction));
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
    require(l.activity.conversions == l.conversions * f.images,
            fmt::format("layer {} converts {} times in {} images and {} times in one", l.name, l.activity.conversions,
                        f.images, l.conversions));
    require(!std::isinf(l.sqnr_db), "layer " + l.name + " has an infinite sqnr_db");
  }
  require(f.macro_utilization <= 1, "macro_utilization is above 1");
}

}  // namespace

void check(const report_input& input) {
  const figures f(input);
  check_counts(input, f);
  if (!input.timed) return;
  check_energy(input, f);
  check_times(input, f);
}

}  // namespace cimbalom::report
