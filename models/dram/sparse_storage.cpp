#include "models/dram/sparse_storage.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace cimbalom::dram {

sparse_storage::sparse_storage(std::uint64_t size_bytes) : size_bytes_(size_bytes) {
  pages_.resize(static_cast<std::size_t>((size_bytes + page_bytes - 1) / page_bytes));
}

void sparse_storage::check(std::uint64_t address, std::size_t length) const {
  if (length > size_bytes_ || address > size_bytes_ - length) throw std::out_of_range("beyond the memory");
}

void sparse_storage::read(std::uint64_t address, void* data, std::size_t length) const {
  check(address, length);
  auto* out = static_cast<unsigned char*>(data);
  while (length > 0) {
    const std::size_t offset = static_cast<std::size_t>(address % page_bytes);
    const std::size_t part = std::min(length, page_bytes - offset);
    const std::unique_ptr<unsigned char[]>& page = pages_[static_cast<std::size_t>(address / page_bytes)];
    if (page) {
      std::memcpy(out, page.get() + offset, part);
    } else {
      std::memset(out, 0, part);
    }
    out += part;
    address += part;
    length -= part;
  }
}

void sparse_storage::write(std::uint64_t address, const void* data, std::size_t length) {
  check(address, length);
  const auto* in = static_cast<const unsigned char*>(data);
  while (length > 0) {
    const std::size_t offset = static_cast<std::size_t>(address % page_bytes);
    const std::size_t part = std::min(length, page_bytes - offset);
    std::unique_ptr<unsigned char[]>& page = pages_[static_cast<std::size_t>(address / page_bytes)];
    if (!page) {
      page = std::make_unique<unsigned char[]>(page_bytes);  // zeroed
      ++resident_pages_;
    }
    std::memcpy(page.get() + offset, in, part);
    in += part;
    address += part;
    length -= part;
  }
}

}  // namespace cimbalom::dram
