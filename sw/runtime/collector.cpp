#include "sw/runtime/collector.hpp"

#include <limits>

namespace cimbalom::runtime {

namespace {

std::uint64_t now_ps() {
  return sc_core::sc_time_stamp().value();
}

}  // namespace

collector::collector(const quantization::network& network, const compiler::program& program, energy::ledger& happened,
                     gated_sink& sink, run_result& result)
    : network_(network), program_(program), happened_(happened), sink_(sink), result_(result) {
  for (const quantization::layer& l : network.layers) {
    layer_result one;
    one.name = l.name;
    one.kind = to_string(l.kind);
    one.macs = l.macs;
    one.sqnr_db = std::numeric_limits<double>::quiet_NaN();  // not measured here
    if (l.kind == quantization::layer_kind::mvm) one.adc_step_sixteenths = l.mvm.adc_step_sixteenths;
    result_.layers.push_back(std::move(one));
  }
  for (const compiler::layer_mapping& mapped : program.mapping) {
    result_.compute_bound_ps += mapped.operation_bound_ps;
  }
  result_.weight_storage_bits = program.weight_storage_bits;
}

void collector::before_latency(platform::system& s) {
  s.accelerator(0).reset_statistics();
}

void collector::after_latency(platform::system& s) {
  const cim::accelerator_statistics& a = s.accelerator(0).statistics();
  result_.banks = a.bank_busy_ps.size();
  for (const std::uint64_t busy : a.bank_busy_ps) result_.bank_busy_ps += busy;
  job_ps_ = a.job_ps;
  busy_ps_ = a.busy_ps();
  const cim::stall_times stalls = a.stalls();
  for (std::size_t c = 0; c < cim::stall_cause_count; ++c) {
    result_.stall_ps[cim::to_string(static_cast<cim::stall_cause>(c))] = stalls.ps[c];
  }
  for (const auto& [number, part] : a.layers) {
    if (number < 0 || static_cast<std::size_t>(number) >= result_.layers.size()) continue;
    layer_result& to = result_.layers[static_cast<std::size_t>(number)];
    to.start_ps = part.first_start_ps;
    to.end_ps = part.last_end_ps;
    to.latency_ps = part.last_end_ps - part.first_start_ps;
    for (std::size_t c = 0; c < cim::stall_cause_count; ++c) {
      const std::uint64_t ps = part.stalls.ps[c];
      if (ps > 0) to.stall_ps[cim::to_string(static_cast<cim::stall_cause>(c))] = ps;
    }
  }
}

void collector::complete_stalls(std::uint64_t latency_ps) {
  const std::uint64_t bound_ps = result_.compute_bound_ps;
  result_.stalls_complete = true;
  // Left out where it would be negative: the report check then names the sum that is wrong.
  if (busy_ps_ > bound_ps) result_.stall_ps["above_bound"] = busy_ps_ - bound_ps;
  if (latency_ps > job_ps_) result_.stall_ps["outside_job"] = latency_ps - job_ps_;
}

void collector::before_batch(platform::system& s) {
  s.accelerator(0).reset_statistics();
  s.memory().settle();
  dram_before_ = s.memory().statistics();
  batch_from_ps_ = now_ps();
  sink_.open = true;
}

void collector::after_batch(platform::system& s, std::uint64_t images) {
  s.memory().settle();
  sink_.open = false;
  const cim::accelerator_statistics& a = s.accelerator(0).statistics();
  result_.counted_ps = now_ps() - batch_from_ps_;
  book_time(a, result_.counted_ps);
  result_.timed_images = images;
  for (const auto& [number, part] : a.layers) {
    if (number < 0 || static_cast<std::size_t>(number) >= result_.layers.size()) continue;
    layer_result& to = result_.layers[static_cast<std::size_t>(number)];
    to.bank_busy_ps = part.busy_ps;
    to.used_cell_bits = part.used_cell_bits;
    to.driven_cell_bits = part.driven_cell_bits;
    to.executed_macs = part.dense_macs;
    to.weight_writes_bits = part.program_bits;
    to.activity = part.activity;
    if (to.activity.conversions == 0) to.activity.conversions = part.conversions;  // where only time is simulated
  }
  const dram::dram_statistics now = s.memory().statistics();
  dram_result& d = result_.dram;
  d.commands["activate"] = now.activates - dram_before_.activates;
  d.commands["precharge"] = now.precharges - dram_before_.precharges;
  d.commands["read"] = now.read_bursts - dram_before_.read_bursts;
  d.commands["write"] = now.write_bursts - dram_before_.write_bursts;
  d.commands["refresh"] = now.refreshes - dram_before_.refreshes;
  d.read_bytes = now.read_bytes - dram_before_.read_bytes;
  d.write_bytes = now.write_bytes - dram_before_.write_bytes;
  d.row_hits = now.row_hits - dram_before_.row_hits;
  d.row_misses = now.row_misses() - dram_before_.row_misses();
  const auto clock_ps = static_cast<std::uint64_t>(s.memory().config().timing.clock_ps);
  d.data_bus_busy_ps = (now.data_bus_clocks - dram_before_.data_bus_clocks) * clock_ps;
}

// The compute engine's account says which layer was at work; what is left belongs to none.
void collector::book_time(const cim::accelerator_statistics& a, std::uint64_t elapsed_ps) {
  std::uint64_t booked = 0;
  for (const auto& [number, part] : a.layers) {
    const std::uint64_t mine = part.busy_ps + part.stalls.total();
    happened_.elapse(number, mine);
    booked += mine;
  }
  if (elapsed_ps > booked) happened_.elapse(energy::no_layer, elapsed_ps - booked);
}

void collector::at_end(platform::system& s, std::uint64_t end_ps) {
  result_.total_ps = end_ps;
  for (const interconnect::initiator_statistics& from : s.data().statistics().initiators) {
    initiator_result to;
    to.name = from.name;
    to.requests = from.requests;
    to.bytes = from.read_bytes + from.write_bytes;
    to.latency_mean_ns = from.latency.mean_ps() / 1000.0;
    to.latency_p50_ns = static_cast<double>(from.latency.percentile_ps(50)) / 1000.0;
    to.latency_p99_ns = static_cast<double>(from.latency.percentile_ps(99)) / 1000.0;
    to.latency_max_ns = static_cast<double>(from.latency.max_ps()) / 1000.0;
    to.mean_outstanding = from.mean_outstanding(result_.total_ps);
    to.stall_ps = from.request_stall_ps + from.response_stall_ps;
    result_.initiators.push_back(std::move(to));
  }
}

}  // namespace cimbalom::runtime
