#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/dram/dram_core.hpp"

namespace cimbalom::dram {

/// The controllers of all channels: splits requests between them and puts the completions together. Like a core, it
/// keeps no time of its own.
class dram_channels {
 public:
  /// The configuration must be valid.
  dram_channels(const dram_config& config, energy::event_sink& sink);

  /// `address` counts from 0 over all channels; see dram_core::enqueue.
  void enqueue(const dram_request& request, std::uint64_t cycle);
  /// Appends completions of whole requests.
  void advance(std::uint64_t cycle, std::vector<dram_completion>& completed);
  std::optional<std::uint64_t> next_decision();
  void settle(std::uint64_t cycle);
  /// Whether another request may enter while `under_way` are inside: queue_depth, queue_counts.
  bool has_room(std::size_t under_way) const;
  dram_statistics statistics() const;

  std::size_t size() const { return cores_.size(); }
  dram_core& operator[](std::size_t channel) { return *cores_[channel]; }

 private:
  struct whole {
    std::uint64_t id = 0;
    std::uint64_t last_cycle = 0;
    std::uint32_t parts_left = 0;
  };

  dram_config config_;
  std::uint64_t stretch_bytes_;
  std::vector<std::unique_ptr<dram_core>> cores_;
  std::vector<whole> wholes_;  // by the id that the cores see; unused with one channel
  std::vector<std::uint64_t> free_;
  std::vector<dram_completion> parts_;  // scratch of advance()
};

}  // namespace cimbalom::dram
