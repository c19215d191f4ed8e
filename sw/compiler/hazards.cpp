#include "sw/compiler/hazards.hpp"

#include <algorithm>

namespace cimbalom::compiler {

namespace {

constexpr std::uint64_t largest_lag = registers::any_lag - 1;

void raise(std::uint64_t& value, std::uint64_t to) {
  value = std::max(value, to);
}

}  // namespace

// Cuts the segment that holds `at`. Returns the first one that begins there or later.
std::size_t hazard_tracker::split(segments& all, std::uint64_t at) {
  const auto found = std::partition_point(all.begin(), all.end(), [at](const segment& s) { return s.end <= at; });
  const auto index = static_cast<std::size_t>(found - all.begin());
  if (found == all.end() || found->begin >= at) return index;
  segment head = *found;
  head.end = at;
  found->begin = at;
  all.insert(found, head);
  return index + 1;
}

void hazard_tracker::touch(const access& one, registers::engine who, std::uint64_t ordinal, engine_counts& needed) {
  if (one.begin >= one.end) return;
  segments& all = spaces_[static_cast<std::size_t>(one.where)];
  if (next_place_ == places_.size()) places_.push_back(0);
  std::size_t& place = places_[next_place_++];
  if (place >= all.size() || all[place].begin != one.begin) place = split(all, one.begin);
  std::size_t i = place;
  for (std::uint64_t at = one.begin; at < one.end; ++i) {
    if (i == all.size() || all[i].begin > at) {  // a gap nobody touched
      const std::uint64_t end = i == all.size() ? one.end : std::min(one.end, all[i].begin);
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(i), segment{at, end, registers::engine::none, 0, {}});
    } else if (all[i].end > one.end) {
      split(all, one.end);
    }
    segment& s = all[i];
    if (s.written > 0) raise(needed[static_cast<std::size_t>(s.writer)], s.written);
    if (one.write) {
      for (std::size_t e = 0; e < needed.size(); ++e) raise(needed[e], s.read[e]);
      s.writer = who;
      s.written = ordinal + 1;
      s.read = {};
    } else {
      s.read[static_cast<std::size_t>(who)] = ordinal + 1;
    }
    at = s.end;
  }
}

void hazard_tracker::touch(const std::vector<access>& accesses, registers::engine who, std::uint64_t ordinal,
                           engine_counts& needed) {
  // A command does not wait for itself: all is looked up before anything is recorded as its own.
  for (const access& one : accesses) touch(one, who, ordinal, needed);
  auto& own = needed[static_cast<std::size_t>(who)];
  own = std::min(own, ordinal);
}

void assign_lags(std::vector<planned_command>& stream, bool repeated) {
  hazard_tracker tracker;
  engine_counts issued{};
  // From the second repetition on nothing changes; the third is there because a buffer may skip one image.
  const int repetitions = repeated ? 3 : 1;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    tracker.repeat();
    for (planned_command& planned : stream) {
      const registers::engine who = registers::engine_of(planned.command.op);
      if (who == registers::engine::none) continue;
      auto& count = issued[static_cast<std::size_t>(who)];
      engine_counts needed{};
      tracker.touch(planned.accesses, who, count, needed);
      for (std::size_t e = 0; e < needed.size(); ++e) {
        if (needed[e] == 0) continue;
        const std::uint64_t lag = std::min(issued[e] - needed[e], largest_lag);
        planned.command.lag[e] = static_cast<std::uint8_t>(std::min<std::uint64_t>(planned.command.lag[e], lag));
      }
      ++count;
    }
  }
}

}  // namespace cimbalom::compiler
