#include "sw/compiler/buffer_allocator.hpp"

#include <algorithm>

namespace cimbalom::compiler {

namespace {

constexpr std::uint64_t alignment = 64;  // a memory-side word of the default access manager

std::uint64_t align_up(std::uint64_t value) {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace

std::optional<std::uint64_t> buffer_allocator::find(std::size_t buffer, std::uint64_t bytes, int first,
                                                    int last) const {
  std::vector<const allocation*> live;
  for (const allocation& one : allocations_) {
    if (one.buffer == buffer && one.first <= last && first <= one.last) live.push_back(&one);
  }
  std::sort(live.begin(), live.end(), [](const auto* a, const auto* b) { return a->begin < b->begin; });
  std::uint64_t at = 0;
  for (const allocation* one : live) {
    if (one->begin >= at + bytes) break;
    at = std::max(at, align_up(one->end));
  }
  if (bytes > buffers_[buffer].bytes || at > buffers_[buffer].bytes - bytes) return std::nullopt;
  return at;
}

std::optional<std::uint32_t> buffer_allocator::allocate(std::uint64_t bytes, int first, int last,
                                                        std::size_t preferred) {
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const std::size_t buffer = (preferred + i) % buffers_.size();
    if (const auto at = find(buffer, bytes, first, last)) {
      allocations_.push_back({buffer, *at, *at + bytes, first, last});
      return buffers_[buffer].offset + static_cast<std::uint32_t>(*at);
    }
  }
  return std::nullopt;
}

std::size_t buffer_allocator::buffer_of(std::uint32_t offset) const {
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    if (offset >= buffers_[i].offset && offset - buffers_[i].offset < buffers_[i].bytes) return i;
  }
  return 0;
}

}  // namespace cimbalom::compiler
