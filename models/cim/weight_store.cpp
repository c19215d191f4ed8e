#include "models/cim/weight_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cimbalom::cim {

namespace {

constexpr std::size_t known_bytes_limit = std::size_t{256} << 20;

// Any mixing hash serves: equality is checked on the bytes.
std::uint64_t hash_of(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = size * factor;
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min<std::size_t>(8, size - at));
    hash = (hash ^ word) * factor;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

weight_store::weight_store(const macro_config& macro, int banks)
    : shape_(macro.shape()),
      columns_(macro.columns_driven()),
      image_bytes_(static_cast<std::size_t>(macro.position_bytes())),
      per_bank_(static_cast<std::size_t>(macro.positions())),
      positions_(per_bank_ * static_cast<std::size_t>(banks)) {
  const std::size_t cells = static_cast<std::size_t>(macro.rows_active) * static_cast<std::size_t>(columns_);
  known_limit_ = std::max<std::size_t>(known_bytes_limit / (image_bytes_ + cells / 2 + 512), 16);
}

// A stream programs the same positions in the same order for every image: no search then.
shared_position weight_store::pack(const std::uint8_t* image) {
  known* expected = last_ != nullptr ? last_->next : nullptr;
  if (expected == nullptr || std::memcmp(expected->image.data(), image, image_bytes_) != 0) {
    known* const before = last_;
    expected = &find(image);
    if (before != nullptr && last_ == before) before->next = expected;
  }
  last_ = expected;
  return expected->packed;
}

weight_store::known& weight_store::find(const std::uint8_t* image) {
  const std::uint64_t hash = hash_of(image, image_bytes_);
  const auto candidates = known_.equal_range(hash);
  for (auto it = candidates.first; it != candidates.second; ++it) {
    if (std::memcmp(it->second.image.data(), image, image_bytes_) == 0) return it->second;
  }
  if (known_.size() >= known_limit_) {  // what the banks hold stays
    known_.clear();
    last_ = nullptr;
  }
  auto packed = std::make_shared<const arithmetic::packed_position>(shape_, columns_, image);
  known made{std::vector<std::uint8_t>(image, image + image_bytes_), std::move(packed), nullptr};
  return known_.emplace(hash, std::move(made))->second;
}

void weight_store::clear() {
  std::fill(positions_.begin(), positions_.end(), nullptr);
}

}  // namespace cimbalom::cim
