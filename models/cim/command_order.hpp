#pragma once

#include <array>
#include <cstdint>

#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// Commands that must be complete before another may start, by engine.
using needed_commands = std::array<std::uint64_t, registers::engine_count>;

/// A command that waits for its engine.
struct queued_command {
  registers::command command;
  std::uint32_t index = 0;  ///< in the ring
  needed_commands needed{};
};

/// Which commands were issued and completed; engines complete their commands in order. No SystemC.
class command_order {
 public:
  /// The commands that `value` has to wait for, if it were issued now. `after_compute`: all of the compute engine too.
  needed_commands before(const registers::command& value, bool after_compute) const {
    needed_commands needed{};
    for (std::size_t e = 0; e < needed.size(); ++e) {
      if (value.lag[e] != registers::any_lag && issued_[e] > value.lag[e]) needed[e] = issued_[e] - value.lag[e];
    }
    const auto compute = static_cast<std::size_t>(registers::engine::compute);
    if (after_compute) needed[compute] = issued_[compute];
    return needed;
  }

  void issue(registers::engine which) { ++issued_[static_cast<std::size_t>(which)]; }
  void complete(registers::engine which) { ++completed_[static_cast<std::size_t>(which)]; }

  bool holds(const needed_commands& needed, registers::engine which) const {
    return completed_[static_cast<std::size_t>(which)] >= needed[static_cast<std::size_t>(which)];
  }
  bool ready(const needed_commands& needed) const {
    for (std::size_t e = 0; e < needed.size(); ++e) {
      if (completed_[e] < needed[e]) return false;
    }
    return true;
  }
  /// Every issued command is complete.
  bool drained() const { return issued_ == completed_; }
  std::uint64_t issued(registers::engine which) const { return issued_[static_cast<std::size_t>(which)]; }
  std::uint64_t completed(registers::engine which) const { return completed_[static_cast<std::size_t>(which)]; }
  void reset() { *this = command_order(); }

 private:
  std::array<std::uint64_t, registers::engine_count> issued_{}, completed_{};
};

}  // namespace cimbalom::cim
