#pragma once

#include <cstdint>
#include <vector>

#include "models/dram/dram_config.hpp"
#include "models/dram/dram_statistics.hpp"
#include "traces/memory_trace.hpp"

namespace cimbalom::validate {

/// Times from the clock at which the controller took the request until its data had crossed the bus.
struct latency_figures {
  std::uint64_t requests = 0;
  double mean_ns = 0;
  double p50_ns = 0, p95_ns = 0, p99_ns = 0, max_ns = 0;
};

/// Energy of all devices, without the controller's side of the bus.
struct dram_energy_parts {
  double activate_pj = 0;
  double read_pj = 0;
  double write_pj = 0;
  double refresh_pj = 0;
  double active_standby_pj = 0;
  double precharge_standby_pj = 0;
  double total_pj = 0;
};

struct replay_result {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  double duration_us = 0;  ///< until the last data have crossed the bus
  double bandwidth_gb_s = 0;
  double bus_utilization = 0;
  double mean_outstanding = 0;
  latency_figures read, write;
  bool has_energy = false;  ///< false: the configuration has no currents
  dram_energy_parts energy;
  double power_mw = 0;
  dram::dram_statistics commands;
};

/// Plays a trace into controllers without SystemC: one request a clock, at its cycle or as soon as the queue has room;
/// every request moves request_bytes. Addresses wrap at the end of the memory. The configuration must be valid.
replay_result replay(const dram::dram_config& config, const std::vector<traces::memory_access>& trace);

}  // namespace cimbalom::validate
