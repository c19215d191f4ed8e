#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cimbalom::dram {

/// Memory contents: pages are made when first written; what was never written reads 0.
class sparse_storage {
 public:
  static constexpr std::size_t page_bytes = 1U << 16;

  explicit sparse_storage(std::uint64_t size_bytes);

  std::uint64_t size_bytes() const { return size_bytes_; }
  /// [address, address + length) must lie inside; callers check. Throws std::out_of_range otherwise.
  void read(std::uint64_t address, void* data, std::size_t length) const;
  void write(std::uint64_t address, const void* data, std::size_t length);
  /// Bytes of host memory that hold contents.
  std::size_t resident_bytes() const { return resident_pages_ * page_bytes; }

 private:
  void check(std::uint64_t address, std::size_t length) const;

  std::uint64_t size_bytes_;
  std::vector<std::unique_ptr<unsigned char[]>> pages_;
  std::size_t resident_pages_ = 0;
};

}  // namespace cimbalom::dram
