#include "models/arithmetic/post_processing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "models/arithmetic/dispatch.hpp"
#include "models/arithmetic/requantize.hpp"

namespace cimbalom::arithmetic {
namespace {

constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();

struct scenario {
  bool fixed = true;
  bool has_second = false;
  std::size_t code_bytes = 1;
  std::size_t pixels = 1;
  std::int32_t zero_point = 0, low = 0, high = 255;
  std::vector<post_filter> filters;
  std::vector<std::int32_t> sums, second;
};

std::int32_t bits_of(float value) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Small, anything, or an end of the range.
rc::Gen<std::int32_t> sums_of_any_size() {
  return rc::gen::oneOf(rc::gen::inRange(-2000, 2000), rc::gen::arbitrary<std::int32_t>(),
                        rc::gen::element(least, least + 1, -1, 0, 1, most - 1, most));
}

// Biases and sums near zero never leave 32 bits, so that whole vectors of floats stay on their fast path.
post_filter any_filter(bool fixed, bool near) {
  post_filter filter;
  filter.bias = near ? *rc::gen::inRange<std::int64_t>(-5000, 5000)
                     : *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-5000, 5000),
                                       rc::gen::inRange<std::int64_t>(least, std::int64_t{most} + 1),
                                       rc::gen::element<std::int64_t>(least, most, std::int64_t{1} << 31));
  if (fixed) {
    filter.multiplier = *rc::gen::inRange(0, 1 << 30);
    filter.second_multiplier = *rc::gen::inRange(-(1 << 30) + 1, 1 << 30);
    filter.shift = *rc::gen::inRange(0, 63);
  } else {
    const float scale = 1.0F / static_cast<float>(*rc::gen::element(1, 2, 3, 64, 1000, 1 << 20));
    filter.multiplier = bits_of(scale);
    filter.second_multiplier = bits_of(*rc::gen::element(-1.0F, 0.5F, 0.3F) * scale);
  }
  return filter;
}

scenario any_scenario() {
  scenario s;
  s.fixed = *rc::gen::arbitrary<bool>();
  s.has_second = *rc::gen::arbitrary<bool>();
  s.code_bytes = *rc::gen::element<std::size_t>(1, 2);
  s.pixels = *rc::gen::inRange<std::size_t>(1, 6);
  const std::int32_t codes = s.code_bytes == 1 ? 256 : 65536;
  const bool is_signed = *rc::gen::arbitrary<bool>();
  const std::int32_t first = is_signed ? -codes / 2 : 0;
  s.zero_point = first + *rc::gen::inRange(0, codes);
  s.low = first + *rc::gen::inRange(0, codes / 2);
  s.high = first + *rc::gen::inRange(codes / 2, codes);
  const auto outputs = *rc::gen::element<std::size_t>(1, 3, 8, 11, 16, 17, 31, 40);
  const bool near = *rc::gen::arbitrary<bool>();
  for (std::size_t o = 0; o < outputs; ++o) s.filters.push_back(any_filter(s.fixed, near));
  const auto sums = near ? rc::gen::inRange(-2000, 2000) : sums_of_any_size();
  s.sums = *rc::gen::container<std::vector<std::int32_t>>(outputs * s.pixels, sums);
  s.second = *rc::gen::container<std::vector<std::int32_t>>(outputs * s.pixels, rc::gen::inRange(-65535, 65536));
  return s;
}

// One output, from the definition of each form.
std::int32_t reference(const scenario& s, std::size_t at) {
  const post_filter& filter = s.filters[at % s.filters.size()];
  const std::int64_t sum = s.sums[at] + filter.bias;
  if (s.fixed) {
    std::int64_t value = sum * filter.multiplier;
    if (s.has_second) value += std::int64_t{s.second[at]} * filter.second_multiplier;
    const std::int64_t code = shift_half_even(value, filter.shift) + s.zero_point;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(code, s.low, s.high));
  }
  float factor = 0, second_factor = 0;
  std::memcpy(&factor, &filter.multiplier, sizeof factor);
  std::memcpy(&second_factor, &filter.second_multiplier, sizeof second_factor);
  volatile float value = static_cast<float>(sum) * factor;
  if (s.has_second) {
    volatile float other = static_cast<float>(s.second[at]) * second_factor;
    value = value + other;
  }
  return quantize_linear(value, 1.0F, s.zero_point, s.low, s.high);
}

// Rows of codes with a gap of three bytes between pixels that must stay as it was.
void check(const scenario& s) {
  const std::size_t outputs = s.filters.size();
  const post_processing post(s.fixed, s.filters, s.zero_point, s.low, s.high);
  const std::size_t pitch = outputs * s.code_bytes + 3;
  std::vector<std::uint8_t> codes(pitch * s.pixels, 0xA5);
  post.run(
      {s.sums.data(), s.has_second ? s.second.data() : nullptr, outputs, s.pixels, codes.data(), s.code_bytes, pitch});
  for (std::size_t p = 0; p < s.pixels; ++p) {
    const std::uint8_t* row = codes.data() + p * pitch;
    for (std::size_t o = 0; o < outputs; ++o) {
      std::uint16_t got = 0;
      std::memcpy(&got, row + o * s.code_bytes, s.code_bytes);
      const std::int32_t expected = reference(s, p * outputs + o);
      RC_ASSERT(got == static_cast<std::uint16_t>(s.code_bytes == 1 ? expected & 0xFF : expected));
    }
    for (std::size_t b = pitch - 3; b < pitch; ++b) RC_ASSERT(row[b] == 0xA5);
  }
}

TEST(post_processing, equals_its_definition_on_every_instruction_set) {
  const bool held = rc::check("post_processing", [] {
    const scenario s = any_scenario();
    for (const std::string& target : available_targets()) {
      force_target(target);
      check(s);
    }
  });
  force_target("auto");
  EXPECT_TRUE(held);
}

TEST(post_processing, float_sums_beyond_32_bits_are_exact) {
  scenario s;
  s.fixed = false;
  s.filters.assign(33, {std::int64_t{most}, bits_of(1.0F / (1 << 25)), 0, 0});
  s.sums.assign(33, most);
  s.sums[7] = least;
  for (const std::string& target : available_targets()) {
    force_target(target);
    EXPECT_TRUE(rc::check([&] { check(s); }));
    s.filters[20].bias = std::int64_t{1} << 40;  // and a bias that has no 32-bit form
    EXPECT_TRUE(rc::check([&] { check(s); }));
  }
  force_target("auto");
}

TEST(post_processing, a_nan_gives_the_lowest_code) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  scenario s;
  s.fixed = false;
  s.low = 3;
  s.filters.assign(17, {0, bits_of(nan), 0, 0});
  s.sums.assign(17, 1);
  for (const std::string& target : available_targets()) {
    force_target(target);
    EXPECT_TRUE(rc::check([&] { check(s); }));
  }
  force_target("auto");
}

}  // namespace
}  // namespace cimbalom::arithmetic
