#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace cimbalom::arithmetic {

/// Allocates on cache-line boundaries, so that no vector load splits a line.
template <typename T>
struct aligned_allocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  aligned_allocator() = default;
  template <typename U>
  aligned_allocator(const aligned_allocator<U>&) {}  // NOLINT(google-explicit-constructor): allocator requirement

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* pointer, std::size_t) { ::operator delete(pointer, alignment); }
  template <typename U>
  bool operator==(const aligned_allocator<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const aligned_allocator<U>&) const {
    return false;
  }
};

template <typename T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

}  // namespace cimbalom::arithmetic
