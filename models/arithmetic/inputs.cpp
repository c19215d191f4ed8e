#include "models/arithmetic/inputs.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "models/arithmetic/bit_transpose.hpp"
#include "models/arithmetic/kernels.hpp"

namespace cimbalom::arithmetic {
namespace {

void check(const char* key, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(key) + " = " + std::to_string(value) + ": " + std::to_string(low) + " to " +
                              std::to_string(high));
}

// Planes of one word of 16 codes.
void transpose_word(const std::uint16_t* codes, int planes, std::size_t words, std::uint32_t* out) {
  std::uint64_t transposed[4];  // low bytes of rows 0-7, of rows 8-15, then the high bytes
  for (int half = 0; half < 2; ++half) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    for (int r = 0; r < 8; ++r) {
      const std::uint64_t code = codes[half * 8 + r];
      low |= (code & 0xFF) << (8 * r);
      high |= (code >> 8) << (8 * r);
    }
    transposed[half] = transpose_bits(low);
    transposed[2 + half] = planes > 8 ? transpose_bits(high) : 0;
  }
  for (int p = 0; p < planes; ++p) {
    const int byte = 8 * (p % 8);
    const std::uint64_t* halves = transposed + (p < 8 ? 0 : 2);
    const std::uint64_t bits = ((halves[0] >> byte) & 0xFF) | (((halves[1] >> byte) & 0xFF) << 8);
    out[static_cast<std::size_t>(p) * words] = static_cast<std::uint32_t>(bits * 0x10001U);
  }
}

constexpr int byte_bits = 8;
constexpr int largest_table_sum = 255;

}  // namespace

input_planes::input_planes(int rows_active, int input_bits, int dac_bits)
    : rows_active_(rows_active),
      input_bits_(input_bits),
      dac_bits_(dac_bits),
      words_(row_words(rows_active)),
      planes_((input_bits + 1) / 2 * 2),
      slices_(dac_bits > 0 ? (input_bits + dac_bits - 1) / dac_bits : 0) {
  check("rows_active", rows_active, 1, 1024);
  check("input_bits", input_bits, 1, 16);
  check("dac_bits", dac_bits, 1, 8);
}

void input_planes::resize(std::size_t vectors) {
  size_ = vectors;
  if (input_bits_ <= byte_bits) bytes_.assign(vectors * row_stride(), 0);
  codes_.assign(vectors * row_stride(), 0);
  digit_sums_.assign(vectors * row_stride(), 0);
  slice_sums_.assign(vectors * static_cast<std::size_t>(slices_), 0);
  summaries_.assign(vectors, {});
  made_.assign(vectors, 0);
  with_planes_ = with_tables_ = 0;
}

void input_planes::make(input_form forms, std::uint32_t above) {
  forms_ = forms;
  forms_above_ = above;
}

void input_planes::pack(std::size_t vector, const std::uint16_t* u) {
  std::uint16_t* codes = codes_.data() + vector * row_stride();
  const auto code_mask = static_cast<std::uint16_t>((1U << input_bits_) - 1U);
  for (int r = 0; r < rows_active_; ++r) codes[r] = static_cast<std::uint16_t>(u[r] & code_mask);
  if (!bytes_.empty()) {
    std::uint8_t* bytes = bytes_.data() + vector * row_stride();
    for (int r = 0; r < rows_active_; ++r) bytes[r] = static_cast<std::uint8_t>(codes[r]);
  }
  derive(vector);
}

void input_planes::pack(std::size_t vector, const std::uint8_t* u) {
  std::uint8_t* bytes = bytes_.data() + vector * row_stride();
  const auto code_mask = static_cast<std::uint8_t>((1U << input_bits_) - 1U);
  for (std::size_t r = 0; r < row_stride(); ++r) bytes[r] = static_cast<std::uint8_t>(u[r] & code_mask);
  derive(vector);
}

void input_planes::derive(std::size_t vector) {
  const kernels::byte_kernels& vectors = kernels::current().bytes;
  if (bytes_.empty() || vectors.derive == nullptr) {
    derive_plainly(vector);
  } else {
    const std::size_t at = vector * row_stride();
    const kernels::vector_store store{bytes_.data() + at, codes_.data() + at, digit_sums_.data() + at,
                                      slice_sums_.data() + vector * static_cast<std::size_t>(slices_),
                                      &summaries_[vector]};
    vectors.derive(store, static_cast<std::size_t>(words_), input_bits_, dac_bits_);
  }
  make_forms(vector);
}

void input_planes::derive_plainly(std::size_t vector) {
  std::uint16_t* codes = codes_.data() + vector * row_stride();
  std::uint16_t* digits = digit_sums_.data() + vector * row_stride();
  std::uint32_t* sums = slice_sums_.data() + vector * static_cast<std::size_t>(slices_);
  if (!bytes_.empty()) std::copy_n(bytes_.data() + vector * row_stride(), row_stride(), codes);
  std::fill_n(digits, row_stride(), std::uint16_t{0});
  vector_summary& summary = summaries_[vector];
  summary = {};
  const unsigned mask = (1U << dac_bits_) - 1U;
  for (int i = 0; i < slices_; ++i) {
    std::uint32_t sum = 0;
    for (int r = 0; r < rows_active_; ++r) {
      const auto digit = static_cast<std::uint16_t>((static_cast<unsigned>(codes[r]) >> (i * dac_bits_)) & mask);
      digits[r] = static_cast<std::uint16_t>(digits[r] + digit);
      sum += digit;
    }
    sums[i] = sum;
    summary.largest_slice_sum = std::max(summary.largest_slice_sum, sum);
  }
  for (std::size_t r = 0; r < row_stride(); r += 4) {
    std::uint64_t four;
    std::memcpy(&four, codes + r, sizeof four);
    summary.ones += static_cast<std::uint32_t>(__builtin_popcountll(four));
  }
}

void input_planes::make_forms(std::size_t vector) {
  constexpr auto planes_bit = static_cast<std::uint8_t>(input_form::planes);
  constexpr auto tables_bit = static_cast<std::uint8_t>(input_form::tables);
  if ((made_[vector] & planes_bit) != 0) --with_planes_;
  if ((made_[vector] & tables_bit) != 0) --with_tables_;
  made_[vector] = 0;
  if (summaries_[vector].largest_slice_sum <= forms_above_ && forms_above_ > 0) return;
  const auto wanted = static_cast<unsigned>(forms_);
  if ((wanted & planes_bit) != 0) {
    if (planes_data_.size() < size_ * plane_stride()) planes_data_.resize(size_ * plane_stride());
    make_planes(vector, planes_data_.data() + vector * plane_stride());
    made_[vector] = planes_bit;
    ++with_planes_;
  }
  const auto make_tables = kernels::current().bytes.tables;
  const bool fits = rows_active_ * ((1 << dac_bits_) - 1) <= largest_table_sum;
  if ((wanted & tables_bit) == 0 || bytes_.empty() || make_tables == nullptr || !fits) {
    return;
  }
  const std::size_t stride = table_stride() * static_cast<std::size_t>(slices_);
  if (tables_.size() < size_ * stride) tables_.resize(size_ * stride);
  std::uint8_t* tables = tables_.data() + vector * stride;
  for (int i = 0; i < slices_; ++i, tables += table_stride()) {
    make_tables(bytes(vector), static_cast<std::size_t>(words_), i * dac_bits_, dac_bits_, tables);
  }
  made_[vector] |= tables_bit;
  ++with_tables_;
}

void input_planes::make_planes(std::size_t vector, std::uint32_t* planes) const {
  const auto words = static_cast<std::size_t>(words_);
  const auto fast = kernels::current().bytes.planes;
  if (!bytes_.empty() && fast != nullptr) {
    fast(bytes(vector), words, planes_, planes);
    return;
  }
  for (std::size_t w = 0; w < words; ++w) transpose_word(codes(vector) + w * word_rows, planes_, words, planes + w);
}

}  // namespace cimbalom::arithmetic
