#include "models/dram/dram_constraints.hpp"

namespace cimbalom::dram {

namespace {

// Clocks from one column command to the next: their own distance, room for the data on the bus, and write to read.
int column_gap(const dram_timing& t, int burst, int distance, int data_gap, int write_to_read, bool from, bool to) {
  const int data_end = (from ? t.write_latency : t.read_latency) + burst;
  int gap = std::max({1, distance, data_end + data_gap - (to ? t.write_latency : t.read_latency)});
  if (from && !to) gap = std::max(gap, data_end + write_to_read);
  return gap;
}

}  // namespace

dram_constraints::dram_constraints(const dram_config& config)
    : bank_groups_(config.organisation.bank_groups),
      rrd_short_(static_cast<std::uint64_t>(config.timing.rrd_short)),
      rrd_long_(static_cast<std::uint64_t>(config.timing.rrd_long)),
      faw_(static_cast<std::uint64_t>(config.timing.faw)),
      ppd_(static_cast<std::uint64_t>(config.timing.ppd)),
      ranks_(static_cast<std::size_t>(config.organisation.ranks)),
      groups_(ranks_.size() * static_cast<std::size_t>(config.organisation.bank_groups)) {
  const dram_timing& t = config.timing;
  const int burst = config.burst_clocks();
  for (const bool from : {false, true}) {
    for (const bool to : {false, true}) {
      const int turn = !from && to ? t.read_to_write_extra : 0;
      const auto set = [&](nearness where, int gap) {
        gap_[where][from ? 1 : 0][to ? 1 : 0] = static_cast<unsigned>(gap);
      };
      set(same_group, column_gap(t, burst, t.ccd_long, turn, t.wtr_long, from, to));
      set(same_rank, column_gap(t, burst, t.ccd_short, turn, t.wtr_short, from, to));
      // Another rank has no write data inside to wait for: only the bus counts.
      set(other_rank, column_gap(t, burst, 0, std::max(turn, t.rank_switch), -t.read_latency, from, to));
    }
  }
}

void dram_constraints::activated(int rank, int group, std::uint64_t cycle) {
  rank_state& r = ranks_[index(rank)];
  r.window[r.oldest] = cycle + faw_;
  r.oldest = (r.oldest + 1) % r.window.size();
  r.activate = std::max(cycle + rrd_short_, r.window[r.oldest]);
  groups_[index(group)].activate = cycle + rrd_long_;
}

void dram_constraints::precharged(int rank, std::uint64_t cycle) {
  ranks_[index(rank)].precharge = cycle + ppd_;
}

void dram_constraints::column(int group, bool write, std::uint64_t cycle) {
  const std::size_t from = write ? 1 : 0;
  const int rank = group / bank_groups_;
  int at = 0;
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    for (int g = 0; g < bank_groups_; ++g, ++at) {
      const auto& gap = gap_[r != rank ? other_rank : at != group ? same_rank : same_group][from];
      std::array<std::uint64_t, 2>& ready = groups_[index(at)].column;
      ready[0] = std::max(ready[0], cycle + gap[0]);
      ready[1] = std::max(ready[1], cycle + gap[1]);
    }
  }
}

}  // namespace cimbalom::dram
