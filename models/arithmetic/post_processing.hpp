#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cimbalom::arithmetic {

/// How one output's sum becomes a code.
struct post_filter {
  std::int64_t bias = 0;               ///< added to the sum, in its units
  std::int32_t multiplier = 0;         ///< fixed point; floating point: the bits of a float32 factor
  std::int32_t second_multiplier = 0;  ///< of the second input; likewise
  int shift = 0;                       ///< 0..62; floating point: unused
};

/// Sums of some pixels and where their codes go.
struct post_pixels {
  const std::int32_t* sums = nullptr;    ///< [pixel][output]
  const std::int32_t* second = nullptr;  ///< second input relative to its zero point; null: there is none
  std::size_t second_stride = 0;         ///< values from pixel to pixel
  std::size_t count = 0;
  std::uint8_t* codes = nullptr;  ///< little-endian, outputs side by side
  std::size_t code_bytes = 1;     ///< 1 or 2 bytes a code
  std::size_t pitch_bytes = 0;    ///< from pixel to pixel
};

namespace kernels {

/// What the kernels need of a post_processing; arrays hold one value an output.
struct post_plan {
  std::size_t outputs = 0;
  const std::int64_t* offsets = nullptr;  ///< fixed point: bias * multiplier, modulo 2^64
  const std::int64_t* multipliers = nullptr;
  const std::int64_t* second_multipliers = nullptr;
  const std::int64_t* shifts = nullptr;
  const std::int64_t* below_half = nullptr;   ///< 2^(shift - 1) - 1
  const std::int64_t* odd = nullptr;          ///< 1; 0 without a shift: nothing is rounded
  const std::int64_t* biases = nullptr;       ///< floating point
  const std::int32_t* near_biases = nullptr;  ///< the same; null if one needs more than 32 bits
  const float* factors = nullptr;
  const float* second_factors = nullptr;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
};

}  // namespace kernels

/// The end of a matrix-vector layer, for every output: bias, scaling, second input, one rounding half to even, zero
/// point and clamp.
/// Fixed point: clamp(half_even(((sum + bias) * multiplier + second * second_multiplier) / 2^shift) + zero_point);
/// every intermediate value must fit 64 bits. Floating point: clamp(half_even(float(sum + bias) * factor + second *
/// second_factor) + zero_point), each step rounded to float32; a NaN gives `low`.
class post_processing {
 public:
  post_processing() = default;
  post_processing(bool fixed_point, const std::vector<post_filter>& filters, std::int32_t zero_point, std::int32_t low,
                  std::int32_t high);

  std::size_t outputs() const { return shifts_.size(); }
  void run(const post_pixels& pixels) const;
  /// Bytes that this object holds, roughly.
  std::size_t footprint() const;

 private:
  bool fixed_point_ = true;
  bool near_ = true;  // every bias fits 32 bits
  std::int32_t zero_point_ = 0;
  std::int32_t low_ = 0;
  std::int32_t high_ = 0;
  std::vector<std::int64_t> offsets_;  // floating point: biases
  std::vector<std::int64_t> shifts_;
  std::vector<std::int64_t> multipliers_, second_multipliers_, below_half_, odd_;  // fixed point
  std::vector<std::int32_t> near_biases_;                                          // floating point
  std::vector<float> factors_, second_factors_;                                    // floating point
};

}  // namespace cimbalom::arithmetic
