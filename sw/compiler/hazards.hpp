#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sw/compiler/accesses.hpp"

namespace cimbalom::compiler {

/// By engine: how many of the commands issued to it must be complete (their ordinals lie below it); 0: none.
using engine_counts = std::array<std::uint64_t, registers::engine_count>;

/// Who touched what last: read after write, write after read and write after write over intervals.
class hazard_tracker {
 public:
  /// Records the accesses of the command that is number `ordinal` of engine `who`, and raises `needed` to the
  /// commands it must wait for.
  void touch(const std::vector<access>& accesses, registers::engine who, std::uint64_t ordinal, engine_counts& needed);
  /// The same accesses come again in the same order: they are found without a search.
  void repeat() { next_place_ = 0; }

 private:
  // What happened to [begin, end). Counts are ordinal + 1, 0 meaning nobody.
  struct segment {
    std::uint64_t begin = 0, end = 0;
    registers::engine writer = registers::engine::none;
    std::uint64_t written = 0;
    engine_counts read{};
  };
  // In order of place, apart from each other. Few are ever inserted: the accesses of a stream come again and again.
  using segments = std::vector<segment>;

  static std::size_t split(segments& all, std::uint64_t at);
  void touch(const access& one, registers::engine who, std::uint64_t ordinal, engine_counts& needed);

  std::array<segments, space_count> spaces_;
  std::vector<std::size_t> places_;  // where each access was found last; only ever a guess
  std::size_t next_place_ = 0;
};

/// A command and what it touches.
struct planned_command {
  registers::command command;
  std::vector<access> accesses;
};

/// Sets the lags of a stream that is repeated image after image (`repeated`) or issued once, so that every command
/// waits for all commands it conflicts with, in the same and in earlier repetitions.
void assign_lags(std::vector<planned_command>& stream, bool repeated);

}  // namespace cimbalom::compiler
