#include "sw/quantization/tensor_codes.hpp"

#include "models/arithmetic/requantize.hpp"

namespace cimbalom::quantization {
namespace {

// Calls f(position of a code in HWC, position of its value in the order of the shape).
template <class F>
void for_each_code(const tensor& t, F&& f) {
  const auto height = static_cast<std::size_t>(t.format.height), width = static_cast<std::size_t>(t.format.width);
  const auto channels = static_cast<std::size_t>(t.format.channels);
  std::size_t code = 0;
  for (std::size_t h = 0; h < height; ++h)
    for (std::size_t w = 0; w < width; ++w)
      for (std::size_t c = 0; c < channels; ++c, ++code) f(code, t.channels_last ? code : (c * height + h) * width + w);
}

}  // namespace

std::size_t code_count(const tensor& t) {
  return static_cast<std::size_t>(t.format.height) * static_cast<std::size_t>(t.format.width) *
         static_cast<std::size_t>(t.format.channels);
}

std::size_t code_bytes(const tensor& t) {
  return code_count(t) * static_cast<std::size_t>(t.format.element_bytes());
}

std::vector<std::int32_t> to_codes(const tensor& t, const float* values) {
  std::vector<std::int32_t> codes(code_count(t));
  const auto scale = static_cast<float>(t.scale);
  for_each_code(t, [&](std::size_t code, std::size_t value) {
    codes[code] =
        arithmetic::quantize_linear(values[value], scale, t.format.zero_point, t.format.minimum(), t.format.maximum());
  });
  return codes;
}

std::vector<float> to_floats(const tensor& t, const std::int32_t* codes) {
  std::vector<float> values(code_count(t));
  const auto scale = static_cast<float>(t.scale);
  for_each_code(t, [&](std::size_t code, std::size_t value) {
    values[value] = static_cast<float>(codes[code] - t.format.zero_point) * scale;
  });
  return values;
}

void pack_codes(const tensor& t, const std::int32_t* codes, std::uint8_t* bytes) {
  const std::size_t count = code_count(t);
  if (t.format.element_bytes() == 1) {
    for (std::size_t k = 0; k < count; ++k) bytes[k] = static_cast<std::uint8_t>(codes[k]);
    return;
  }
  for (std::size_t k = 0; k < count; ++k) {
    bytes[2 * k] = static_cast<std::uint8_t>(codes[k]);
    bytes[2 * k + 1] = static_cast<std::uint8_t>(codes[k] >> 8);
  }
}

std::vector<std::int32_t> unpack_codes(const tensor& t, const std::uint8_t* bytes) {
  std::vector<std::int32_t> codes(code_count(t));
  for (std::size_t k = 0; k < codes.size(); ++k) {
    if (t.format.element_bytes() == 1) {
      codes[k] = t.format.is_signed ? static_cast<std::int8_t>(bytes[k]) : bytes[k];
    } else {
      const auto raw = static_cast<std::uint16_t>(bytes[2 * k] | bytes[2 * k + 1] << 8);
      codes[k] = t.format.is_signed ? static_cast<std::int16_t>(raw) : raw;
    }
  }
  return codes;
}

}  // namespace cimbalom::quantization
