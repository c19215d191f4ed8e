#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "models/energy/event_sink.hpp"

namespace cimbalom::testing_support {

/// Adds up what it is told.
struct counting_sink final : energy::event_sink {
  void count(energy::event what, std::int32_t layer, std::uint64_t n) override { counts[{what, layer}] += n; }
  std::uint64_t total(energy::event what) const {
    std::uint64_t sum = 0;
    for (const auto& [key, n] : counts) sum += key.first == what ? n : 0;
    return sum;
  }
  std::map<std::pair<energy::event, std::int32_t>, std::uint64_t> counts;
};

}  // namespace cimbalom::testing_support
