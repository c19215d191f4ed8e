#include "models/cim/bank_schedule.hpp"

#include <algorithm>

namespace cimbalom::cim {

std::uint64_t bank_schedule::bank_time::lost_ps(std::uint64_t now_ps) const {
  if (now_ps >= program_end_ps()) return lost_before_ps + write_ps;
  if (now_ps <= program_from_ps) return lost_before_ps;
  // Rounded up, so that no computation ends before its bank was free for it.
  __extension__ using wide = unsigned __int128;
  return lost_before_ps + static_cast<std::uint64_t>(
                              (static_cast<wide>(write_ps) * (now_ps - program_from_ps) + program_ps - 1) / program_ps);
}

void bank_schedule::start_program(std::size_t bank, std::uint64_t now_ps, std::uint64_t duration_ps,
                                  std::uint64_t write_ps) {
  bank_time& target = banks_[bank];
  target.lost_before_ps = target.lost_ps(now_ps);
  target.program_from_ps = now_ps;
  target.program_ps = duration_ps;
  target.write_ps = std::min(write_ps, duration_ps);
}

void bank_schedule::start_compute(std::size_t bank, std::uint64_t now_ps, std::uint64_t nominal_ps) {
  bank_time& target = banks_[bank];
  target.compute_from_ps = now_ps;
  target.compute_ps = nominal_ps;
  target.lost_at_start_ps = target.lost_ps(now_ps);
}

std::uint64_t bank_schedule::time_of(std::size_t bank, std::uint64_t nominal_ps) const {
  const bank_time& target = banks_[bank];
  // The end is the first time t with t - lost(t) >= from + nominal - lost(from).
  const std::uint64_t undisturbed = target.compute_from_ps + nominal_ps;
  const auto end_if_lost_by = [&](std::uint64_t time_ps) {
    return undisturbed + target.lost_ps(time_ps) - target.lost_at_start_ps;
  };
  if (target.program_from_ps > target.compute_from_ps) {  // the last write came later, perhaps too late to matter
    const std::uint64_t before_program = end_if_lost_by(target.program_from_ps);
    if (before_program <= target.program_from_ps) return before_program;
  }
  const std::uint64_t after_program = end_if_lost_by(std::max(target.program_end_ps(), target.compute_from_ps));
  if (after_program >= target.program_end_ps()) return after_program;
  std::uint64_t low = undisturbed, high = target.program_end_ps();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (middle >= end_if_lost_by(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace cimbalom::cim
