#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace cimbalom::compiler {

/// First-fit allocation over several buffers and over time (layer numbers).
class buffer_allocator {
 public:
  struct area {
    std::uint32_t offset = 0;  ///< aperture
    std::uint64_t bytes = 0;
  };

  explicit buffer_allocator(std::vector<area> buffers) : buffers_(std::move(buffers)) {}

  /// A place that is free during [first, last], in buffer `preferred` if that has one; nothing: no room.
  std::optional<std::uint32_t> allocate(std::uint64_t bytes, int first, int last, std::size_t preferred = 0);

  /// Number of the buffer that holds an aperture offset.
  std::size_t buffer_of(std::uint32_t offset) const;
  std::size_t buffers() const { return buffers_.size(); }

 private:
  struct allocation {
    std::size_t buffer;
    std::uint64_t begin, end;
    int first, last;
  };
  std::optional<std::uint64_t> find(std::size_t buffer, std::uint64_t bytes, int first, int last) const;

  std::vector<area> buffers_;
  std::vector<allocation> allocations_;
};

}  // namespace cimbalom::compiler
