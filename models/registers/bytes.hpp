#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace cimbalom::registers {

/// Appends little-endian fields to a byte vector. A format is one function over writer or reader, so that encode and
/// decode cannot disagree.
class byte_writer {
 public:
  explicit byte_writer(std::vector<std::uint8_t>& out) : out_(out) {}

  template <typename T>
  void operator()(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      (*this)(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      out_.push_back(value ? 1 : 0);
    } else {
      static_assert(std::is_integral_v<T>);
      const auto bits = static_cast<std::uint64_t>(value);
      for (std::size_t i = 0; i < sizeof(T); ++i) out_.push_back(static_cast<std::uint8_t>(bits >> (8 * i)));
    }
  }

  /// Reserved bytes: written as zero.
  void reserved(std::size_t count) { out_.insert(out_.end(), count, 0); }

 private:
  std::vector<std::uint8_t>& out_;
};

/// Reads what byte_writer wrote. Reading past the end, a bool above 1 or a reserved byte that is not zero makes ok()
/// false; fields read after that are zero.
class byte_reader {
 public:
  byte_reader(const std::uint8_t* bytes, std::size_t size) : next_(bytes), left_(size) {}

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      (*this)(raw);
      value = static_cast<T>(raw);
    } else if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t raw = 0;
      (*this)(raw);
      if (raw > 1) ok_ = false;
      value = raw == 1;
    } else {
      static_assert(std::is_integral_v<T>);
      value = T{};
      if (!take(sizeof(T))) return;
      std::uint64_t bits = 0;
      for (std::size_t i = 0; i < sizeof(T); ++i) bits |= static_cast<std::uint64_t>(next_[i]) << (8 * i);
      next_ += sizeof(T);
      value = static_cast<T>(bits);
    }
  }

  void reserved(std::size_t count) {
    if (!take(count)) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (next_[i] != 0) ok_ = false;
    }
    next_ += count;
  }

  bool ok() const { return ok_; }
  std::size_t left() const { return left_; }
  void fail() { ok_ = false; }

 private:
  bool take(std::size_t count) {
    if (!ok_ || count > left_) {
      ok_ = false;
      return false;
    }
    left_ -= count;
    return true;
  }

  const std::uint8_t* next_;
  std::size_t left_;
  bool ok_ = true;
};

}  // namespace cimbalom::registers
