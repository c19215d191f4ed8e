#include "models/arithmetic/inputs.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cimbalom::arithmetic {
namespace {

void check(const char* key, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(key) + " = " + std::to_string(value) + ": " + std::to_string(low) + " to " +
                              std::to_string(high));
}

// Byte r of the argument becomes bit r of every byte of the result: an 8 x 8 bit transpose by block swaps.
std::uint64_t transpose_bits(std::uint64_t x) {
  std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAULL;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCULL;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0ULL;
  return x ^ t ^ (t << 28);
}

}  // namespace

input_planes::input_planes(int rows_active, int input_bits, int dac_bits)
    : rows_active_(rows_active),
      input_bits_(input_bits),
      dac_bits_(dac_bits),
      words_(row_words(rows_active)),
      planes_((input_bits + 1) / 2 * 2) {
  check("rows_active", rows_active, 1, 1024);
  check("input_bits", input_bits, 1, 16);
  check("dac_bits", dac_bits, 1, 8);
}

void input_planes::resize(std::size_t vectors) {
  size_ = vectors;
  planes_data_.assign(vectors * plane_stride(), 0);
  codes_.assign(vectors * row_stride(), 0);
  digit_sums_.assign(vectors * row_stride(), 0);
  largest_slice_sum_.assign(vectors, 0);
  ones_.assign(vectors, 0);
}

void input_planes::pack_planes(std::uint32_t* planes, const std::uint16_t* codes) const {
  for (int w = 0; w < words_; ++w) {
    std::uint64_t transposed[4];  // low bytes of rows 0-7, of rows 8-15, then the high bytes
    for (int half = 0; half < 2; ++half) {
      std::uint64_t low = 0;
      std::uint64_t high = 0;
      for (int r = 0; r < 8; ++r) {
        const std::uint64_t code = codes[w * word_rows + half * 8 + r];
        low |= (code & 0xFF) << (8 * r);
        high |= (code >> 8) << (8 * r);
      }
      transposed[half] = transpose_bits(low);
      transposed[2 + half] = planes_ > 8 ? transpose_bits(high) : 0;
    }
    for (int p = 0; p < planes_; ++p) {
      const int byte = 8 * (p % 8);
      const std::uint64_t* halves = transposed + (p < 8 ? 0 : 2);
      const std::uint64_t bits = ((halves[0] >> byte) & 0xFF) | (((halves[1] >> byte) & 0xFF) << 8);
      planes[p * words_ + w] = static_cast<std::uint32_t>(bits * 0x10001U);
    }
  }
}

void input_planes::pack(std::size_t vector, const std::uint16_t* u) {
  std::uint16_t* codes = codes_.data() + vector * row_stride();
  std::uint16_t* digits = digit_sums_.data() + vector * row_stride();
  const auto code_mask = static_cast<std::uint16_t>((1U << input_bits_) - 1U);
  unsigned any = 0;
  for (int r = 0; r < rows_active_; ++r) {
    codes[r] = static_cast<std::uint16_t>(u[r] & code_mask);
    any |= codes[r];
  }
  std::fill_n(digits, row_stride(), std::uint16_t{0});
  largest_slice_sum_[vector] = 0;
  ones_[vector] = 0;
  if (any == 0) {
    std::fill_n(planes_data_.data() + vector * plane_stride(), plane_stride(), 0U);
    return;
  }
  const unsigned mask = (1U << dac_bits_) - 1U;
  std::uint32_t largest = 0;
  for (int shift = 0; shift < input_bits_; shift += dac_bits_) {
    std::uint32_t sum = 0;
    for (int r = 0; r < rows_active_; ++r) {
      const auto digit = static_cast<std::uint16_t>((static_cast<unsigned>(codes[r]) >> shift) & mask);
      digits[r] = static_cast<std::uint16_t>(digits[r] + digit);
      sum += digit;
    }
    largest = std::max(largest, sum);
  }
  largest_slice_sum_[vector] = largest;
  std::uint32_t ones = 0;
  for (std::size_t r = 0; r < row_stride(); r += 4) {
    std::uint64_t four;
    std::memcpy(&four, codes + r, sizeof four);
    ones += static_cast<std::uint32_t>(__builtin_popcountll(four));
  }
  ones_[vector] = ones;
  pack_planes(planes_data_.data() + vector * plane_stride(), codes);
}

}  // namespace cimbalom::arithmetic
