#include "models/registers/descriptor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

namespace cimbalom::registers {
namespace {

mvm_descriptor small_mvm() {
  mvm_descriptor value;
  value.input = {8, 9, 20, 8, true, 3};
  value.output = {4, 5, 6, 8, false, 7};
  value.filter_window = {3, 2, 2, 1, 1, 2, 1, 0};
  value.adc_step_sixteenths = 24;
  value.clamp_low = 7;
  value.clamp_high = 200;
  value.first_bank = 5;
  value.copies = 2;
  value.first_position = 3;
  value.shard_positions = 4;
  pass_record pass;
  pass.channel_base = 4;
  pass.channels = 16;
  pass.filter_channels = 8;
  pass.filters = {{0, 8, 20, 1, -123456789012LL, 1 << 20, 0, 0}, {8, 5, 21, 5, 42, -7, 0, 0}};
  pass.groups = {0, 2, 5};
  value.passes = {pass, pass};
  value.passes[1].flattened = true;
  value.passes[1].groups = {1, 3};
  return value;
}

vector_descriptor small_vector(vector_kind kind) {
  vector_descriptor value;
  value.kind = kind;
  value.input = {8, 8, 4, 8, true, 0};
  value.output = kind == vector_kind::max_pool || kind == vector_kind::average_pool
                     ? tensor_format{4, 4, 4, 8, true, -1}
                     : tensor_format{8, 8, 4, 8, true, -1};
  value.second_input = {8, 8, 4, 8, false, 9};
  value.pool_window = {2, 2, 2, 2, 1, 1, 0, -1};
  value.shift = 12;
  value.multiplier = 4096;
  value.second_multiplier = kind == vector_kind::add ? 77 : 0;
  value.clamp_low = -128;
  value.clamp_high = 127;
  value.channels_written = 2;
  value.output_channel = 2;
  value.channel_offset = -1;
  if (kind == vector_kind::affine) value.channels.assign(4, {0, 8, 9, 0, -5, 1234, 0, 0});
  if (kind == vector_kind::average_pool) value.reciprocal_multipliers = {1, 2, 3, 4};
  return value;
}

TEST(mvm_descriptor, round_trips) {
  const mvm_descriptor value = small_mvm();
  const auto bytes = encode(value);
  EXPECT_EQ(bytes.size() % 4, 0U);
  EXPECT_EQ(descriptor_bytes(bytes.data(), bytes.size()), bytes.size());
  mvm_descriptor back;
  ASSERT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none);
  EXPECT_EQ(encode(back), bytes);
  EXPECT_EQ(back.entries(), 5U);
  EXPECT_EQ(back.passes[0].filters[0].bias, -123456789012LL);
  EXPECT_EQ(back.passes[0].filters[1].multiplier, -7);
  EXPECT_EQ(back.passes[0].filter_channels, 8U);
  EXPECT_TRUE(back.passes[1].flattened);
  EXPECT_EQ(back.passes[1].groups, (std::vector<std::uint16_t>{1, 3}));
  EXPECT_EQ(back.filter_window.dilation_w, 2);
  EXPECT_EQ(back.input.zero_point, 3);
}

TEST(mvm_descriptor, stores_optional_fields_only_where_they_are_used) {
  mvm_descriptor value = small_mvm();
  const std::size_t plain = encode(value).size();
  value.has_second_input = true;
  value.second_input = value.output;
  EXPECT_EQ(encode(value).size(), plain + 20);
  value.passes[0].filters[0].second_multiplier = 5;
  EXPECT_EQ(encode(value).size(), plain + 20 + 16);
  value.passes[1].filters[1].weight_zero_point = -3;
  const auto bytes = encode(value);
  EXPECT_EQ(bytes.size(), plain + 20 + 32);
  mvm_descriptor back;
  ASSERT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none);
  EXPECT_EQ(back.passes[0].filters[0].second_multiplier, 5);
  EXPECT_EQ(back.passes[1].filters[1].weight_zero_point, -3);
  EXPECT_EQ(encode(back), bytes);
}

TEST(mvm_descriptor, rows_of_a_group_belong_to_flattened_passes) {
  mvm_descriptor value = small_mvm();
  value.passes.erase(value.passes.begin());
  const std::size_t size = encode(value).size();
  value.group_rows = 9;
  const auto bytes = encode(value);
  EXPECT_EQ(bytes.size(), size);
  mvm_descriptor back;
  ASSERT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none);
  EXPECT_EQ(back.group_rows, 9);
  EXPECT_EQ(encode(back), bytes);
}

TEST(mvm_descriptor, may_be_followed_by_other_bytes_but_not_cut) {
  auto bytes = encode(small_mvm());
  mvm_descriptor back;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode(bytes.data(), size, back), error_code::bad_descriptor);
  }
  bytes.resize(bytes.size() + 100, 0xFF);
  EXPECT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none);
}

TEST(mvm_descriptor, refuses_contradictions) {
  const auto refused = [](auto change) {
    mvm_descriptor value = small_mvm();
    change(value);
    const auto bytes = encode(value);
    mvm_descriptor back;
    return decode(bytes.data(), bytes.size(), back) == error_code::bad_descriptor;
  };
  EXPECT_FALSE(refused([](mvm_descriptor&) {}));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.input.height = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.input.bits = 17; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.input.zero_point = 128; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.input.height = d.input.width = d.input.channels = 1 << 20; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.filter_window.stride_h = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.input_bits = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.adc_step_sixteenths = 15; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.group_rows = 9; })) << "a pass that is not flattened";
  EXPECT_TRUE(refused([](mvm_descriptor& d) {
    d.passes.erase(d.passes.begin());
    d.group_rows = 1025;
  }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.clamp_low = 201; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.clamp_high = 256; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.copies = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.shard_positions = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes.clear(); }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filters.clear(); }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].groups = {2, 2}; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].channels = 17; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filter_channels = 17; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].channel_base = 0xFFFF'FFF0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filters[0].bits = 0; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filters[0].output_channel = 6; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filters[0].shift = 63; }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) { d.passes[0].filters[0].multiplier = 1 << 29; }))
      << "bias times multiplier beyond 64 bits";
  EXPECT_TRUE(refused([](mvm_descriptor& d) {
    d.has_second_input = true;
    d.second_input = {4, 5, 5, 8, false, 0};
  }));
  EXPECT_TRUE(refused([](mvm_descriptor& d) {
    d.requantize = requantization::floating_point;
    d.passes[0].filters[0].multiplier = 0x7FC0'0000;  // not a number
  }));
}

TEST(mvm_descriptor, accepts_a_pass_with_bias_only) {
  mvm_descriptor value = small_mvm();
  for (pass_record& pass : value.passes) pass.groups.clear();
  const auto bytes = encode(value);
  mvm_descriptor back;
  EXPECT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none);
  EXPECT_EQ(back.entries(), 0U);
}

TEST(vector_descriptor, round_trips_every_kind) {
  for (const auto kind : {vector_kind::add, vector_kind::max_pool, vector_kind::average_pool, vector_kind::slice_pad,
                          vector_kind::affine}) {
    const auto bytes = encode(small_vector(kind));
    vector_descriptor back;
    ASSERT_EQ(decode(bytes.data(), bytes.size(), back), error_code::none) << static_cast<int>(kind);
    EXPECT_EQ(back.kind, kind);
    EXPECT_EQ(encode(back), bytes);
    EXPECT_EQ(back.pool_window.pad_left, -1);
    mvm_descriptor other;
    EXPECT_EQ(decode(bytes.data(), bytes.size(), other), error_code::bad_descriptor) << "of the other type";
  }
}

TEST(vector_descriptor, refuses_contradictions) {
  const auto refused = [](vector_kind kind, auto change) {
    vector_descriptor value = small_vector(kind);
    change(value);
    const auto bytes = encode(value);
    vector_descriptor back;
    return decode(bytes.data(), bytes.size(), back) == error_code::bad_descriptor;
  };
  EXPECT_TRUE(refused(vector_kind::add, [](vector_descriptor& d) { d.second_input.channels = 3; }));
  EXPECT_TRUE(refused(vector_kind::affine, [](vector_descriptor& d) { d.channels.pop_back(); }));
  EXPECT_TRUE(refused(vector_kind::max_pool, [](vector_descriptor& d) { d.output.channels = 5; }));
  EXPECT_TRUE(refused(vector_kind::average_pool, [](vector_descriptor& d) { d.reciprocal_multipliers.pop_back(); }));
  EXPECT_FALSE(refused(vector_kind::average_pool, [](vector_descriptor& d) { d.reciprocal_multipliers.clear(); }));
  EXPECT_TRUE(refused(vector_kind::average_pool, [](vector_descriptor& d) {
    d.pool_window.kernel_h = d.pool_window.kernel_w = 65535;
    d.multiplier = 1 << 30;
    d.reciprocal_multipliers.clear();
  })) << "a sum times the multiplier beyond 64 bits";
  EXPECT_TRUE(refused(vector_kind::slice_pad, [](vector_descriptor& d) { d.channels_written = 3; }));
  EXPECT_TRUE(refused(vector_kind::slice_pad, [](vector_descriptor& d) { d.output_channel = -1; }));
  EXPECT_TRUE(refused(vector_kind::add, [](vector_descriptor& d) { d.kind = static_cast<vector_kind>(5); }));
  EXPECT_TRUE(refused(vector_kind::add, [](vector_descriptor& d) {
    d.requantize = requantization::floating_point;
    d.multiplier = 0x7F80'0000;  // infinite
  }));
}

TEST(descriptor, an_absurd_length_is_refused_by_encode) {
  vector_descriptor value = small_vector(vector_kind::average_pool);
  value.reciprocal_multipliers.resize(std::size_t{1} << 22);
  EXPECT_THROW(encode(value), std::length_error);
}

// Any bytes: no crash, no huge allocation; what is accepted encodes to the bytes it came from.
TEST(descriptor, damaged_bytes_decode_or_fail) {
  std::mt19937 generator(7);
  std::vector<std::vector<std::uint8_t>> seeds = {encode(small_mvm())};
  for (int kind = 0; kind <= 4; ++kind) seeds.push_back(encode(small_vector(static_cast<vector_kind>(kind))));
  int accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    auto bytes = seeds[generator() % seeds.size()];
    const unsigned changes = generator() % 4;
    for (unsigned c = 0; c < changes; ++c) bytes[generator() % bytes.size()] = static_cast<std::uint8_t>(generator());
    if (generator() % 8 == 0) bytes.resize(generator() % (bytes.size() + 1));
    mvm_descriptor mvm;
    vector_descriptor vector;
    if (decode(bytes.data(), bytes.size(), mvm) == error_code::none) {
      const auto again = encode(mvm);
      mvm_descriptor twice;
      ASSERT_EQ(decode(again.data(), again.size(), twice), error_code::none);
      ASSERT_EQ(encode(twice), again);
      ++accepted;
    }
    if (decode(bytes.data(), bytes.size(), vector) == error_code::none) {
      ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + 4, encode(vector).begin()));
      ++accepted;
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace cimbalom::registers
