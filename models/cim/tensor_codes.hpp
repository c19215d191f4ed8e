#pragma once

#include <cstddef>
#include <cstdint>

#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// Bytes of one row (width x channels) of a feature map, and of one pixel.
inline std::uint64_t row_bytes(const registers::tensor_format& format) {
  return static_cast<std::uint64_t>(format.width) * static_cast<std::uint64_t>(format.channels) *
         static_cast<std::uint64_t>(format.element_bytes());
}
inline std::uint64_t pixel_bytes(const registers::tensor_format& format) {
  return static_cast<std::uint64_t>(format.channels) * static_cast<std::uint64_t>(format.element_bytes());
}

namespace detail {

inline std::uint16_t two_bytes(const std::uint8_t* from) {
  return static_cast<std::uint16_t>(from[0] | from[1] << 8);
}

}  // namespace detail

/// `count` codes, minus `origin`.
inline void load_codes(const registers::tensor_format& format, const std::uint8_t* from, std::size_t count,
                       std::int32_t origin, std::int32_t* to) {
  if (format.element_bytes() == 1) {
    if (format.is_signed) {
      for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(from[i]) - origin;
    } else {
      for (std::size_t i = 0; i < count; ++i) to[i] = from[i] - origin;
    }
  } else if (format.is_signed) {
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = static_cast<std::int16_t>(detail::two_bytes(from + 2 * i)) - origin;
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = detail::two_bytes(from + 2 * i) - origin;
  }
}

/// `count` codes as they are driven: code - minimum, unsigned.
inline void load_driven(const registers::tensor_format& format, const std::uint8_t* from, std::size_t count,
                        std::uint16_t* to) {
  const auto origin = static_cast<std::uint16_t>(-format.minimum());  // modulo 2^16: the sign needs no care
  if (format.element_bytes() == 2) {
    for (std::size_t i = 0; i < count; ++i)
      to[i] = static_cast<std::uint16_t>(detail::two_bytes(from + 2 * i) + origin);
  } else if (format.is_signed) {
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = static_cast<std::uint16_t>(static_cast<std::int8_t>(from[i]) + origin);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

/// The same where a code is one byte.
inline void load_driven(const registers::tensor_format& format, const std::uint8_t* from, std::size_t count,
                        std::uint8_t* to) {
  const auto origin = static_cast<std::uint8_t>(-format.minimum());  // modulo 2^8
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(from[i] + origin);
}

inline void store_code(const registers::tensor_format& format, std::int32_t code, std::uint8_t* to) {
  to[0] = static_cast<std::uint8_t>(code);
  if (format.element_bytes() == 2) to[1] = static_cast<std::uint8_t>(code >> 8);
}

/// `count` codes side by side.
inline void store_codes(const registers::tensor_format& format, const std::int32_t* from, std::size_t count,
                        std::uint8_t* to) {
  if (format.element_bytes() == 1) {
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(from[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) store_code(format, from[i], to + 2 * i);
  }
}

}  // namespace cimbalom::cim
