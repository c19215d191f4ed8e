#include "models/energy/wide.hpp"

#include <algorithm>

namespace cimbalom::energy {

std::string to_text(wide value) {
  if (value == 0) return "0";
  std::string digits;
  for (; value != 0; value /= 10) digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string to_decimal(wide value, int digits) {
  std::string text = to_text(value);
  const auto places = static_cast<std::size_t>(digits);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  text.insert(text.size() - places, ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

double to_double(wide value) {
  return static_cast<double>(value);
}

}  // namespace cimbalom::energy
