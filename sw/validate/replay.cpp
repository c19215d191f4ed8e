#include "sw/validate/replay.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>

#include "models/dram/dram_channels.hpp"
#include "models/dram/dram_cost.hpp"
#include "sw/validate/trace_rule.hpp"

namespace cimbalom::validate {

namespace {

class player {
 public:
  player(const dram::dram_config& config, const std::vector<traces::memory_access>& trace)
      : trace_(trace), size_bytes_(config.size_bytes()), channels_(config, sink_), taken_(trace.size()) {}

  void play() {
    std::uint64_t now = 0;
    for (std::size_t i = 0; i < trace_.size(); ++i) {
      now = wait_for_room(std::max(trace_[i].cycle, i == 0 ? 0 : now + 1));
      taken_[i] = now;
      const std::uint64_t address = trace_[i].address % size_bytes_ / request_bytes * request_bytes;
      channels_.enqueue({i, address, request_bytes, trace_[i].write, energy::no_layer}, now);
      ++under_way_;
    }
    while (const auto next = channels_.next_decision()) advance(*next);
    channels_.settle(end_);
  }

  std::uint64_t end() const { return end_; }
  dram::dram_statistics statistics() const { return channels_.statistics(); }
  /// Clocks of all reads, or of all writes, in rising order.
  std::vector<std::uint64_t> latencies(bool write) {
    std::vector<std::uint64_t>& all = write ? write_clocks_ : read_clocks_;
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::uint64_t wait_for_room(std::uint64_t now) {
    for (;;) {
      advance(now);
      while (!leaving_.empty() && leaving_.top() <= now) {
        leaving_.pop();
        --under_way_;
      }
      if (channels_.has_room(under_way_)) return now;
      std::uint64_t later = ~std::uint64_t{0};
      if (const auto next = channels_.next_decision()) later = *next;
      if (!leaving_.empty()) later = std::min(later, leaving_.top());
      now = std::max(now + 1, later);
    }
  }

  void advance(std::uint64_t cycle) {
    completed_.clear();
    channels_.advance(cycle, completed_);
    for (const dram::dram_completion& one : completed_) {
      leaving_.push(one.cycle);
      end_ = std::max(end_, one.cycle);
      (trace_[one.id].write ? write_clocks_ : read_clocks_).push_back(one.cycle - taken_[one.id]);
    }
  }

  const std::vector<traces::memory_access>& trace_;
  std::uint64_t size_bytes_;
  energy::null_sink sink_;
  dram::dram_channels channels_;
  std::vector<std::uint64_t> taken_;
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> leaving_;
  std::size_t under_way_ = 0;
  std::vector<dram::dram_completion> completed_;
  std::vector<std::uint64_t> read_clocks_, write_clocks_;
  std::uint64_t end_ = 0;
};

latency_figures figures(const std::vector<std::uint64_t>& sorted, double clock_ns) {
  latency_figures f;
  f.requests = sorted.size();
  if (sorted.empty()) return f;
  const auto at = [&](std::size_t percent) {
    const std::size_t rank = (sorted.size() * percent + 99) / 100;  // nearest rank
    return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]) * clock_ns;
  };
  const std::uint64_t sum = std::accumulate(sorted.begin(), sorted.end(), std::uint64_t{0});
  f.mean_ns = static_cast<double>(sum) * clock_ns / static_cast<double>(sorted.size());
  f.p50_ns = at(50);
  f.p95_ns = at(95);
  f.p99_ns = at(99);
  f.max_ns = at(100);
  return f;
}

dram_energy_parts energy_of(const dram::dram_config& config, const dram::dram_statistics& s) {
  const dram::dram_energy each = dram::event_energy(config);
  const auto picojoules = [](std::uint64_t count, std::uint64_t attojoules) {
    return static_cast<double>(count) * static_cast<double>(attojoules) * 1e-6;
  };
  dram_energy_parts e;
  e.activate_pj = picojoules(s.activates, each.activate_aj);
  e.read_pj = picojoules(s.read_bursts, each.read_burst_aj);
  e.write_pj = picojoules(s.write_bursts, each.write_burst_aj);
  e.refresh_pj = picojoules(s.refreshes, each.refresh_aj);
  e.active_standby_pj = picojoules(s.active_standby_clocks, each.active_standby_clock_aj);
  e.precharge_standby_pj = picojoules(s.precharge_standby_clocks, each.precharge_standby_clock_aj);
  e.total_pj = e.activate_pj + e.read_pj + e.write_pj + e.refresh_pj + e.active_standby_pj + e.precharge_standby_pj;
  return e;
}

}  // namespace

replay_result replay(const dram::dram_config& config, const std::vector<traces::memory_access>& trace) {
  player one(config, trace);
  one.play();
  const double clock_ns = static_cast<double>(config.timing.clock_ps) * 1e-3;
  const double duration_ns = std::max<double>(1, static_cast<double>(one.end())) * clock_ns;
  replay_result r;
  r.requests = trace.size();
  r.bytes = r.requests * request_bytes;
  r.duration_us = duration_ns * 1e-3;
  r.bandwidth_gb_s = static_cast<double>(r.bytes) / duration_ns;
  r.commands = one.statistics();
  r.bus_utilization = static_cast<double>(r.commands.data_bus_clocks) * clock_ns / duration_ns / config.channels;
  r.read = figures(one.latencies(false), clock_ns);
  r.write = figures(one.latencies(true), clock_ns);
  r.mean_outstanding = (r.read.mean_ns * static_cast<double>(r.read.requests) +
                        r.write.mean_ns * static_cast<double>(r.write.requests)) /
                       duration_ns;
  r.has_energy = !config.rails.empty();
  r.energy = energy_of(config, r.commands);
  r.power_mw = r.energy.total_pj / duration_ns;
  return r;
}

}  // namespace cimbalom::validate
