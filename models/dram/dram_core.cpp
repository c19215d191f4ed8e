#include "models/dram/dram_core.hpp"

#include <algorithm>

namespace cimbalom::dram {

using energy::event;

namespace {

/// Counts and clocks are never negative.
constexpr std::uint64_t unsigned_of(int value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

dram_location locate(const dram_config& config, std::uint64_t address) {
  return address_decoder(config).locate(address);
}

dram_core::dram_core(const dram_config& config, energy::event_sink& sink)
    : config_(config),
      sink_(sink),
      decoder_(config),
      scheduler_(make_scheduler(config.scheduler, config.patience)),
      page_policy_(make_page_policy(config.page_policy)),
      constraints_(config),
      burst_bytes_(config.burst_bytes()),
      burst_clocks_(unsigned_of(config.burst_clocks())) {
  const dram_organisation& o = config_.organisation;
  ranks_.resize(static_cast<std::size_t>(o.ranks));
  for (int r = 0; r < o.ranks; ++r) {
    // Ranks take turns, so that one works while another refreshes.
    ranks_[static_cast<std::size_t>(r)].refresh_due =
        unsigned_of(config_.timing.refi) * unsigned_of(r + 1) / unsigned_of(o.ranks);
    for (int b = 0; b < o.banks(); ++b) {
      bank_state& made = banks_.emplace_back();
      made.rank = r;
      made.bank = b;
      made.group = r * o.bank_groups + b / o.banks_per_group;
    }
  }
}

dram_core::~dram_core() = default;

std::size_t dram_core::bank_index(const dram_location& where) const {
  return unsigned_of(where.rank) * unsigned_of(config_.organisation.banks()) + unsigned_of(where.bank);
}

bank_queue dram_core::view(const bank_state& bank) const {
  const auto depth = static_cast<std::size_t>(config_.bank_queue_depth);
  return {bank.queue.data(), std::min(bank.queue.size(), depth), bank.open, bank.row, bank.passed_over};
}

void dram_core::enqueue(const dram_request& request, std::uint64_t cycle) {
  if (free_requests_.empty()) {
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
    requests_.emplace_back();
  }
  const std::uint32_t slot = free_requests_.back();
  free_requests_.pop_back();
  const std::uint64_t first = request.address / burst_bytes_;
  const std::uint64_t last = (request.address + request.length - 1) / burst_bytes_;
  requests_[slot] = {request.id, 0, static_cast<std::uint32_t>(last - first + 1)};
  for (std::uint64_t index = first; index <= last; ++index) {
    const dram_location where = decoder_.locate(index * burst_bytes_);
    const std::size_t at = bank_index(where);
    bank_state& bank = banks_[at];
    if (bank.queue.empty()) {
      bank.place = working_.size();
      working_.emplace_back();
    }
    bank.queue.push_back({index, cycle, sequence_++, where, slot, request.layer, request.write});
    ++waiting_;
    if (bank.queue.size() > unsigned_of(config_.bank_queue_depth)) {
      ++before_bank_queues_;
    } else {
      consider(bank);
    }
  }
  ++(request.write ? statistics_.writes : statistics_.reads);
  (request.write ? statistics_.write_bytes : statistics_.read_bytes) += request.length;
}

/// A bank got a burst: keeps the choice of the next command up to date.
void dram_core::consider(const bank_state& bank) {
  const auto at = static_cast<std::size_t>(&bank - banks_.data());
  const std::size_t before = bank.queue.size() == 1 ? never : bank.pick;
  plan(banks_[at]);
  if (!next_ || bank.pick == before) return;
  if (waiting_ == 1 || before != never || impatient_ == at) {
    next_.reset();
    return;
  }
  const work& wanted = working_[bank.place];
  const candidate next = next_of(wanted);
  if (allowed(next, wanted) && next.before(*next_)) next_ = next;
}

std::optional<std::uint64_t> dram_core::next_decision() {
  if (waiting_ == 0) return std::nullopt;
  return config_.ideal ? banks_[oldest_bank()].queue.front().arrival : choose().cycle;
}

void dram_core::advance(std::uint64_t cycle, std::vector<dram_completion>& completed) {
  if (config_.ideal) return advance_ideal(cycle, completed);
  while (waiting_ > 0) {
    const candidate chosen = choose();
    if (chosen.cycle > cycle) return;
    issue(chosen, completed);
  }
}

void dram_core::advance_ideal(std::uint64_t cycle, std::vector<dram_completion>& completed) {
  while (waiting_ > 0) {
    bank_state& bank = banks_[oldest_bank()];
    const pending_burst burst = bank.queue.front();
    if (burst.arrival > cycle) return;
    leave_queue(bank, 0);
    finish_burst(burst, burst.arrival, completed);
  }
}

/// What the bank works for, and what it needs for that.
void dram_core::plan(bank_state& bank) {
  bank.pick = scheduler_->pick(view(bank));
  const pending_burst& burst = bank.queue[bank.pick];
  work& wanted = working_[bank.place];
  wanted.sequence = burst.sequence;
  wanted.bank = static_cast<std::uint32_t>(&bank - banks_.data());
  wanted.rank = bank.rank;
  wanted.group = bank.group;
  wanted.write = burst.write;
  if (!bank.open) {
    wanted.what = kind::activate;
    wanted.ready = std::max(burst.arrival, bank.activate_ready);
  } else if (bank.row == burst.where.row) {
    wanted.what = kind::column;
    wanted.ready = std::max(burst.arrival, bank.column_ready);
  } else {
    wanted.what = kind::precharge;
    wanted.ready = std::max(burst.arrival, bank.precharge_ready);
  }
}

std::uint64_t dram_core::preference_of(const work& wanted) const {
  constexpr unsigned kind_shift = 60;  // sequences stay far below
  if (config_.arbitration == bank_arbitration::oldest) {
    return (static_cast<std::uint64_t>(wanted.what) << kind_shift) + wanted.sequence;
  }
  return 1 + (wanted.bank + banks_.size() - turn_) % banks_.size();
}

dram_core::candidate dram_core::next_of(const work& wanted) const {
  candidate next{wanted.ready, preference_of(wanted), wanted.bank, wanted.what};
  if (wanted.what == kind::column) {
    next.cycle = std::max({next.cycle, column_bus_free_, constraints_.column_ready(wanted.group, wanted.write)});
  } else if (wanted.what == kind::activate) {
    next.cycle = std::max({next.cycle, row_bus_free_, constraints_.activate_ready(wanted.rank, wanted.group)});
  } else {
    next.cycle = std::max({next.cycle, row_bus_free_, constraints_.precharge_ready(wanted.rank)});
  }
  return next;
}

/// All banks of the rank are closed, then refreshed, at the due time or as soon as they can be.
dram_core::candidate dram_core::refresh_of(std::size_t rank) const {
  const std::size_t banks = unsigned_of(config_.organisation.banks());
  candidate next;
  next.what = kind::refresh;
  next.where = rank;
  next.preference = 0;
  next.cycle = std::max(ranks_[rank].refresh_due, row_bus_free_);
  const bool closing = ranks_[rank].rows_open > 0;
  if (closing) next.cycle = std::max(next.cycle, constraints_.precharge_ready(static_cast<int>(rank)));
  for (std::size_t b = rank * banks; b < (rank + 1) * banks; ++b) {
    if (banks_[b].open) {
      next.cycle = std::max(next.cycle, banks_[b].precharge_ready);
    } else if (!closing) {
      next.cycle = std::max(next.cycle, banks_[b].activate_ready);
    }
  }
  return next;
}

/// Of the burst that came first; there is one.
std::size_t dram_core::oldest_bank() const {
  const auto first = [this](const work& one) { return banks_[one.bank].queue.front().sequence; };
  return std::min_element(working_.begin(), working_.end(),
                          [&first](const work& a, const work& b) { return first(a) < first(b); })
      ->bank;
}

/// A rank that is due for refresh takes nothing that would be later. Column commands wait for the oldest burst where
/// they keep the order of arrival, and for a bank that has waited long.
bool dram_core::allowed(const candidate& next, const work& wanted) const {
  if (config_.timing.refi > 0 && next.cycle >= ranks_[static_cast<std::size_t>(wanted.rank)].refresh_due) return false;
  if (next.what != kind::column) return true;
  return impatient_ != never ? next.where == impatient_ : wanted.sequence <= oldest_sequence_;
}

/// The bank that has waited long is waited for only while its row is open and no refresh comes before it.
void dram_core::check_patience() {
  if (impatient_ == never) return;
  const bank_state& bank = banks_[impatient_];
  if (!bank.queue.empty()) {
    const work& wanted = working_[bank.place];
    const candidate column = next_of(wanted);
    if (column.what == kind::column && allowed(column, wanted)) return;
  }
  impatient_ = never;
}

/// The earliest command that may go.
const dram_core::candidate& dram_core::choose() {
  if (next_) return *next_;
  if (scheduler_->in_order() && waiting_ > 0) oldest_sequence_ = banks_[oldest_bank()].queue.front().sequence;
  check_patience();
  candidate best;
  std::uint64_t oldest_column = never;
  oldest_column_ = never;
  for (const work& wanted : working_) {
    if (wanted.what == kind::column && wanted.sequence < oldest_column) {
      oldest_column = wanted.sequence;
      oldest_column_ = wanted.bank;
    }
    const candidate next = next_of(wanted);
    if (next.before(best) && allowed(next, wanted)) best = next;
  }
  for (std::size_t r = 0; config_.timing.refi > 0 && r < ranks_.size(); ++r) {
    if (ranks_[r].refresh_due > best.cycle) continue;
    const candidate next = refresh_of(r);
    if (next.before(best)) best = next;
  }
  next_ = best;
  return *next_;
}

void dram_core::issue(const candidate& chosen, std::vector<dram_completion>& completed) {
  const bool column = chosen.what == kind::column;
  if (column || !config_.organisation.row_command_bus) column_bus_free_ = chosen.cycle + 1;
  if (!column || !config_.organisation.row_command_bus) row_bus_free_ = chosen.cycle + 1;
  if (chosen.what != kind::refresh) turn_ = (chosen.where + 1) % banks_.size();
  next_.reset();
  switch (chosen.what) {
    case kind::refresh:
      issue_refresh(chosen.where, chosen.cycle);
      break;
    case kind::column:
      issue_column(banks_[chosen.where], chosen.cycle, completed);
      break;
    case kind::activate:
      issue_activate(banks_[chosen.where], chosen.cycle);
      break;
    case kind::precharge:
      issue_precharge(banks_[chosen.where], chosen.cycle);
      break;
  }
}

void dram_core::issue_activate(bank_state& bank, std::uint64_t cycle) {
  const dram_timing& t = config_.timing;
  const pending_burst& burst = bank.queue[bank.pick];
  bank.open = true;
  bank.row = burst.where.row;
  bank.column_ready = cycle + unsigned_of(t.rcd);
  bank.precharge_ready = cycle + unsigned_of(t.ras);
  bank.activate_ready = cycle + unsigned_of(t.rc);
  constraints_.activated(bank.rank, bank.group, cycle);
  rank_state& rank = ranks_[static_cast<std::size_t>(bank.rank)];
  ++rank.rows_open;
  rank.standby.open_at(cycle);
  ++statistics_.activates;
  sink_.count(event::dram_activate, burst.layer, 1);
  tell(dram_command::activate, burst.where, cycle);
  plan(bank);
}

/// `cycle`: the bank begins to precharge.
void dram_core::close(bank_state& bank, std::uint64_t cycle, std::uint64_t precharge_clocks, found next) {
  bank.open = false;
  bank.next_found = next;
  bank.activate_ready = std::max(bank.activate_ready, cycle + precharge_clocks);
  rank_state& rank = ranks_[static_cast<std::size_t>(bank.rank)];
  --rank.rows_open;
  rank.standby.close_at(cycle);
}

void dram_core::issue_precharge(bank_state& bank, std::uint64_t cycle) {
  const dram_location where = bank.queue[bank.pick].where;
  close(bank, cycle, unsigned_of(config_.timing.rp), found::conflict);
  plan(bank);
  constraints_.precharged(bank.rank, cycle);
  ++statistics_.precharges;
  tell(dram_command::precharge, where, cycle);
}

void dram_core::issue_column(bank_state& bank, std::uint64_t cycle, std::vector<dram_completion>& completed) {
  const dram_timing& t = config_.timing;
  const pending_burst burst = bank.queue[bank.pick];
  note_wait(bank, burst.sequence);
  bank.passed_over = bank.pick == 0 ? 0 : bank.passed_over + 1;
  leave_queue(bank, bank.pick);
  constraints_.column(bank.group, burst.write, cycle);
  const std::uint64_t data_end = cycle + unsigned_of(burst.write ? t.write_latency : t.read_latency) + burst_clocks_;
  const std::uint64_t to_precharge = burst.write ? data_end + unsigned_of(t.wr) : cycle + unsigned_of(t.rtp);
  bank.precharge_ready = std::max(bank.precharge_ready, to_precharge);
  statistics_.data_bus_clocks += burst_clocks_;
  if (bank.next_found == found::hit) ++statistics_.row_hits;
  if (bank.next_found == found::closed) ++statistics_.row_closed;
  if (bank.next_found == found::conflict) ++statistics_.row_conflicts;
  bank.next_found = found::hit;
  const bool closes = page_policy_->closes(view(bank));
  if (closes) {
    close(bank, bank.precharge_ready, unsigned_of(t.rp), found::closed);
    ++statistics_.auto_precharges;
  }
  if (!bank.queue.empty()) plan(bank);
  if (burst.write) {
    tell(closes ? dram_command::write_close : dram_command::write, burst.where, cycle);
  } else {
    tell(closes ? dram_command::read_close : dram_command::read, burst.where, cycle);
  }
  finish_burst(burst, data_end, completed);
}

/// A column command that other traffic pushes back on the bus (direction, rank, bank group) may do so for a while only.
void dram_core::note_wait(const bank_state& served, std::uint64_t sequence) {
  const auto at = static_cast<std::size_t>(&served - banks_.data());
  banks_[at].waited = 0;
  if (impatient_ == at) impatient_ = never;
  if (oldest_column_ == never || oldest_column_ == at) return;
  bank_state& oldest = banks_[oldest_column_];
  if (oldest.queue[oldest.pick].sequence > sequence) return;
  if (++oldest.waited >= config_.patience && config_.patience > 0) impatient_ = oldest_column_;
}

void dram_core::leave_queue(bank_state& bank, std::size_t burst) {
  if (bank.queue.size() > unsigned_of(config_.bank_queue_depth)) --before_bank_queues_;
  bank.queue.erase(bank.queue.begin() + static_cast<std::ptrdiff_t>(burst));
  --waiting_;
  if (!bank.queue.empty()) return;
  const work moved = working_.back();
  working_[bank.place] = moved;
  banks_[moved.bank].place = bank.place;
  working_.pop_back();
}

void dram_core::finish_burst(const pending_burst& burst, std::uint64_t cycle, std::vector<dram_completion>& completed) {
  ++(burst.write ? statistics_.write_bursts : statistics_.read_bursts);
  sink_.count(burst.write ? event::dram_write_burst : event::dram_read_burst, burst.layer, 1);
  sink_.count(event::dram_io_bit, burst.layer, burst_bytes_ * 8);
  request_state& request = requests_[burst.request];
  request.last_cycle = std::max(request.last_cycle, cycle);
  if (--request.bursts_left > 0) return;
  completed.push_back({request.id, request.last_cycle});
  free_requests_.push_back(burst.request);
}

void dram_core::issue_refresh(std::size_t rank_index, std::uint64_t cycle) {
  const dram_timing& t = config_.timing;
  rank_state& rank = ranks_[rank_index];
  const std::size_t banks = unsigned_of(config_.organisation.banks());
  dram_location where;
  where.rank = static_cast<int>(rank_index);
  const bool closing = rank.rows_open > 0;
  for (std::size_t b = rank_index * banks; b < (rank_index + 1) * banks; ++b) {
    bank_state& bank = banks_[b];
    if (bank.open) close(bank, cycle, unsigned_of(t.rp_all), found::closed);
    if (closing) {
      bank.activate_ready = std::max(bank.activate_ready, cycle + unsigned_of(t.rp_all));
    } else {
      bank.activate_ready = cycle + unsigned_of(t.rfc);
    }
    bank.waited = 0;
    if (!bank.queue.empty()) plan(bank);
  }
  if (closing) {
    constraints_.precharged(where.rank, cycle);
    ++statistics_.all_bank_precharges;
    tell(dram_command::precharge_all, where, cycle);
    return;
  }
  rank.refresh_due += unsigned_of(t.refi);
  ++statistics_.refreshes;
  sink_.count(event::dram_refresh, energy::no_layer, 1);
  // IDD5 is the whole current of a refresh, and the event holds what exceeds IDD3N: the rank counts as active until
  // its end.
  rank.standby.open_at(cycle);
  rank.standby.close_at(cycle + unsigned_of(t.rfc));
  tell(dram_command::refresh, where, cycle);
}

void dram_core::settle(std::uint64_t cycle) {
  if (config_.ideal) return;
  std::vector<dram_completion> none;
  while (waiting_ == 0 && config_.timing.refi > 0 && choose().cycle <= cycle) issue(choose(), none);
  for (rank_state& rank : ranks_) {
    const standby_clock::clocks booked = rank.standby.take(cycle);
    statistics_.active_standby_clocks += booked.active;
    statistics_.precharge_standby_clocks += booked.precharged;
    if (booked.active > 0) sink_.count(event::dram_active_standby_clock, energy::no_layer, booked.active);
    if (booked.precharged > 0) sink_.count(event::dram_precharge_standby_clock, energy::no_layer, booked.precharged);
  }
}

}  // namespace cimbalom::dram
