#include "models/energy/ledger.hpp"

#include <algorithm>

namespace cimbalom::energy {

ledger::layer_counts& ledger::at(std::int32_t layer) {
  const auto index = static_cast<std::size_t>(std::max(layer, no_layer) - no_layer);
  if (index >= layers_.size()) layers_.resize(index + 1);
  return layers_[index];
}

const ledger::layer_counts* ledger::find(std::int32_t layer) const {
  const auto index = static_cast<std::size_t>(std::max(layer, no_layer) - no_layer);
  return index < layers_.size() ? &layers_[index] : nullptr;
}

void ledger::count(event what, std::int32_t layer, std::uint64_t n) {
  at(layer).events[static_cast<std::size_t>(what)] += n;
}

void ledger::elapse(std::int32_t layer, std::uint64_t picoseconds) {
  at(layer).picoseconds += picoseconds;
}

ledger& ledger::operator+=(const ledger& other) {
  if (layers_.size() < other.layers_.size()) layers_.resize(other.layers_.size());
  for (std::size_t i = 0; i < other.layers_.size(); ++i) {
    for (std::size_t e = 0; e < event_count; ++e) layers_[i].events[e] += other.layers_[i].events[e];
    layers_[i].picoseconds += other.layers_[i].picoseconds;
  }
  return *this;
}

std::uint64_t ledger::counted(event what, std::int32_t layer) const {
  const layer_counts* found = find(layer);
  return found == nullptr ? 0 : found->events[static_cast<std::size_t>(what)];
}

std::uint64_t ledger::counted(event what) const {
  std::uint64_t sum = 0;
  for (const layer_counts& l : layers_) sum += l.events[static_cast<std::size_t>(what)];
  return sum;
}

std::uint64_t ledger::elapsed_ps(std::int32_t layer) const {
  const layer_counts* found = find(layer);
  return found == nullptr ? 0 : found->picoseconds;
}

}  // namespace cimbalom::energy
