#include "sw/runtime/collector.hpp"

#include <limits>
#include <map>

namespace cimbalom::runtime {

namespace {

std::uint64_t now_ps() {
  return sc_core::sc_time_stamp().value();
}

}  // namespace

collector::collector(const quantization::network& network, const compiler::program& program, phase_sink& sink,
                     run_result& result)
    : sink_(sink), result_(result) {
  for (const quantization::layer& l : network.layers) {
    layer_result one;
    one.name = l.name;
    one.kind = to_string(l.kind);
    one.macs = l.macs;
    one.sqnr_db = std::numeric_limits<double>::quiet_NaN();  // not measured here
    if (l.kind == quantization::layer_kind::mvm) {
      one.adc_step_sixteenths = l.mvm.adc_step_sixteenths;
      one.group_rows = l.mvm.group_rows;
    }
    result_.layers.push_back(std::move(one));
  }
  for (const compiler::layer_mapping& mapped : program.mapping) {
    result_.compute_bound_ps += mapped.operation_bound_ps;
    if (layer_result* row = row_of(mapped.layer)) row->compute_bound_ps = mapped.operation_bound_ps;
  }
  result_.weight_storage_bits = program.weight_storage_bits;
}

layer_result* collector::row_of(std::int32_t layer) {
  if (layer < 0 || static_cast<std::size_t>(layer) >= result_.layers.size()) return nullptr;
  return &result_.layers[static_cast<std::size_t>(layer)];
}

// --- phases ---

void collector::enter(platform::system& s, phase next, std::uint64_t images) {
  close_phase(s);
  sink_.enter(next);
  if (next != phase::inference) return;
  result_.timed_images = images;
  begin_inference(s);
}

void collector::finish(platform::system& s) {
  close_phase(s);
  result_.total_ps = now_ps();
}

void collector::close_phase(platform::system& s) {
  s.memory().settle();
  const std::uint64_t elapsed_ps = now_ps() - phase_from_ps_;
  phase_from_ps_ = now_ps();
  result_[sink_.open()] += elapsed_ps;
  if (sink_.open() == phase::inference) {
    end_inference(s);
  } else {
    sink_.ledger().elapse(energy::no_layer, elapsed_ps);
  }
}

void collector::begin_inference(platform::system& s) {
  for (std::size_t k = 0; k < s.accelerators(); ++k) s.accelerator(k).reset_statistics();
  dram_before_ = s.memory().statistics();
  fabric_before_ = s.data().statistics();
  span_ = {};
}

void collector::end_inference(platform::system& s) {
  result_.counted_ps = result_[phase::inference];
  result_.batch_ps = span_.first_doorbell_ps ? span_.length_ps() : result_.counted_ps;
  book_time(s, result_.counted_ps);
  for (std::size_t k = 0; k < s.accelerators(); ++k) {
    for (const auto& [number, part] : s.accelerator(k).statistics().layers) {
      layer_result* to = row_of(number);
      if (to == nullptr) continue;
      to->activity += part.activity;
      // Where only time is simulated.
      if (part.activity.conversions == 0) to->activity.conversions += part.conversions;
    }
  }
  take_dram(s);
  take_initiators(s);
}

// The compute engines' accounts say which layer was at work, each for its share of the system; what is left belongs to
// none.
void collector::book_time(platform::system& s, std::uint64_t elapsed_ps) {
  std::map<std::int32_t, std::uint64_t> times;
  for (std::size_t k = 0; k < s.accelerators(); ++k) {
    for (const auto& [number, part] : s.accelerator(k).statistics().layers) {
      times[number] += part.busy_ps + part.stalls.total();
    }
  }
  std::uint64_t booked = 0;
  for (const auto& [number, ps] : times) {
    const std::uint64_t mine = ps / s.accelerators();
    sink_.ledger().elapse(number, mine);
    booked += mine;
  }
  if (elapsed_ps > booked) sink_.ledger().elapse(energy::no_layer, elapsed_ps - booked);
}

void collector::take_dram(platform::system& s) {
  const dram::dram_statistics now = s.memory().statistics();
  dram_result& d = result_.dram;
  d.commands["activate"] = now.activates - dram_before_.activates;
  d.commands["precharge"] = now.precharges - dram_before_.precharges;
  d.commands["auto_precharge"] = now.auto_precharges - dram_before_.auto_precharges;
  d.commands["precharge_all"] = now.all_bank_precharges - dram_before_.all_bank_precharges;
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

void collector::take_initiators(platform::system& s) {
  const interconnect::interconnect_statistics& now = s.data().statistics();
  for (std::size_t i = 0; i < now.initiators.size(); ++i) {
    interconnect::initiator_statistics in = now.initiators[i];
    const interconnect::initiator_statistics& before = fabric_before_.initiators[i];
    in.latency -= before.latency;
    initiator_result to;
    to.name = in.name;
    to.requests = in.requests - before.requests;
    to.bytes = in.read_bytes + in.write_bytes - before.read_bytes - before.write_bytes;
    to.latency_mean_ns = in.latency.mean_ps() / 1000.0;
    to.latency_p50_ns = static_cast<double>(in.latency.percentile_ps(50)) / 1000.0;
    to.latency_p99_ns = static_cast<double>(in.latency.percentile_ps(99)) / 1000.0;
    to.latency_max_ns = static_cast<double>(in.latency.max_ps()) / 1000.0;
    to.mean_outstanding = in.mean_outstanding(result_.counted_ps);
    to.stall_ps = in.request_stall_ps + in.response_stall_ps - before.request_stall_ps - before.response_stall_ps;
    result_.initiators.push_back(std::move(to));
  }
}

// --- the timed image ---

void collector::before_latency(platform::system& s) {
  s.accelerator(0).reset_statistics();
  span_ = {};
  latency_from_ps_ = now_ps();
}

void collector::after_latency(platform::system& s) {
  const cim::accelerator_statistics& a = s.accelerator(0).statistics();
  result_.banks = a.bank_busy_ps.size();
  for (const std::uint64_t busy : a.bank_busy_ps) result_.bank_busy_ps += busy;
  take_layer_counts(a);
  take_latency_stalls(a, now_ps() - latency_from_ps_);
}

void collector::take_layer_counts(const cim::accelerator_statistics& a) {
  const std::uint64_t from_ps = span_.first_doorbell_ps.value_or(0);  // there is none where no layer has run
  for (const auto& [number, part] : a.layers) {
    layer_result* to = row_of(number);
    if (to == nullptr) continue;
    to->start_ps = part.first_start_ps - from_ps;
    to->end_ps = part.last_end_ps - from_ps;
    to->latency_ps = part.last_end_ps - part.first_start_ps;
    to->bank_busy_ps = part.bank_busy_ps;
    to->used_cell_bits = part.used_cell_bits;
    to->driven_cell_bits = part.driven_cell_bits;
    to->executed_macs = part.dense_macs;
    to->conversions = part.conversions;
    to->weight_writes_bits = part.program_bits;
  }
}

// The latency is the jobs of the image and the time between them. A job is the account of the compute engine: stalls,
// pipeline, vector operations, and its busiest bank, of which the even share of all banks is the compute bound.
void collector::take_latency_stalls(const cim::accelerator_statistics& a, std::uint64_t window_ps) {
  result_.latency_ps = span_.first_doorbell_ps ? span_.length_ps() : window_ps;  // without: all on the host
  result_.stalls_complete = true;
  std::map<std::string, std::uint64_t>& all = result_.stall_ps;
  all["host"] = span_.first_doorbell_ps ? span_.between_jobs_ps : window_ps;
  for (const auto& [number, part] : a.layers) {
    layer_result* row = row_of(number);
    const auto book = [&](const char* cause, std::uint64_t ps) {
      all[cause] += ps;
      if (row != nullptr && ps > 0) row->stall_ps[cause] += ps;
    };
    for (std::size_t c = 0; c < cim::stall_cause_count; ++c) {
      book(cim::to_string(static_cast<cim::stall_cause>(c)), part.stalls.ps[c]);
    }
    book("pipeline", part.pipeline_ps);
    book("vector_operations", part.vector_ps);
    // Below its bound no layer can be: the report check then names the sum that is wrong.
    const std::uint64_t bound_ps = row == nullptr ? 0 : row->compute_bound_ps;
    if (part.busiest_bank_ps >= bound_ps) book("bank_imbalance", part.busiest_bank_ps - bound_ps);
  }
}

// --- hooks ---

void collector::job_begun() {
  if (span_.first_doorbell_ps) {
    span_.between_jobs_ps += now_ps() - span_.job_ended_ps;
  } else {
    span_.first_doorbell_ps = now_ps();
  }
}

void collector::job_ended() {
  span_.job_ended_ps = now_ps();
}

void collector::fence_reached() {
  span_.fence_ps = now_ps();
}

}  // namespace cimbalom::runtime
