#pragma once

#include <cstdint>

#include "models/dram/dram_config.hpp"

namespace cimbalom::dram {

/// Energy of one event of a rank (all its devices), in attojoules: from the currents, with the formulas of the
/// vendors' power calculators. Standby is apart, so nothing is counted twice.
struct dram_energy {
  std::uint64_t activate_aj = 0;    ///< ACT and its PRE, above standby
  std::uint64_t read_burst_aj = 0;  ///< above active standby
  std::uint64_t write_burst_aj = 0;
  std::uint64_t refresh_aj = 0;                  ///< REF of all banks, above active standby
  std::uint64_t active_standby_clock_aj = 0;     ///< one clock with a row open
  std::uint64_t precharge_standby_clock_aj = 0;  ///< one clock with no row open
};

/// Zero throughout for a configuration without currents (ideal; where the sources tell none).
dram_energy event_energy(const dram_config& config);

/// Bytes a second that all channels together can move.
double peak_bytes_per_second(const dram_config& config);

/// Clocks of an access that finds nothing in its way, until its data have crossed the bus: its row open, its bank
/// closed, another row open.
struct access_clocks {
  int row_hit = 0;
  int row_closed = 0;
  int row_conflict = 0;
};
access_clocks unloaded_clocks(const dram_config& config, bool write);

}  // namespace cimbalom::dram
