#include "tests/models/dram/command_checker.hpp"

#include <algorithm>

namespace cimbalom::dram {

namespace {

bool is_read(const issued& one) {
  return one.command == dram_command::read || one.command == dram_command::read_close;
}
bool is_write(const issued& one) {
  return one.command == dram_command::write || one.command == dram_command::write_close;
}
bool is_column(const issued& one) {
  return is_read(one) || is_write(one);
}
bool closes(const issued& one) {
  return one.command == dram_command::read_close || one.command == dram_command::write_close;
}

class checker {
 public:
  explicit checker(const dram_config& config) : config_(config), t_(config.timing) {}

  void check(const std::vector<issued>& log) {
    for (std::size_t i = 0; i < log.size(); ++i) {
      const issued& later = log[i];
      if (i > 0) command_bus(log, i);
      // Everything that may matter lies within the last 300 commands and the longest constraint.
      for (std::size_t j = i > 300 ? i - 300 : 0; j < i; ++j) pair(log[j], later);
      state(later);
      if (later.command == dram_command::activate) four_activates(log, i);
    }
  }
  std::vector<std::string> found;

 private:
  using clock = std::int64_t;
  struct row_state {
    bool open = false;
    int row = 0;
    clock activated = -1'000'000;
    clock may_precharge = -1'000'000;  // tRAS, tRTP, tWR
    clock precharged = -1'000'000;     // when the last precharge began
    clock precharge_clocks = 0;
  };

  row_state& bank(int rank, int index) {
    const int at = rank * config_.organisation.banks() + index;
    if (banks_.size() <= static_cast<std::size_t>(at)) banks_.resize(static_cast<std::size_t>(at) + 1);
    return banks_[static_cast<std::size_t>(at)];
  }

  void demand(bool held, const char* what, const issued& one) {
    if (held || found.size() >= 10) return;
    found.push_back(std::string(what) + " at clock " + std::to_string(one.cycle) + ", rank " +
                    std::to_string(one.where.rank) + " bank " + std::to_string(one.where.bank));
  }
  void apart(const issued& a, const issued& b, int clocks, const char* what) {
    demand(b.cycle >= a.cycle + static_cast<std::uint64_t>(std::max(0, clocks)), what, b);
  }

  void command_bus(const std::vector<issued>& log, std::size_t i) {
    const issued& before = log[i - 1];
    demand(log[i].cycle >= before.cycle, "order of time", log[i]);
    for (std::size_t j = i; j-- > 0 && log[j].cycle == log[i].cycle;) {
      demand(config_.organisation.row_command_bus && is_column(log[j]) != is_column(log[i]), "command bus", log[i]);
    }
  }

  void pair(const issued& a, const issued& b) {
    if (is_column(a) && is_column(b)) columns(a, b);
    if (a.where.rank != b.where.rank) return;
    const bool group = a.where.bank_group == b.where.bank_group;
    const auto precharges = [](const issued& one) {
      return one.command == dram_command::precharge || one.command == dram_command::precharge_all;
    };
    if (a.command == dram_command::activate && b.command == dram_command::activate) {
      apart(a, b, t_.rrd_short, "tRRD_S");
      if (group) apart(a, b, t_.rrd_long, "tRRD_L");
      if (a.where.bank == b.where.bank) apart(a, b, t_.rc, "tRC");
    }
    if (precharges(a) && precharges(b)) apart(a, b, t_.ppd, "tPPD");
    if (a.command == dram_command::refresh) apart(a, b, t_.rfc, "tRFC");
    if (a.command == dram_command::precharge_all && b.command == dram_command::refresh) {
      apart(a, b, t_.rp_all, "tRPab before REF");
    }
  }

  void columns(const issued& a, const issued& b) {
    const int burst = t_.burst_length / t_.beats_per_clock;
    const auto latency = [this](const issued& one) { return is_write(one) ? t_.write_latency : t_.read_latency; };
    const bool rank = a.where.rank == b.where.rank;
    const bool group = rank && a.where.bank_group == b.where.bank_group;
    if (rank) apart(a, b, t_.ccd_short, "tCCD_S");
    if (group) apart(a, b, t_.ccd_long, "tCCD_L");
    apart(a, b, latency(a) + burst - latency(b), "data bus");
    if (!rank) apart(a, b, latency(a) + burst + t_.rank_switch - latency(b), "rank switch");
    if (is_read(a) && is_write(b))
      apart(a, b, latency(a) + burst + t_.read_to_write_extra - latency(b), "read to write");
    if (is_write(a) && is_read(b) && rank) {
      apart(a, b, latency(a) + burst + t_.wtr_short, "tWTR_S");
      if (group) apart(a, b, latency(a) + burst + t_.wtr_long, "tWTR_L");
    }
  }

  void four_activates(const std::vector<issued>& log, std::size_t i) {
    int seen = 0;
    for (std::size_t j = i; j-- > 0;) {
      if (log[j].command != dram_command::activate || log[j].where.rank != log[i].where.rank) continue;
      if (++seen == 4) {
        apart(log[j], log[i], t_.faw, "tFAW");
        return;
      }
    }
  }

  void precharge(row_state& b, clock at, int clocks) {
    b.open = false;
    b.precharged = at;
    b.precharge_clocks = clocks;
  }

  void state(const issued& one) {
    const auto now = static_cast<clock>(one.cycle);
    row_state& b = bank(one.where.rank, one.where.bank);
    switch (one.command) {
      case dram_command::activate:
        demand(!b.open, "ACT of an open bank", one);
        demand(now >= b.precharged + b.precharge_clocks, "tRP", one);
        b.open = true;
        b.row = one.where.row;
        b.activated = now;
        b.may_precharge = now + t_.ras;
        break;
      case dram_command::precharge:
        demand(b.open, "PRE of a closed bank", one);
        demand(now >= b.may_precharge, "tRAS, tRTP or tWR", one);
        precharge(b, now, t_.rp);
        break;
      case dram_command::precharge_all:
      case dram_command::refresh:
        whole_rank(one, now);
        break;
      default:
        demand(b.open && b.row == one.where.row, "column command without its row", one);
        demand(now >= b.activated + t_.rcd, "tRCD", one);
        const clock data_end = now + t_.write_latency + t_.burst_length / t_.beats_per_clock;
        b.may_precharge = std::max(b.may_precharge, is_write(one) ? data_end + t_.wr : now + t_.rtp);
        if (closes(one)) precharge(b, b.may_precharge, t_.rp);
    }
  }

  void whole_rank(const issued& one, clock now) {
    for (int i = 0; i < config_.organisation.banks(); ++i) {
      row_state& b = bank(one.where.rank, i);
      if (one.command == dram_command::refresh) {
        demand(!b.open, "REF with an open bank", one);
        demand(now >= b.precharged + b.precharge_clocks, "tRP before REF", one);
      } else if (b.open) {
        demand(now >= b.may_precharge, "tRAS, tRTP or tWR before PREA", one);
        precharge(b, now, t_.rp_all);
      }
    }
    if (one.command != dram_command::refresh || t_.refi == 0) return;
    const auto rank = static_cast<std::size_t>(one.where.rank);
    if (refreshes_.size() <= rank) refreshes_.resize(rank + 1, 0);
    const clock due =
        clock{t_.refi} * (one.where.rank + 1) / config_.organisation.ranks + clock{t_.refi} * refreshes_[rank]++;
    demand(now >= due, "REF before it is due", one);
    demand(now < due + t_.refi, "REF late by an interval", one);
  }

  const dram_config& config_;
  const dram_timing& t_;
  std::vector<row_state> banks_;
  std::vector<clock> refreshes_;
};

}  // namespace

std::vector<std::string> violations(const dram_config& config, const std::vector<issued>& log) {
  checker one(config);
  one.check(log);
  return one.found;
}

}  // namespace cimbalom::dram
