#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

using registers::command;
using registers::error_code;
using registers::vector_descriptor;
using registers::vector_kind;

std::int32_t bits_of(float value) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

struct vector_case {
  vector_descriptor d;
  std::vector<int> a, b;
};

std::size_t elements(const registers::tensor_format& f) {
  return to_size(f.height) * to_size(f.width) * to_size(f.channels);
}

std::vector<int> draw(const registers::tensor_format& format, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<int> codes(elements(format));
  for (int& code : codes) {
    code = format.minimum() +
           static_cast<int>(generator() % static_cast<unsigned>(format.maximum() - format.minimum() + 1));
  }
  return codes;
}

vector_case make(vector_kind kind, bool floating, unsigned seed = 1) {
  vector_case v;
  vector_descriptor& d = v.d;
  d.kind = kind;
  const bool pool = kind == vector_kind::max_pool || kind == vector_kind::average_pool;
  d.input = {7, 6, 5, 8, true, -3};
  d.output = {pool ? 4 : 7, pool ? 3 : 6, 5, 8, false, 9};
  d.second_input = {7, 6, 5, 8, false, 100};
  if (pool) d.pool_window = {3, 3, 2, 2, 1, 1, 1, 1};
  d.requantize = floating ? registers::requantization::floating_point : registers::requantization::fixed_point;
  d.shift = 16;
  d.multiplier = floating ? bits_of(95.0F / 256) : 50000;
  d.second_multiplier = floating ? bits_of(207.0F / 256) : 41111;
  d.clamp_low = 2;
  d.clamp_high = 250;
  d.channels_written = 5;
  for (int c = 0; c < 5 && kind == vector_kind::affine; ++c) {
    registers::filter_record r;
    r.shift = static_cast<std::uint8_t>(14 + c);
    r.multiplier = floating ? bits_of((51.0F * static_cast<float>(c) - 77.0F) / 256) : 9000 * (c + 1);
    r.bias = floating ? bits_of(3.5F * static_cast<float>(c)) : 123456 * c;
    d.channels.push_back(r);
  }
  v.a = draw(d.input, seed);
  v.b = draw(d.second_input, seed + 1);
  return v;
}

int code_of(const vector_descriptor& d, double real) {
  const double code = std::nearbyint(real) + d.output.zero_point;  // half to even
  return static_cast<int>(std::clamp<double>(code, d.clamp_low, d.clamp_high));
}

double factor_of(const vector_descriptor& d, std::int32_t multiplier, int shift) {
  if (d.requantize == registers::requantization::fixed_point) return std::ldexp(multiplier, -shift);
  float value = 0;
  std::memcpy(&value, &multiplier, sizeof value);
  return static_cast<double>(value);
}

int at(const registers::tensor_format& f, const std::vector<int>& codes, int h, int w, int c) {
  return codes[to_size((h * f.width + w) * f.channels + c)];
}

struct window_samples {
  int count = 0, largest = -(1 << 20);
  long sum = 0;
};

window_samples samples_of(const vector_case& v, int h, int w, int c) {
  window_samples s;
  const registers::window& p = v.d.pool_window;
  for (int kh = 0; kh < p.kernel_h; ++kh) {
    for (int kw = 0; kw < p.kernel_w; ++kw) {
      const int row = h * p.stride_h - p.pad_top + kh * p.dilation_h;
      const int column = w * p.stride_w - p.pad_left + kw * p.dilation_w;
      if (row < 0 || row >= v.d.input.height || column < 0 || column >= v.d.input.width) continue;
      const int code = at(v.d.input, v.a, row, column, c);
      ++s.count;
      s.largest = std::max(s.largest, code);
      s.sum += code - v.d.input.zero_point;
    }
  }
  return s;
}

// One output code, in double precision: the factors here are multiples of 1/256, so that float32 is exact too.
int expected_code(const vector_case& v, int h, int w, int c) {
  const vector_descriptor& d = v.d;
  const double factor = factor_of(d, d.multiplier, d.shift);
  switch (d.kind) {
    case vector_kind::add:
      return code_of(d, (at(d.input, v.a, h, w, c) - d.input.zero_point) * factor +
                            (at(d.second_input, v.b, h, w, c) - d.second_input.zero_point) *
                                factor_of(d, d.second_multiplier, d.shift));
    case vector_kind::affine: {
      const registers::filter_record& r = d.channels[to_size(c)];
      const bool fixed = d.requantize == registers::requantization::fixed_point;
      const double bias = fixed ? std::ldexp(static_cast<double>(r.bias), -r.shift)
                                : factor_of(d, static_cast<std::int32_t>(r.bias), 0);
      return code_of(d, (at(d.input, v.a, h, w, c) - d.input.zero_point) * factor_of(d, r.multiplier, r.shift) + bias);
    }
    case vector_kind::max_pool: {
      const window_samples s = samples_of(v, h, w, c);
      return code_of(d, ((s.count > 0 ? s.largest : d.input.minimum()) - d.input.zero_point) * factor);
    }
    case vector_kind::average_pool: {
      const window_samples s = samples_of(v, h, w, c);
      const bool own = !d.count_include_pad && !d.reciprocal_multipliers.empty() && s.count > 0;
      const double f = own ? factor_of(d, d.reciprocal_multipliers[to_size(s.count - 1)], d.shift) : factor;
      return code_of(d, static_cast<double>(s.sum) * f);
    }
    case vector_kind::slice_pad: {
      const int row = h * d.pool_window.stride_h - d.pool_window.pad_top;
      const int column = w * d.pool_window.stride_w - d.pool_window.pad_left;
      const int channel = c - d.output_channel + d.channel_offset;
      const bool inside = row >= 0 && row < d.input.height && column >= 0 && column < d.input.width && channel >= 0 &&
                          channel < d.input.channels;
      return code_of(d, inside ? (at(d.input, v.a, row, column, channel) - d.input.zero_point) * factor : 0.0);
    }
  }
  return 0;
}

std::vector<int> expected(const vector_case& v) {
  std::vector<int> codes;
  for (int h = 0; h < v.d.output.height; ++h) {
    for (int w = 0; w < v.d.output.width; ++w) {
      for (int c = 0; c < v.d.output.channels; ++c) {
        const bool written = v.d.kind != vector_kind::slice_pad ||
                             (c >= v.d.output_channel && c < v.d.output_channel + v.d.channels_written);
        codes.push_back(written ? expected_code(v, h, w, c) : 0);
      }
    }
  }
  return codes;
}

std::vector<int> run(const vector_case& v, int tile_rows) {
  functional_core core({}, {}, {});
  const auto put = [&](std::uint32_t offset, const std::vector<std::uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), core.bytes(offset, bytes.size()));
  };
  put(registers::input_buffer_offset, tensor_bytes(v.d.input, v.a));
  put(registers::input_buffer_offset + 8192, tensor_bytes(v.d.second_input, v.b));
  put(registers::parameter_buffer_offset, registers::encode(v.d));
  arithmetic::activity counted;
  for (int row = 0; row < v.d.output.height; row += tile_rows) {
    command c;
    c.op = registers::opcode::vector_op;
    c.descriptor = registers::parameter_buffer_offset;
    c.input = registers::input_buffer_offset;
    c.input_rows = static_cast<std::uint16_t>(v.d.input.height);
    c.output_row = static_cast<std::uint16_t>(row);
    c.output_rows = static_cast<std::uint16_t>(std::min(tile_rows, v.d.output.height - row));
    const auto offset = [&](const registers::tensor_format& f) {
      return static_cast<std::uint32_t>(row * f.width * f.channels * f.element_bytes());
    };
    c.second_input = registers::input_buffer_offset + 8192 + offset(v.d.second_input);
    c.output = registers::output_buffer_offset + offset(v.d.output);
    EXPECT_EQ(core.execute(c, counted), error_code::none);
  }
  return tensor_codes(v.d.output, core.bytes(registers::output_buffer_offset, elements(v.d.output)),
                      elements(v.d.output));
}

class vector_kinds : public ::testing::TestWithParam<std::tuple<vector_kind, bool>> {};

TEST_P(vector_kinds, equal_the_obvious_loop) {
  const auto [kind, floating] = GetParam();
  for (unsigned seed = 1; seed < 20; ++seed) {
    const vector_case v = make(kind, floating, seed);
    ASSERT_EQ(run(v, 1 + static_cast<int>(seed % 7)), expected(v)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(all, vector_kinds,
                         ::testing::Combine(::testing::Values(vector_kind::add, vector_kind::max_pool,
                                                              vector_kind::average_pool, vector_kind::slice_pad,
                                                              vector_kind::affine),
                                            ::testing::Bool()));

TEST(vector_op, average_without_the_padding) {
  for (const bool floating : {false, true}) {
    vector_case v = make(vector_kind::average_pool, floating);
    for (int n = 1; n <= 9; ++n) {
      v.d.reciprocal_multipliers.push_back(floating ? bits_of(std::floor(230.0F / static_cast<float>(n)) / 256)
                                                    : 60000 / n);
    }
    EXPECT_EQ(run(v, 4), expected(v));
    v.d.count_include_pad = true;
    EXPECT_EQ(run(v, 4), expected(v));
  }
}

TEST(vector_op, dilated_pool_with_windows_in_the_padding) {
  for (const auto kind : {vector_kind::max_pool, vector_kind::average_pool}) {
    vector_case v = make(kind, false);
    v.d.pool_window = {2, 2, 3, 3, 4, 3, 5, 4};
    EXPECT_EQ(run(v, 4), expected(v));
  }
}

TEST(vector_op, global_average) {
  vector_case v = make(vector_kind::average_pool, false);
  v.d.output.height = v.d.output.width = 1;
  v.d.pool_window = {7, 6, 1, 1, 1, 1, 0, 0};
  v.d.multiplier = 50000 / 42;
  EXPECT_EQ(run(v, 1), expected(v));
}

TEST(vector_op, slices_pads_and_concatenates) {
  vector_case v = make(vector_kind::slice_pad, false);
  v.d.multiplier = 1 << 16;
  v.d.pool_window.pad_top = -2;
  v.d.pool_window.pad_left = 1;
  v.d.pool_window.stride_h = 2;
  v.d.channel_offset = -1;
  EXPECT_EQ(run(v, 3), expected(v));
  v.d.channel_offset = 3;
  v.d.output_channel = 1;
  v.d.channels_written = 3;
  EXPECT_EQ(run(v, 3), expected(v));
  v.d.channel_offset = 40;  // nothing but padding
  EXPECT_EQ(run(v, 7), expected(v));
}

TEST(vector_op, sixteen_bit_codes) {
  for (const auto kind : {vector_kind::add, vector_kind::max_pool, vector_kind::slice_pad}) {
    vector_case v = make(kind, false);
    v.d.input.bits = 16;
    v.d.output = {v.d.output.height, v.d.output.width, 5, 12, true, 50};
    v.d.clamp_low = -2000;
    v.d.clamp_high = 2000;
    v.d.multiplier = 3000;
    v.a = draw(v.d.input, 3);
    EXPECT_EQ(run(v, 2), expected(v));
  }
}

TEST(vector_op, rounds_half_to_even) {
  vector_case v = make(vector_kind::slice_pad, false);
  v.d.multiplier = 1;
  v.d.shift = 1;  // halves
  v.d.output.zero_point = 128;
  v.d.clamp_low = 0;
  v.d.clamp_high = 255;
  EXPECT_EQ(run(v, 7), expected(v));
  v = make(vector_kind::slice_pad, true);
  v.d.multiplier = bits_of(0.5F);
  EXPECT_EQ(run(v, 7), expected(v));
}

}  // namespace
}  // namespace cimbalom::cim::testing
