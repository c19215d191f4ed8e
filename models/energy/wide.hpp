#pragma once

#include <cstdint>
#include <string>

namespace cimbalom::energy {

/// 128 bits: a year of a kilowatt in attojoules still fits.
__extension__ using wide = unsigned __int128;

/// Decimal text of an integer.
std::string to_text(wide value);

/// Exact decimal of value / 10^digits, without trailing zeros: to_decimal(1500, 3) is "1.5", to_decimal(2000, 3) "2".
std::string to_decimal(wide value, int digits);

/// Attojoules as picojoules, exactly.
inline std::string to_picojoules(wide attojoules) {
  return to_decimal(attojoules, 6);
}

/// value / divisor, half up. divisor > 0.
constexpr wide divide_rounded(wide value, wide divisor) {
  return (value + divisor / 2) / divisor;
}

/// Nearest double, for ratios only: sums stay integers.
double to_double(wide value);

}  // namespace cimbalom::energy
