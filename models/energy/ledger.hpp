#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/energy/event_sink.hpp"

namespace cimbalom::energy {

/// Keeps what happened: event counts and elapsed time, both by layer. It knows no cost. Not for several threads at
/// once: give each its own and add them up.
class ledger final : public event_sink {
 public:
  void count(event what, std::int32_t layer, std::uint64_t n) override;
  /// Books time during which `layer` was the one at work, so that it carries the leakage of the whole platform.
  /// Intervals of different layers must not overlap, else leakage is counted twice.
  void elapse(std::int32_t layer, std::uint64_t picoseconds);
  ledger& operator+=(const ledger& other);
  void clear() { layers_.clear(); }

  std::uint64_t counted(event what, std::int32_t layer) const;
  std::uint64_t counted(event what) const;
  std::uint64_t elapsed_ps(std::int32_t layer) const;
  /// Layers seen lie in [no_layer, layer_limit()).
  std::int32_t layer_limit() const { return static_cast<std::int32_t>(layers_.size()) - 1; }

 private:
  struct layer_counts {
    std::array<std::uint64_t, event_count> events{};
    std::uint64_t picoseconds = 0;
  };
  layer_counts& at(std::int32_t layer);
  const layer_counts* find(std::int32_t layer) const;

  std::vector<layer_counts> layers_;  // index: layer + 1
};

}  // namespace cimbalom::energy
