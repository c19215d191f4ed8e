#include "sw/compiler/hazards.hpp"

#include <algorithm>

namespace cimbalom::compiler {

namespace {

constexpr std::uint64_t largest_lag = registers::any_lag - 1;

void raise(std::uint64_t& value, std::uint64_t to) {
  value = std::max(value, to);
}

}  // namespace

void hazard_tracker::split(segments& map, std::uint64_t at) {
  auto next = map.upper_bound(at);
  if (next == map.begin()) return;
  auto holder = std::prev(next);
  if (holder->first == at || holder->second.end <= at) return;
  segment tail = holder->second;
  holder->second.end = at;
  map.emplace_hint(next, at, tail);
}

void hazard_tracker::touch(const access& one, registers::engine who, std::uint64_t ordinal, engine_counts& needed) {
  segments& map = spaces_[static_cast<std::size_t>(one.where)];
  split(map, one.begin);
  split(map, one.end);
  std::uint64_t at = one.begin;
  auto it = map.lower_bound(one.begin);
  while (at < one.end) {
    if (it == map.end() || it->first > at) {  // a gap nobody touched
      const std::uint64_t end = it == map.end() ? one.end : std::min(one.end, it->first);
      it = map.emplace_hint(it, at, segment{end, registers::engine::none, 0, {}});
    }
    segment& s = it->second;
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
    ++it;
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
