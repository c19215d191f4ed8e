#include "models/dram/dram_cost.hpp"

#include <cmath>

namespace cimbalom::dram {

namespace {
// V * mA * clocks * ps = fJ; to attojoules.
std::uint64_t attojoules(double volt_milliampere_clocks, const dram_config& config) {
  const double per_device = volt_milliampere_clocks * static_cast<double>(config.timing.clock_ps) * 1000.0;
  const double rank = per_device * static_cast<double>(config.organisation.devices_per_rank);
  return rank > 0 ? static_cast<std::uint64_t>(std::llround(rank)) : 0;
}
}  // namespace

dram_energy event_energy(const dram_config& config) {
  const dram_timing& t = config.timing;
  double activate = 0, read = 0, write = 0, refresh = 0, active = 0, precharged = 0;
  for (const dram_rail& rail : config.rails) {
    const double v = rail.voltage_v;
    activate += v * (rail.idd0_ma * t.rc - (rail.idd3n_ma * t.ras + rail.idd2n_ma * (t.rc - t.ras)));
    read += v * (rail.idd4r_ma - rail.idd3n_ma) * config.burst_clocks();
    write += v * (rail.idd4w_ma - rail.idd3n_ma) * config.burst_clocks();
    refresh += v * (rail.idd5_ma - rail.idd3n_ma) * t.rfc;
    active += v * rail.idd3n_ma;
    precharged += v * rail.idd2n_ma;
  }
  return {attojoules(activate, config), attojoules(read, config),   attojoules(write, config),
          attojoules(refresh, config),  attojoules(active, config), attojoules(precharged, config)};
}

double peak_bytes_per_second(const dram_config& config) {
  const double burst_seconds = static_cast<double>(config.burst_clocks()) * config.timing.clock_ps * 1e-12;
  return static_cast<double>(config.channels) * static_cast<double>(config.burst_bytes()) / burst_seconds;
}

access_clocks unloaded_clocks(const dram_config& config, bool write) {
  const int hit = (write ? config.timing.write_latency : config.timing.read_latency) + config.burst_clocks();
  const int closed = config.timing.rcd + hit;
  return {hit, closed, config.timing.rp + closed};
}

}  // namespace cimbalom::dram
