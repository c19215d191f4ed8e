#pragma once

#include <cstdint>
#include <string>

#include "platform/configuration/error.hpp"

namespace cimbalom::cim {

/// A number as a user would write it.
inline std::string number_text(double value) {
  std::string text = std::to_string(value);  // six decimals, no locale
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Throws input_error "section.key = value: low..high" unless low <= value <= high.
inline void check_range(const char* section, const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw bad_input({}, std::string(section) + "." + key, std::to_string(value),
                  std::to_string(low) + ".." + std::to_string(high));
}

/// The same for a real number; a NaN is refused.
inline void check_real(const char* section, const char* key, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw bad_input({}, std::string(section) + "." + key, number_text(value),
                  number_text(low) + ".." + number_text(high));
}

/// Throws input_error "section.key = value: allowed" unless `good`.
inline void check_that(bool good, const char* section, const char* key, std::int64_t value,
                       const std::string& allowed) {
  if (!good) throw bad_input({}, std::string(section) + "." + key, std::to_string(value), allowed);
}

}  // namespace cimbalom::cim
