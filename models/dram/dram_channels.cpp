#include "models/dram/dram_channels.hpp"

#include <algorithm>

namespace cimbalom::dram {

dram_channels::dram_channels(const dram_config& config, energy::event_sink& sink)
    : config_(config), stretch_bytes_(config.channel_stretch_bytes()) {
  for (int c = 0; c < config.channels; ++c) cores_.push_back(std::make_unique<dram_core>(config, sink));
}

void dram_channels::enqueue(const dram_request& request, std::uint64_t cycle) {
  if (cores_.size() == 1) return cores_.front()->enqueue(request, cycle);
  if (free_.empty()) {
    free_.push_back(wholes_.size());
    wholes_.emplace_back();
  }
  dram_request part = request;
  part.id = free_.back();
  free_.pop_back();
  whole& made = wholes_[part.id] = {request.id, 0, 0};
  std::uint64_t address = request.address;
  std::uint64_t remaining = request.length;
  while (remaining > 0) {
    const std::uint64_t stretch = std::min(remaining, stretch_bytes_ - address % stretch_bytes_);
    const auto [local, channel] = config_.channel_address(address);
    part.address = local;
    part.length = static_cast<std::uint32_t>(stretch);
    ++made.parts_left;
    cores_[static_cast<std::size_t>(channel)]->enqueue(part, cycle);
    address += stretch;
    remaining -= stretch;
  }
}

void dram_channels::advance(std::uint64_t cycle, std::vector<dram_completion>& completed) {
  if (cores_.size() == 1) return cores_.front()->advance(cycle, completed);
  parts_.clear();
  for (const std::unique_ptr<dram_core>& core : cores_) core->advance(cycle, parts_);
  for (const dram_completion& part : parts_) {
    whole& one = wholes_[part.id];
    one.last_cycle = std::max(one.last_cycle, part.cycle);
    if (--one.parts_left > 0) continue;
    completed.push_back({one.id, one.last_cycle});
    free_.push_back(part.id);
  }
}

std::optional<std::uint64_t> dram_channels::next_decision() {
  std::optional<std::uint64_t> next;
  for (const std::unique_ptr<dram_core>& core : cores_) {
    const std::optional<std::uint64_t> one = core->next_decision();
    if (one && (!next || *one < *next)) next = one;
  }
  return next;
}

void dram_channels::settle(std::uint64_t cycle) {
  for (const std::unique_ptr<dram_core>& core : cores_) core->settle(cycle);
}

bool dram_channels::has_room(std::size_t under_way) const {
  const auto depth = static_cast<std::size_t>(config_.queue_depth);
  if (config_.queue_counts == queue_rule::all_transactions) return under_way < depth;
  return std::all_of(cores_.begin(), cores_.end(),
                     [depth](const auto& core) { return core->before_bank_queues() < depth; });
}

dram_statistics dram_channels::statistics() const {
  dram_statistics total;
  for (const std::unique_ptr<dram_core>& core : cores_) total += core->statistics();
  return total;
}

}  // namespace cimbalom::dram
