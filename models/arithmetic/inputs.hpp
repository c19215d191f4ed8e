#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cimbalom::arithmetic {

/// Rows are handled in words of 16.
inline constexpr int word_rows = 16;
/// Words that hold `rows` rows.
constexpr int row_words(int rows) {
  return (rows + word_rows - 1) / word_rows;
}

/// Input vectors of row groups, packed once and read by every pass that drives them: bit planes for the column sums,
/// codes for the exact dot product, digit sums for the activity counters. Concurrent reads are safe; pack is not.
class input_planes {
 public:
  /// rows_active 1..1024, input_bits 1..16, dac_bits 1..8: std::invalid_argument otherwise. The planes serve any
  /// dac_bits; the counters cost less when the pass has the one given here.
  input_planes(int rows_active, int input_bits, int dac_bits = 2);

  /// Makes room for `vectors` vectors, all zero.
  void resize(std::size_t vectors);
  std::size_t size() const { return size_; }

  /// Packs rows_active unsigned codes below 2^input_bits (higher bits are ignored) as vector `vector`.
  void pack(std::size_t vector, const std::uint16_t* u);

  int rows_active() const { return rows_active_; }
  int input_bits() const { return input_bits_; }
  int dac_bits() const { return dac_bits_; }
  int words() const { return words_; }
  /// Planes kept a vector: input_bits rounded up to even, the added one zero.
  int planes() const { return planes_; }

  /// Plane p, word w of a vector at [p * words() + w]: bit r is bit p of row 16 w + r, the 16 bits held twice.
  const std::uint32_t* plane_words(std::size_t vector) const { return planes_data_.data() + vector * plane_stride(); }
  std::size_t plane_stride() const { return static_cast<std::size_t>(planes_) * static_cast<std::size_t>(words_); }
  /// The codes, 16 * words() of them, zero beyond rows_active.
  const std::uint16_t* codes(std::size_t vector) const { return codes_.data() + vector * row_stride(); }
  std::size_t row_stride() const { return static_cast<std::size_t>(words_) * word_rows; }
  /// Sum over slices of each row's digit, 16 * words() of them, at this object's dac_bits.
  const std::uint16_t* digit_sums(std::size_t vector) const { return digit_sums_.data() + vector * row_stride(); }
  /// Largest sum over rows of any slice's digits, at this object's dac_bits: no one-bit column can sum to more.
  std::uint32_t largest_slice_sum(std::size_t vector) const { return largest_slice_sum_[vector]; }
  /// Bits set in all codes.
  std::uint32_t ones(std::size_t vector) const { return ones_[vector]; }

 private:
  void pack_planes(std::uint32_t* planes, const std::uint16_t* codes) const;

  int rows_active_;
  int input_bits_;
  int dac_bits_;
  int words_;
  int planes_;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> planes_data_;
  std::vector<std::uint16_t> codes_;
  std::vector<std::uint16_t> digit_sums_;
  std::vector<std::uint32_t> largest_slice_sum_;
  std::vector<std::uint32_t> ones_;
};

}  // namespace cimbalom::arithmetic
