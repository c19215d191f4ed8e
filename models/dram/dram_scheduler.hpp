#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/dram/dram_config.hpp"

namespace cimbalom::dram {

/// Where one burst lies in a channel.
struct dram_location {
  int rank = 0;
  int bank_group = 0;
  int bank = 0;  ///< in the rank: bank_group * banks_per_group + bank in group
  int row = 0;
  int column = 0;  ///< in bursts
};

/// One column access that waits.
struct pending_burst {
  std::uint64_t request = 0;  ///< id of its request
  std::uint64_t index = 0;    ///< address in bursts: equal for the same bytes
  dram_location where;
  bool write = false;
  std::uint64_t arrival = 0;  ///< clock
  std::uint32_t bytes = 0;
  std::int32_t layer = 0;
  int passed_over = 0;  ///< times a later one went first
};

/// What a scheduler may ask about the banks.
class bank_view {
 public:
  virtual ~bank_view() = default;
  /// Clock at which its column command could be issued, were it next.
  virtual std::uint64_t earliest(const pending_burst& burst) const = 0;
};

/// Chooses the next burst; a strategy, without state.
class dram_scheduler {
 public:
  virtual ~dram_scheduler() = default;
  /// Index into `waiting`, which is in order of arrival and has `arrived` > 0 bursts to choose from.
  virtual std::size_t pick(const std::vector<pending_burst>& waiting, std::size_t arrived,
                           const bank_view& banks) const = 0;
};

std::unique_ptr<dram_scheduler> make_scheduler(scheduling policy);

}  // namespace cimbalom::dram
