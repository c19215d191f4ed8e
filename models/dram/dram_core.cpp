#include "models/dram/dram_core.hpp"

#include <algorithm>

namespace cimbalom::dram {

using energy::event;

dram_location locate(const dram_config& config, std::uint64_t address) {
  const dram_organisation& o = config.organisation;
  std::uint64_t rest = address / config.burst_bytes();
  const auto take = [&rest](int count) {
    const auto part = static_cast<int>(rest % static_cast<std::uint64_t>(count));
    rest /= static_cast<std::uint64_t>(count);
    return part;
  };
  dram_location where;
  int in_group = 0;
  if (config.mapping == address_mapping::row_bank_column) {
    where.column = take(o.columns / config.timing.burst_length);
    in_group = take(o.banks_per_group);
    where.bank_group = take(o.bank_groups);
  } else {
    where.bank_group = take(o.bank_groups);
    where.column = take(o.columns / config.timing.burst_length);
    in_group = take(o.banks_per_group);
  }
  where.rank = take(o.ranks);
  where.row = take(o.rows);
  where.bank = where.bank_group * o.banks_per_group + in_group;
  return where;
}

dram_core::dram_core(const dram_config& config, energy::event_sink& sink)
    : config_(config), sink_(sink), scheduler_(make_scheduler(config.scheduler)) {
  ranks_.resize(static_cast<std::size_t>(config_.organisation.ranks));
  for (rank_state& rank : ranks_) {
    rank.banks.resize(static_cast<std::size_t>(config_.organisation.banks()));
    rank.refresh_due = clocks(config_.timing.refi);
  }
}

dram_core::~dram_core() = default;

void dram_core::enqueue(const dram_request& request, std::uint64_t cycle) {
  const std::uint64_t burst_bytes = config_.burst_bytes();
  std::uint64_t address = request.address;
  std::uint64_t remaining = request.length;
  open_request& open = requests_[request.id];
  while (remaining > 0) {
    const std::uint64_t bytes = std::min(remaining, burst_bytes - address % burst_bytes);
    pending_burst burst;
    burst.request = request.id;
    burst.index = address / burst_bytes;
    burst.where = locate(config_, address);
    burst.write = request.write;
    burst.arrival = cycle;
    burst.bytes = static_cast<std::uint32_t>(bytes);
    burst.layer = request.layer;
    waiting_.push_back(burst);
    ++open.bursts_left;
    address += bytes;
    remaining -= bytes;
  }
  ++(request.write ? statistics_.writes : statistics_.reads);
  (request.write ? statistics_.write_bytes : statistics_.read_bytes) += request.length;
}

std::optional<std::uint64_t> dram_core::next_decision() const {
  if (waiting_.empty()) return std::nullopt;
  // The choice is left open until the last column command is out: later arrivals may be better.
  return last_.any ? std::max(waiting_.front().arrival, last_.cycle) : waiting_.front().arrival;
}

void dram_core::advance(std::uint64_t cycle, std::vector<dram_completion>& completed) {
  while (!waiting_.empty()) {
    const std::uint64_t due = *next_decision();
    if (due > cycle) return;
    std::size_t arrived = 0;
    while (arrived < waiting_.size() && waiting_[arrived].arrival <= due) ++arrived;
    const std::size_t chosen = scheduler_->pick(waiting_, arrived, *this);
    for (std::size_t i = 0; i < chosen; ++i) ++waiting_[i].passed_over;
    const pending_burst burst = waiting_[chosen];
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(chosen));
    finish_burst(burst, config_.ideal ? burst.arrival : serve(burst), completed);
  }
}

void dram_core::finish_burst(const pending_burst& burst, std::uint64_t cycle, std::vector<dram_completion>& completed) {
  ++(burst.write ? statistics_.write_bursts : statistics_.read_bursts);
  sink_.count(burst.write ? event::dram_write_burst : event::dram_read_burst, burst.layer, 1);
  sink_.count(event::dram_io_bit, burst.layer, config_.burst_bytes() * 8);
  const auto found = requests_.find(burst.request);
  open_request& open = found->second;
  open.last_cycle = std::max(open.last_cycle, cycle);
  if (--open.bursts_left == 0) {
    completed.push_back({burst.request, open.last_cycle});
    requests_.erase(found);
  }
}

bool dram_core::row_is_open(const dram_location& where) const {
  const bank_state& bank = ranks_[static_cast<std::size_t>(where.rank)].banks[static_cast<std::size_t>(where.bank)];
  return bank.open && bank.row == where.row;
}

std::uint64_t dram_core::earliest_activate(const rank_state& rank, const dram_location& where,
                                           std::uint64_t from) const {
  const dram_timing& t = config_.timing;
  std::uint64_t when = std::max(from, rank.banks[static_cast<std::size_t>(where.bank)].activate_ready);
  if (rank.last_activate > 0) {
    const int gap = rank.last_activate_group == where.bank_group ? t.rrd_long : t.rrd_short;
    when = std::max(when, rank.last_activate - 1 + clocks(gap));
  }
  const std::uint64_t fourth = rank.activates[rank.oldest_activate];
  if (fourth > 0) when = std::max(when, fourth - 1 + clocks(t.faw));
  return when;
}

/// What the last column command and the data bus leave open.
std::uint64_t dram_core::earliest_column(const pending_burst& burst) const {
  if (!last_.any) return 0;
  const dram_timing& t = config_.timing;
  const bool same_rank = last_.rank == burst.where.rank;
  const bool same_group = same_rank && last_.bank_group == burst.where.bank_group;
  std::uint64_t when = last_.cycle + clocks(same_group ? t.ccd_long : t.ccd_short);
  const std::uint64_t data_end =
      last_.cycle + clocks(last_.write ? t.write_latency : t.read_latency) + clocks(config_.burst_clocks());
  if (last_.write && !burst.write && same_rank) {
    when = std::max(when, data_end + clocks(same_group ? t.wtr_long : t.wtr_short));
  }
  std::uint64_t bus_free = data_end;
  if (!last_.write && burst.write) bus_free += clocks(t.read_to_write_extra);
  if (!same_rank) bus_free += clocks(t.rank_switch);
  const std::uint64_t latency = clocks(burst.write ? t.write_latency : t.read_latency);
  if (bus_free > latency) when = std::max(when, bus_free - latency);
  return when;
}

dram_core::plan dram_core::plan_burst(const pending_burst& burst) const {
  const dram_timing& t = config_.timing;
  const rank_state& rank = ranks_[static_cast<std::size_t>(burst.where.rank)];
  const bank_state& bank = rank.banks[static_cast<std::size_t>(burst.where.bank)];
  plan when;
  std::uint64_t column_ready = std::max(burst.arrival, bank.column_ready);
  if (!row_is_open(burst.where)) {
    std::uint64_t from = burst.arrival;
    if (bank.open) {
      when.precharge = std::max(burst.arrival, bank.precharge_ready);
      from = when.precharge + clocks(t.rp);
    }
    when.activate = earliest_activate(rank, burst.where, from);
    column_ready = when.activate + clocks(t.rcd);
  }
  when.column = std::max(column_ready, earliest_column(burst));
  return when;
}

std::uint64_t dram_core::serve(const pending_burst& burst) {
  plan when = plan_burst(burst);
  rank_state& rank = ranks_[static_cast<std::size_t>(burst.where.rank)];
  while (config_.timing.refi > 0 && when.column >= rank.refresh_due) {
    refresh(burst.where.rank);
    when = plan_burst(burst);
  }
  commit_row(burst, when);
  return commit_column(burst, when);
}

void dram_core::commit_row(const pending_burst& burst, const plan& when) {
  const dram_timing& t = config_.timing;
  const dram_location& where = burst.where;
  rank_state& rank = ranks_[static_cast<std::size_t>(where.rank)];
  bank_state& bank = rank.banks[static_cast<std::size_t>(where.bank)];
  if (row_is_open(where)) {
    ++statistics_.row_hits;
    return;
  }
  if (bank.open) {
    ++statistics_.row_conflicts;
    ++statistics_.precharges;
    rank.row_edges.emplace_back(when.precharge, -1);
    tell(dram_command::precharge, where, when.precharge);
  } else {
    ++statistics_.row_closed;
  }
  ++statistics_.activates;
  sink_.count(event::dram_activate, burst.layer, 1);
  rank.row_edges.emplace_back(when.activate, 1);
  tell(dram_command::activate, where, when.activate);
  bank.open = true;
  bank.row = where.row;
  bank.column_ready = when.activate + clocks(t.rcd);
  bank.precharge_ready = when.activate + clocks(t.ras);
  rank.activates[rank.oldest_activate] = when.activate + 1;
  rank.oldest_activate = (rank.oldest_activate + 1) % rank.activates.size();
  rank.last_activate = when.activate + 1;
  rank.last_activate_group = where.bank_group;
}

std::uint64_t dram_core::commit_column(const pending_burst& burst, const plan& when) {
  const dram_timing& t = config_.timing;
  bank_state& bank =
      ranks_[static_cast<std::size_t>(burst.where.rank)].banks[static_cast<std::size_t>(burst.where.bank)];
  const std::uint64_t latency = clocks(burst.write ? t.write_latency : t.read_latency);
  const std::uint64_t data_end = when.column + latency + clocks(config_.burst_clocks());
  const std::uint64_t to_precharge = burst.write ? data_end + clocks(t.wr) : when.column + clocks(t.rtp);
  bank.precharge_ready = std::max(bank.precharge_ready, to_precharge);
  last_ = {true, burst.write, burst.where.rank, burst.where.bank_group, when.column};
  statistics_.data_bus_clocks += clocks(config_.burst_clocks());
  tell(burst.write ? dram_command::write : dram_command::read, burst.where, when.column);
  return data_end;
}

/// All banks of the rank are closed, then refreshed, at the due time or as soon as they can be.
void dram_core::refresh(int rank_index) {
  const dram_timing& t = config_.timing;
  rank_state& rank = ranks_[static_cast<std::size_t>(rank_index)];
  std::uint64_t start = rank.refresh_due;
  for (bank_state& bank : rank.banks) {
    if (bank.open) {
      start = std::max(start, std::max(bank.precharge_ready, rank.refresh_due) + clocks(t.rp));
    } else {
      start = std::max(start, bank.activate_ready);
    }
  }
  for (bank_state& bank : rank.banks) {
    if (bank.open) rank.row_edges.emplace_back(start - clocks(t.rp), -1);
    bank.open = false;
    bank.activate_ready = start + clocks(t.rfc);
  }
  ++statistics_.refreshes;
  sink_.count(event::dram_refresh, energy::no_layer, 1);
  dram_location where;
  where.rank = rank_index;
  tell(dram_command::refresh, where, start);
  // IDD5 is the whole current of a refresh, and the event holds what exceeds IDD3N: the rank counts as active until
  // its end.
  rank.row_edges.emplace_back(start, 1);
  rank.row_edges.emplace_back(start + clocks(t.rfc), -1);
  book_standby(rank, start);
  rank.refresh_due += clocks(t.refi);
}

void dram_core::book_standby(rank_state& rank, std::uint64_t until) {
  if (until <= rank.booked) return;
  std::sort(rank.row_edges.begin(), rank.row_edges.end());
  std::uint64_t active = 0;
  std::uint64_t from = rank.booked;
  std::size_t used = 0;
  for (; used < rank.row_edges.size() && rank.row_edges[used].first <= until; ++used) {
    const std::uint64_t at = std::max(from, rank.row_edges[used].first);
    if (rank.rows_open > 0) active += at - from;
    rank.rows_open += rank.row_edges[used].second;
    from = at;
  }
  rank.row_edges.erase(rank.row_edges.begin(), rank.row_edges.begin() + static_cast<std::ptrdiff_t>(used));
  if (rank.rows_open > 0) active += until - from;
  const std::uint64_t precharged = until - rank.booked - active;
  rank.booked = until;
  statistics_.active_standby_clocks += active;
  statistics_.precharge_standby_clocks += precharged;
  if (active > 0) sink_.count(event::dram_active_standby_clock, energy::no_layer, active);
  if (precharged > 0) sink_.count(event::dram_precharge_standby_clock, energy::no_layer, precharged);
}

void dram_core::settle(std::uint64_t cycle) {
  if (config_.ideal) return;
  for (int r = 0; r < config_.organisation.ranks; ++r) {
    rank_state& rank = ranks_[static_cast<std::size_t>(r)];
    while (config_.timing.refi > 0 && rank.refresh_due <= cycle) refresh(r);
    book_standby(rank, cycle);
  }
}

void dram_core::tell(dram_command command, const dram_location& where, std::uint64_t cycle) {
  if (hook_) hook_(command, where, cycle);
}

}  // namespace cimbalom::dram
