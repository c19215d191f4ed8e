#pragma once

#include <cstddef>
#include <cstdint>

namespace cimbalom::quantization {

/// Rounds one filter to symmetric codes of `bits` (1..16; 1: {-1, 0}) and returns the scale, real = scale * code.
/// Below 8 bits the range is the one with the smallest squared error, else the largest magnitude.
double round_weights(const double* real, std::size_t count, int bits, std::int16_t* codes);

}  // namespace cimbalom::quantization
