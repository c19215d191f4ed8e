#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/dram/dram_config.hpp"
#include "models/dram/dram_location.hpp"

namespace cimbalom::dram {

/// One column access that waits.
struct pending_burst {
  std::uint64_t index = 0;     ///< address in bursts: equal for the same bytes
  std::uint64_t arrival = 0;   ///< clock
  std::uint64_t sequence = 0;  ///< order of arrival in the channel
  dram_location where;
  std::uint32_t request = 0;  ///< slot of its request
  std::int32_t layer = 0;
  bool write = false;
};

/// What a strategy sees of a bank: the bursts in its queue, in order of arrival, and its row.
struct bank_queue {
  const pending_burst* bursts = nullptr;
  std::size_t count = 0;  ///< at most bank_queue_depth
  bool open = false;
  int row = 0;
  int passed_over = 0;  ///< bursts that went before the first one although they came later

  bool hit(std::size_t i) const { return open && bursts[i].where.row == row; }
};

/// Chooses the burst that a bank works for; a strategy, without state.
class dram_scheduler {
 public:
  virtual ~dram_scheduler() = default;
  /// Index into the queue, which is not empty.
  virtual std::size_t pick(const bank_queue& queue) const = 0;
  /// Whether column commands keep the order of arrival across banks.
  virtual bool in_order() const = 0;
};
/// `patience`: see dram_config.
std::unique_ptr<dram_scheduler> make_scheduler(scheduling policy, int patience);

/// Decides whether a column command precharges its bank; a strategy, without state.
class page_policy {
 public:
  virtual ~page_policy() = default;
  /// `queue`: what waits behind the command.
  virtual bool closes(const bank_queue& queue) const = 0;
};
std::unique_ptr<page_policy> make_page_policy(row_policy policy);

}  // namespace cimbalom::dram
