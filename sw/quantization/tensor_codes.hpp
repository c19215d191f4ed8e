#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// Number of codes, and bytes of the codes in memory (HWC, 1 or 2 bytes each, little-endian).
std::size_t code_count(const tensor& t);
std::size_t code_bytes(const tensor& t);

/// Place of a code in HWC, and of a weight within its filter.
inline std::size_t code_index(const registers::tensor_format& f, int row, int column, int channel) {
  return (static_cast<std::size_t>(row) * static_cast<std::size_t>(f.width) + static_cast<std::size_t>(column)) *
             static_cast<std::size_t>(f.channels) +
         static_cast<std::size_t>(channel);
}
inline std::size_t weight_index(const mvm_parameters& p, int tap_h, int tap_w, int channel) {
  const std::size_t tap = static_cast<std::size_t>(tap_h) * static_cast<std::size_t>(p.filter_window.kernel_w) +
                          static_cast<std::size_t>(tap_w);
  return tap * static_cast<std::size_t>(p.channels_per_group) + static_cast<std::size_t>(channel);
}

/// float32 values in the order of t.shape to codes in HWC: saturate(half_even(value / scale) + zero_point), all in
/// float32 as QuantizeLinear does. What the host does before the accelerator reads a tensor.
std::vector<std::int32_t> to_codes(const tensor& t, const float* values);
/// The reverse: (code - zero_point) * scale, in the order of t.shape.
std::vector<float> to_floats(const tensor& t, const std::int32_t* codes);

/// Codes as they lie in memory, and back.
void pack_codes(const tensor& t, const std::int32_t* codes, std::uint8_t* bytes);
std::vector<std::int32_t> unpack_codes(const tensor& t, const std::uint8_t* bytes);

}  // namespace cimbalom::quantization
