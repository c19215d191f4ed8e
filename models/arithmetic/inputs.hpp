#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/arithmetic/aligned.hpp"

namespace cimbalom::arithmetic {

/// Rows are handled in words of 16.
inline constexpr int word_rows = 16;
/// Words that hold `rows` rows.
constexpr int row_words(int rows) {
  return (rows + word_rows - 1) / word_rows;
}

/// What is known of a vector without a look at its codes.
struct vector_summary {
  std::uint32_t ones = 0;               ///< bits set in all codes
  std::uint32_t largest_slice_sum = 0;  ///< largest sum over rows of any slice's digits: no one-bit column sums to more
};

/// Forms that a pass reads where it computes every conversion. They are made with the vector, or by the pass when it
/// meets a vector that lacks them.
enum class input_form { none, planes, tables, both };

/// Input vectors of row groups, packed once and read by every pass that drives them: codes for the exact dot product,
/// bit planes and lookup tables for the column sums, digit sums for the activity counters. Concurrent reads are safe;
/// packing is not.
class input_planes {
 public:
  /// rows_active 1..1024, input_bits 1..16, dac_bits 1..8: std::invalid_argument otherwise. A pass with another
  /// dac_bits gives the same result, more slowly.
  input_planes(int rows_active, int input_bits, int dac_bits = 2);

  /// Makes room for `vectors` vectors, all zero.
  void resize(std::size_t vectors);
  std::size_t size() const { return size_; }

  /// From now on pack makes `forms`, for vectors whose largest slice sum is above `above`. At first: both, all.
  void make(input_form forms, std::uint32_t above = 0);

  /// Packs rows_active unsigned codes below 2^input_bits (higher bits are ignored) as vector `vector`.
  void pack(std::size_t vector, const std::uint16_t* u);
  /// The same from bytes, row_stride() of them, of which those beyond rows_active must be 0; input_bits at most 8.
  void pack(std::size_t vector, const std::uint8_t* u);

  int rows_active() const { return rows_active_; }
  int input_bits() const { return input_bits_; }
  int dac_bits() const { return dac_bits_; }
  int words() const { return words_; }
  int slices() const { return slices_; }
  /// Planes kept a vector: input_bits rounded up to even, the added one zero.
  int planes() const { return planes_; }

  const vector_summary& summary(std::size_t vector) const { return summaries_[vector]; }
  /// One a vector.
  const vector_summary* summaries() const { return summaries_.data(); }
  /// The codes, 16 * words() of them, zero beyond rows_active.
  const std::uint16_t* codes(std::size_t vector) const { return codes_.data() + vector * row_stride(); }
  std::size_t row_stride() const { return static_cast<std::size_t>(words_) * word_rows; }
  /// The codes as bytes; null with more than 8 bits.
  const std::uint8_t* bytes(std::size_t vector) const {
    return bytes_.empty() ? nullptr : bytes_.data() + vector * row_stride();
  }
  /// Sum over slices of each row's digit, 16 * words() of them, at this object's dac_bits.
  const std::uint16_t* digit_sums(std::size_t vector) const { return digit_sums_.data() + vector * row_stride(); }
  /// Sum over rows of each slice's digits, slices() of them, at this object's dac_bits.
  const std::uint32_t* slice_sums(std::size_t vector) const {
    return slice_sums_.data() + vector * static_cast<std::size_t>(slices_);
  }

  /// Plane p, word w of a vector at [p * words() + w]: bit r is bit p of row 16 w + r, the 16 bits held twice. Null if
  /// not made.
  const std::uint32_t* planes(std::size_t vector) const {
    return has(vector, input_form::planes) ? planes_data_.data() + vector * plane_stride() : nullptr;
  }
  std::size_t plane_stride() const { return static_cast<std::size_t>(planes_) * static_cast<std::size_t>(words_); }
  /// Those of vector v at v * plane_stride(), where every vector has them; else null.
  const std::uint32_t* all_planes() const { return size_ > 0 && with_planes_ == size_ ? planes_data_.data() : nullptr; }
  /// Writes them, plane_stride() of them, whether made or not.
  void make_planes(std::size_t vector, std::uint32_t* planes) const;

  /// Lookup tables at [slice * table_stride()], table t at 16 t: byte i is the sum of this slice's digits over those
  /// rows 4 t + k for which bit k of i is set. Null if not made: not wanted, more than 8 bits a code, or a sum above
  /// 255.
  const std::uint8_t* tables(std::size_t vector) const {
    return has(vector, input_form::tables)
               ? tables_.data() + vector * table_stride() * static_cast<std::size_t>(slices_)
               : nullptr;
  }
  std::size_t table_stride() const { return static_cast<std::size_t>(words_) * 4 * word_rows; }
  /// Those of vector v at v * slices() * table_stride(), where every vector has them; else null.
  const std::uint8_t* all_tables() const { return size_ > 0 && with_tables_ == size_ ? tables_.data() : nullptr; }

 private:
  bool has(std::size_t vector, input_form form) const { return (made_[vector] & static_cast<std::uint8_t>(form)) != 0; }
  void derive(std::size_t vector);
  void derive_plainly(std::size_t vector);
  void make_forms(std::size_t vector);

  int rows_active_;
  int input_bits_;
  int dac_bits_;
  int words_;
  int planes_;
  int slices_;
  std::size_t size_ = 0;
  input_form forms_ = input_form::both;
  std::uint32_t forms_above_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint16_t> codes_;
  std::vector<std::uint16_t> digit_sums_;
  std::vector<std::uint32_t> slice_sums_;
  std::vector<vector_summary> summaries_;
  std::vector<std::uint8_t> made_;  // input_form as bits
  std::size_t with_planes_ = 0;     // vectors whose planes are made
  std::size_t with_tables_ = 0;
  std::vector<std::uint32_t> planes_data_;
  aligned_vector<std::uint8_t> tables_;
};

}  // namespace cimbalom::arithmetic
