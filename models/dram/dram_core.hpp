#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/dram/dram_config.hpp"
#include "models/dram/dram_scheduler.hpp"
#include "models/dram/dram_statistics.hpp"
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

enum class dram_command : std::uint8_t { activate, precharge, read, write, refresh };

/// Location of a byte address in a channel.
dram_location locate(const dram_config& config, std::uint64_t address);

/// The controller of one channel: open-page banks, all timing constraints, refresh. It keeps no time of its own and
/// never ticks: advance() decides what is due, and next_decision() says when to come back.
/// Commands are planned with the clock they are issued in; a row is opened ahead, as soon as its request is there and
/// its bank is free. (Not modelled: conflicts of two commands on the command bus.)
class dram_core final : private bank_view {
 public:
  using command_hook = std::function<void(dram_command, const dram_location&, std::uint64_t cycle)>;

  dram_core(const dram_config& config, energy::event_sink& sink);
  ~dram_core() override;
  dram_core(const dram_core&) = delete;
  dram_core& operator=(const dram_core&) = delete;

  /// Clocks of arrivals never decrease.
  void enqueue(const dram_request& request, std::uint64_t cycle);
  /// Decides everything due at `cycle`, and appends what that completes (perhaps later than `cycle`).
  void advance(std::uint64_t cycle, std::vector<dram_completion>& completed);
  /// Clock of the next decision; none while nothing waits.
  std::optional<std::uint64_t> next_decision() const;
  /// Refreshes and books standby up to `cycle` (the end of the run, or of a phase).
  void settle(std::uint64_t cycle);

  /// Told every command, in order of decision (for waveforms).
  void on_command(command_hook hook) { hook_ = std::move(hook); }
  const dram_statistics& statistics() const { return statistics_; }

 private:
  struct bank_state {
    bool open = false;
    int row = 0;
    std::uint64_t activate_ready = 0;   // earliest ACT
    std::uint64_t precharge_ready = 0;  // earliest PRE
    std::uint64_t column_ready = 0;     // earliest RD or WR, from ACT
  };
  struct rank_state {
    std::vector<bank_state> banks;
    std::array<std::uint64_t, 4> activates{};  // plus 1; 0: never
    std::size_t oldest_activate = 0;
    std::uint64_t last_activate = 0;  // plus 1
    int last_activate_group = 0;
    std::uint64_t refresh_due = 0;
    std::vector<std::pair<std::uint64_t, int>> row_edges;  // clock, +1 ACT or -1 PRE since `booked`
    std::uint64_t booked = 0;                              // standby is booked up to here
    int rows_open = 0;                                     // at `booked`
  };
  struct plan {
    std::uint64_t precharge = 0;
    std::uint64_t activate = 0;
    std::uint64_t column = 0;
  };
  struct last_column {
    bool any = false;
    bool write = false;
    int rank = 0;
    int bank_group = 0;
    std::uint64_t cycle = 0;
  };
  struct open_request {
    std::uint32_t bursts_left = 0;
    std::uint64_t last_cycle = 0;
  };

  std::uint64_t earliest(const pending_burst& burst) const override { return plan_burst(burst).column; }
  bool row_is_open(const dram_location& where) const;
  std::uint64_t clocks(int value) const { return static_cast<std::uint64_t>(value); }
  std::uint64_t earliest_activate(const rank_state& rank, const dram_location& where, std::uint64_t from) const;
  std::uint64_t earliest_column(const pending_burst& burst) const;
  plan plan_burst(const pending_burst& burst) const;
  std::uint64_t serve(const pending_burst& burst);
  void commit_row(const pending_burst& burst, const plan& when);
  std::uint64_t commit_column(const pending_burst& burst, const plan& when);
  void refresh(int rank_index);
  void book_standby(rank_state& rank, std::uint64_t until);
  void tell(dram_command command, const dram_location& where, std::uint64_t cycle);
  void finish_burst(const pending_burst& burst, std::uint64_t cycle, std::vector<dram_completion>& completed);

  dram_config config_;
  energy::event_sink& sink_;
  std::unique_ptr<dram_scheduler> scheduler_;
  std::vector<pending_burst> waiting_;
  std::map<std::uint64_t, open_request> requests_;
  std::vector<rank_state> ranks_;
  last_column last_;
  command_hook hook_;
  dram_statistics statistics_;
};

}  // namespace cimbalom::dram
