#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace cimbalom::datasets {

/// Kinds of numbers that IDX and NumPy files hold.
enum class number_kind { unsigned_integer, signed_integer, floating };

struct number_format {
  number_kind kind = number_kind::unsigned_integer;
  std::size_t bytes = 1;  ///< 1, 2, 4 or 8; floating: 4 or 8
  bool big_endian = false;
};

/// The bits of one number, most significant byte first in the result.
inline std::uint64_t raw_bits(const std::uint8_t* from, const number_format& format) {
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < format.bytes; ++k)
    bits = (bits << 8) | from[format.big_endian ? k : format.bytes - 1 - k];
  return bits;
}

inline std::int64_t as_integer(const std::uint8_t* from, const number_format& format) {
  const std::uint64_t bits = raw_bits(from, format);
  if (format.kind != number_kind::signed_integer || format.bytes == 8) return static_cast<std::int64_t>(bits);
  const std::uint64_t sign = std::uint64_t{0x80} << (8 * format.bytes - 8);
  return static_cast<std::int64_t>(bits ^ sign) - static_cast<std::int64_t>(sign);
}

inline float as_float(const std::uint8_t* from, const number_format& format) {
  if (format.kind != number_kind::floating) return static_cast<float>(as_integer(from, format));
  const std::uint64_t bits = raw_bits(from, format);
  if (format.bytes == 8) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
  }
  const auto low = static_cast<std::uint32_t>(bits);
  float value = 0;
  std::memcpy(&value, &low, sizeof value);
  return value;
}

/// An array as a file holds it.
struct raw_array {
  number_format format;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;  ///< of the file
  std::size_t offset = 0;           ///< of the first element
};

}  // namespace cimbalom::datasets
