#pragma once

#include <cstdint>
#include <string>

namespace cimbalom::registers {

/// An address as people read it: 0x80000000.
inline std::string hex(std::uint64_t value) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 15]);
    value >>= 4;
  } while (value != 0);
  return "0x" + text;
}

}  // namespace cimbalom::registers
