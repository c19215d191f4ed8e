#pragma once

#include <cstdint>

namespace cimbalom::dram {

struct dram_statistics {
  // Commands, of all channels.
  std::uint64_t activates = 0;
  std::uint64_t precharges = 0;           ///< single ones; refresh closes the others
  std::uint64_t auto_precharges = 0;      ///< that a column command brought with it
  std::uint64_t all_bank_precharges = 0;  ///< before a refresh
  std::uint64_t read_bursts = 0;
  std::uint64_t write_bursts = 0;
  std::uint64_t refreshes = 0;
  // Column accesses by what they found.
  std::uint64_t row_hits = 0;
  std::uint64_t row_closed = 0;
  std::uint64_t row_conflicts = 0;
  // Traffic as asked for; bursts may move more.
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t errors = 0;
  // Clocks, summed over channels (bus) or ranks (standby).
  std::uint64_t data_bus_clocks = 0;
  std::uint64_t active_standby_clocks = 0;
  std::uint64_t precharge_standby_clocks = 0;

  std::uint64_t row_misses() const { return row_closed + row_conflicts; }

  dram_statistics& operator+=(const dram_statistics& other) {
    activates += other.activates;
    precharges += other.precharges;
    auto_precharges += other.auto_precharges;
    all_bank_precharges += other.all_bank_precharges;
    read_bursts += other.read_bursts;
    write_bursts += other.write_bursts;
    refreshes += other.refreshes;
    row_hits += other.row_hits;
    row_closed += other.row_closed;
    row_conflicts += other.row_conflicts;
    reads += other.reads;
    writes += other.writes;
    read_bytes += other.read_bytes;
    write_bytes += other.write_bytes;
    errors += other.errors;
    data_bus_clocks += other.data_bus_clocks;
    active_standby_clocks += other.active_standby_clocks;
    precharge_standby_clocks += other.precharge_standby_clocks;
    return *this;
  }
};

}  // namespace cimbalom::dram
