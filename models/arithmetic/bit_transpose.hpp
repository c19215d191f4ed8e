#pragma once

#include <cstdint>

namespace cimbalom::arithmetic {

/// Bit b of byte r of the argument becomes bit r of byte b: an 8 x 8 bit transpose by block swaps.
inline std::uint64_t transpose_bits(std::uint64_t x) {
  std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAULL;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCULL;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0ULL;
  return x ^ t ^ (t << 28);
}

}  // namespace cimbalom::arithmetic
