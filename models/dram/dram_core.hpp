#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/dram/address_map.hpp"
#include "models/dram/dram_config.hpp"
#include "models/dram/dram_constraints.hpp"
#include "models/dram/dram_scheduler.hpp"
#include "models/dram/dram_statistics.hpp"
#include "models/dram/standby_clock.hpp"
#include "models/energy/event_sink.hpp"

namespace cimbalom::dram {

/// A whole transaction for one channel; `address` counts from 0 in the channel.
struct dram_request {
  std::uint64_t id = 0;  ///< returned with the completion; unique among those under way
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  bool write = false;
  std::int32_t layer = energy::no_layer;
};

struct dram_completion {
  std::uint64_t id = 0;
  std::uint64_t cycle = 0;  ///< clock at which its last data has crossed the bus
};

/// `precharge_all` and `refresh` are of a whole rank; `_close` also precharges the bank, as soon as it may be.
enum class dram_command : std::uint8_t {
  activate,
  precharge,
  precharge_all,
  read,
  read_close,
  write,
  write_close,
  refresh
};

/// Location of a byte address in a channel.
dram_location locate(const dram_config& config, std::uint64_t address);

/// The controller of one channel: a queue for every bank, all timing constraints, refresh. It keeps no time of its own
/// and never ticks: advance() issues what is due, next_decision() says when to come back. At most one command a clock
/// (with row_command_bus: one of each kind), in order of time: the earliest that may go; of equals a refresh, then as
/// `arbitration` says.
class dram_core final {
 public:
  using command_hook = std::function<void(dram_command, const dram_location&, std::uint64_t cycle)>;

  /// The configuration must be valid.
  dram_core(const dram_config& config, energy::event_sink& sink);
  ~dram_core();
  dram_core(const dram_core&) = delete;
  dram_core& operator=(const dram_core&) = delete;

  /// Clocks of arrivals never decrease. A request has at least one byte.
  void enqueue(const dram_request& request, std::uint64_t cycle);
  /// Issues everything due at `cycle`, and appends what that completes (perhaps later than `cycle`).
  void advance(std::uint64_t cycle, std::vector<dram_completion>& completed);
  /// Clock of the next command; none while nothing waits.
  std::optional<std::uint64_t> next_decision();
  /// Refreshes (unless bursts wait) and books standby up to `cycle`: the end of the run, or of a phase.
  void settle(std::uint64_t cycle);

  /// Bursts whose column command has not been issued.
  std::size_t waiting() const { return waiting_; }
  /// Those of them that have no place in the queue of their bank.
  std::size_t before_bank_queues() const { return before_bank_queues_; }

  /// Told every command, in order of time (for waveforms and checks).
  void on_command(command_hook hook) { hook_ = std::move(hook); }
  const dram_statistics& statistics() const { return statistics_; }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  enum class found : std::uint8_t { hit, closed, conflict };
  enum class kind : std::uint8_t { refresh, column, activate, precharge };  // in order of preference

  struct bank_state {
    int rank = 0, group = 0, bank = 0;  // the group counts over all ranks
    std::vector<pending_burst> queue;   // in order of arrival
    std::size_t pick = 0;               // what the bank works for
    bool open = false;
    int row = 0;
    found next_found = found::closed;   // what the next column access says of its row
    std::uint64_t activate_ready = 0;   // earliest ACT
    std::uint64_t precharge_ready = 0;  // earliest PRE
    std::uint64_t column_ready = 0;     // earliest RD or WR, from ACT
    int passed_over = 0;                // bursts that went before the first of the queue
    int waited = 0;                     // younger column commands of other banks that went before its own
    std::size_t place = 0;              // in working_
  };
  struct work {  // what a bank with bursts wants next; `ready` as far as the bank alone decides
    std::uint64_t ready = 0;
    std::uint64_t sequence = 0;
    std::uint32_t bank = 0;
    std::int32_t rank = 0;
    std::int32_t group = 0;
    kind what = kind::activate;
    bool write = false;
  };
  struct rank_state {
    std::uint64_t refresh_due = 0;
    int rows_open = 0;
    standby_clock standby;
  };
  struct candidate {
    std::uint64_t cycle = never;
    std::uint64_t preference = never;  // lower goes first at the same clock
    std::size_t where = 0;             // bank, or rank of a refresh
    kind what = kind::precharge;
    bool before(const candidate& other) const {
      return cycle != other.cycle ? cycle < other.cycle : preference < other.preference;
    }
  };
  struct request_state {
    std::uint64_t id = 0;
    std::uint64_t last_cycle = 0;
    std::uint32_t bursts_left = 0;
  };

  std::size_t bank_index(const dram_location& where) const;
  bank_queue view(const bank_state& bank) const;
  void plan(bank_state& bank);
  candidate next_of(const work& wanted) const;
  std::uint64_t preference_of(const work& wanted) const;
  candidate refresh_of(std::size_t rank) const;
  bool allowed(const candidate& next, const work& wanted) const;
  void check_patience();
  void consider(const bank_state& bank);
  std::size_t oldest_bank() const;
  const candidate& choose();
  void issue(const candidate& chosen, std::vector<dram_completion>& completed);
  void issue_column(bank_state& bank, std::uint64_t cycle, std::vector<dram_completion>& completed);
  void issue_activate(bank_state& bank, std::uint64_t cycle);
  void issue_precharge(bank_state& bank, std::uint64_t cycle);
  void issue_refresh(std::size_t rank, std::uint64_t cycle);
  void close(bank_state& bank, std::uint64_t cycle, std::uint64_t precharge_clocks, found next);
  void note_wait(const bank_state& served, std::uint64_t sequence);
  void leave_queue(bank_state& bank, std::size_t burst);
  void finish_burst(const pending_burst& burst, std::uint64_t cycle, std::vector<dram_completion>& completed);
  void advance_ideal(std::uint64_t cycle, std::vector<dram_completion>& completed);
  void tell(dram_command command, const dram_location& where, std::uint64_t cycle) {
    if (hook_) hook_(command, where, cycle);
  }

  dram_config config_;
  energy::event_sink& sink_;
  address_decoder decoder_;
  std::unique_ptr<dram_scheduler> scheduler_;
  std::unique_ptr<page_policy> page_policy_;
  dram_constraints constraints_;
  std::uint64_t burst_bytes_;
  std::uint64_t burst_clocks_;
  std::vector<bank_state> banks_;
  std::vector<rank_state> ranks_;
  std::vector<work> working_;  // of banks with bursts, in no order
  std::vector<request_state> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::size_t waiting_ = 0;
  std::size_t before_bank_queues_ = 0;
  std::uint64_t sequence_ = 0;
  std::size_t turn_ = 0;  // bank that goes first, in turn
  std::uint64_t row_bus_free_ = 0, column_bus_free_ = 0;
  std::optional<candidate> next_;
  std::uint64_t oldest_sequence_ = never;  // of all bursts, where columns keep the order of arrival
  std::size_t oldest_column_ = never;      // bank with the oldest burst whose row is open, of the last choice
  std::size_t impatient_ = never;          // bank whose column command must go before those of others
  command_hook hook_;
  dram_statistics statistics_;
};

}  // namespace cimbalom::dram
