#pragma once

#include <cstdint>
#include <vector>

namespace cimbalom::dram {

/// Counts the clocks of a rank with and without an open row. Openings come in order of time; closings may be announced
/// ahead (precharges that a column command brings with it, ends of refreshes).
class standby_clock {
 public:
  struct clocks {
    std::uint64_t active = 0;
    std::uint64_t precharged = 0;
  };

  void open_at(std::uint64_t cycle);
  void close_at(std::uint64_t cycle);
  /// Clocks since the last call, up to `cycle`; nothing if it lies before.
  clocks take(std::uint64_t cycle);

 private:
  void go_to(std::uint64_t cycle);
  void pass(std::uint64_t cycle);

  std::vector<std::uint64_t> closings_;  // latest first
  std::uint64_t now_ = 0;
  int open_ = 0;
  clocks since_;
};

}  // namespace cimbalom::dram
