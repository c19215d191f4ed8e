#include "sw/quantization/weight_rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cimbalom::quantization {
namespace {

double code_at(double real, double scale, int bits) {
  const double top = bits == 1 ? 0 : std::ldexp(1.0, bits - 1) - 1;
  const double low = bits == 1 ? -1 : -top;
  return std::clamp(std::nearbyint(real / scale), low, top);
}

double squared_error(const double* real, std::size_t count, int bits, double scale) {
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double error = real[k] - scale * code_at(real[k], scale, bits);
    sum += error * error;
  }
  return sum;
}

}  // namespace

double round_weights(const double* real, std::size_t count, int bits, std::int16_t* codes) {
  double largest = 0;
  for (std::size_t k = 0; k < count; ++k) largest = std::max(largest, bits == 1 ? -real[k] : std::fabs(real[k]));
  double scale = largest > 0 ? largest / (bits == 1 ? 1.0 : std::ldexp(1.0, bits - 1) - 1) : 1.0;
  if (bits < 8 && largest > 0) {
    const double whole = scale;
    double least = std::numeric_limits<double>::infinity();
    for (int part = 64; part >= 12; --part) {
      const double candidate = whole * part / 64;
      const double error = squared_error(real, count, bits, candidate);
      if (error < least) {
        least = error;
        scale = candidate;
      }
    }
  }
  for (std::size_t k = 0; k < count; ++k) codes[k] = static_cast<std::int16_t>(code_at(real[k], scale, bits));
  return scale;
}

}  // namespace cimbalom::quantization
