#include "models/registers/descriptor.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "models/registers/bytes.hpp"

namespace cimbalom::registers {

namespace {

enum class descriptor_type : std::uint8_t { mvm = 1, vector = 2 };

constexpr std::uint32_t length_mask = 0xFF'FFFF;
constexpr std::int32_t largest_dimension = 1 << 24;
constexpr std::int64_t largest_elements = std::int64_t{1} << 31;
constexpr std::int32_t largest_window = 65535;
constexpr std::int32_t largest_pad = 1 << 24;
constexpr std::uint8_t largest_shift = 62;
constexpr std::uint16_t largest_rows_active = 1024;

// Which optional fields of the filter records follow; one choice a descriptor.
struct filter_fields {
  bool second_multipliers = false;
  bool zero_points = false;
};

// --- layout: every function serves writer and reader ---

template <typename Archive, typename Tensor>
void tensor_fields(Archive& archive, Tensor& value) {
  archive(value.height);
  archive(value.width);
  archive(value.channels);
  archive(value.zero_point);
  archive(value.bits);
  archive(value.is_signed);
  archive.reserved(2);
}

template <typename Archive, typename Window>
void window_fields(Archive& archive, Window& value) {
  archive(value.kernel_h);
  archive(value.kernel_w);
  archive(value.stride_h);
  archive(value.stride_w);
  archive(value.dilation_h);
  archive(value.dilation_w);
  archive(value.pad_top);
  archive(value.pad_left);
}

template <typename Archive, typename Record>
void filter_record_fields(Archive& archive, Record& value, const filter_fields& present) {
  archive(value.first_column);
  archive(value.bits);
  archive(value.shift);
  archive(value.output_channel);
  archive(value.bias);
  archive(value.multiplier);
  if (present.second_multipliers) archive(value.second_multiplier);
  if (present.zero_points) archive(value.weight_zero_point);
}

template <typename Archive, typename Pass>
void pass_head_fields(Archive& archive, Pass& value) {
  archive(value.channel_base);
  archive(value.channels);
  archive(value.filter_channels);
  archive(value.flattened);
  archive.reserved(3);
}

template <typename Archive, typename Descriptor>
void mvm_head_fields(Archive& archive, Descriptor& value, filter_fields& present) {
  archive(value.has_second_input);
  archive(present.second_multipliers);
  archive(present.zero_points);
  archive(value.requantize);
  archive(value.input_bits);
  archive.reserved(1);
  archive(value.group_rows);
  tensor_fields(archive, value.input);
  tensor_fields(archive, value.output);
  if (value.has_second_input) tensor_fields(archive, value.second_input);
  window_fields(archive, value.filter_window);
  archive(value.adc_step_sixteenths);
  archive(value.clamp_low);
  archive(value.clamp_high);
  archive(value.first_bank);
  archive(value.copies);
  archive(value.first_position);
  archive(value.shard_positions);
}

template <typename Archive, typename Descriptor>
void vector_head_fields(Archive& archive, Descriptor& value) {
  archive(value.kind);
  archive(value.requantize);
  archive(value.shift);
  archive(value.count_include_pad);
  tensor_fields(archive, value.input);
  tensor_fields(archive, value.output);
  if (value.kind == vector_kind::add) tensor_fields(archive, value.second_input);
  window_fields(archive, value.pool_window);
  archive(value.multiplier);
  archive(value.second_multiplier);
  archive(value.clamp_low);
  archive(value.clamp_high);
  archive(value.channel_offset);
  archive(value.output_channel);
  archive(value.channels_written);
}

template <typename Archive, typename Record>
void affine_fields(Archive& archive, Record& value) {
  archive(value.shift);
  archive.reserved(3);
  archive(value.multiplier);
  archive(value.bias);
}

// --- writing ---

std::uint32_t checked_count(std::size_t count) {
  if (count > length_mask) throw std::length_error("descriptor: more than 2^24 - 1 records");
  return static_cast<std::uint32_t>(count);
}

std::vector<std::uint8_t> finish(std::vector<std::uint8_t> bytes, descriptor_type type) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  const std::uint32_t head = checked_count(bytes.size()) | static_cast<std::uint32_t>(type) << 24;
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(head >> (8 * i));
  return bytes;
}

void write_pass(byte_writer& write, const pass_record& pass, const filter_fields& present) {
  pass_head_fields(write, pass);
  write(checked_count(pass.filters.size()));
  write(checked_count(pass.groups.size()));
  for (const filter_record& filter : pass.filters) filter_record_fields(write, filter, present);
  for (const std::uint16_t group : pass.groups) write(group);
  if (pass.groups.size() % 2 != 0) write.reserved(2);
}

filter_fields fields_of(const mvm_descriptor& value) {
  filter_fields present;
  for (const pass_record& pass : value.passes) {
    for (const filter_record& filter : pass.filters) {
      present.second_multipliers |= filter.second_multiplier != 0;
      present.zero_points |= filter.weight_zero_point != 0;
    }
  }
  return present;
}

// --- reading ---

// A reader over exactly the descriptor's own bytes, past the first word; not ok() where that word is wrong.
byte_reader open(const std::uint8_t* bytes, std::size_t size, descriptor_type type) {
  const std::size_t length = descriptor_bytes(bytes, size);
  if (length < 4 || length % 4 != 0 || bytes[3] != static_cast<std::uint8_t>(type)) {
    byte_reader nothing(bytes, 0);
    nothing.fail();
    return nothing;
  }
  return byte_reader(bytes + 4, length - 4);
}

// A record count that the bytes left can hold; else 0 and failure.
std::size_t read_count(byte_reader& read, std::size_t record_bytes) {
  std::uint32_t count = 0;
  read(count);
  if (read.ok() && count > read.left() / record_bytes) read.fail();
  return read.ok() ? count : 0;
}

void read_pass(byte_reader& read, pass_record& pass, const filter_fields& present) {
  pass_head_fields(read, pass);
  const std::size_t record_bytes = 20U + (present.second_multipliers ? 4U : 0U) + (present.zero_points ? 4U : 0U);
  const std::size_t filters = read_count(read, record_bytes);
  const std::size_t groups = read_count(read, sizeof(std::uint16_t));
  pass.filters.resize(filters);
  for (filter_record& filter : pass.filters) filter_record_fields(read, filter, present);
  if (!read.ok() || groups > read.left() / sizeof(std::uint16_t)) return read.fail();
  pass.groups.resize(groups);
  for (std::uint16_t& group : pass.groups) read(group);
  if (groups % 2 != 0) read.reserved(2);
}

bool finite(std::int32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return std::isfinite(value);
}

bool valid_factor(requantization kind, std::int32_t multiplier) {
  return kind == requantization::fixed_point || finite(multiplier);
}

bool in_range(std::int64_t value, std::int64_t low, std::int64_t high) {
  return value >= low && value <= high;
}

// True if |a| <= bound times the multiplier leaves room for rounding in 64 bits.
bool product_fits(std::int64_t bound, std::int64_t multiplier) {
  constexpr std::int64_t limit = (std::int64_t{1} << 62) + (std::int64_t{1} << 60);
  return multiplier == 0 || bound <= limit / (multiplier < 0 ? -multiplier : multiplier);
}

constexpr std::int64_t largest_bias = std::int64_t{1} << 62;
constexpr std::int64_t largest_accumulator = std::int64_t{1} << 31;

bool valid(const tensor_format& format) {
  if (!in_range(format.height, 1, largest_dimension) || !in_range(format.width, 1, largest_dimension) ||
      !in_range(format.channels, 1, largest_dimension) || !in_range(format.bits, 1, 16)) {
    return false;
  }
  const std::int64_t row = std::int64_t{format.width} * format.channels;
  return row <= largest_elements && format.height <= largest_elements / row &&
         in_range(format.zero_point, format.minimum(), format.maximum());
}

bool valid(const window& value) {
  return in_range(value.kernel_h, 1, largest_window) && in_range(value.kernel_w, 1, largest_window) &&
         in_range(value.stride_h, 1, largest_window) && in_range(value.stride_w, 1, largest_window) &&
         in_range(value.dilation_h, 1, largest_window) && in_range(value.dilation_w, 1, largest_window) &&
         in_range(value.pad_top, -largest_pad, largest_pad) && in_range(value.pad_left, -largest_pad, largest_pad);
}

bool valid_clamp(const tensor_format& output, std::int32_t low, std::int32_t high) {
  return low <= high && low >= output.minimum() && high <= output.maximum();
}

bool same_shape(const tensor_format& a, const tensor_format& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

bool valid(const filter_record& filter, const mvm_descriptor& layer) {
  return in_range(filter.bits, 1, 16) && filter.shift <= largest_shift &&
         filter.output_channel < static_cast<std::uint32_t>(layer.output.channels) &&
         valid_factor(layer.requantize, filter.multiplier) &&
         valid_factor(layer.requantize, filter.second_multiplier) &&
         in_range(filter.bias, -largest_bias, largest_bias) &&
         (layer.requantize == requantization::floating_point ||
          product_fits(std::abs(filter.bias) + largest_accumulator, filter.multiplier));
}

bool valid(const pass_record& pass, const mvm_descriptor& layer) {
  const auto channels = static_cast<std::uint32_t>(layer.input.channels);
  if (pass.channels == 0 || pass.channels > channels || pass.channel_base > channels - pass.channels ||
      pass.filter_channels > pass.channels || pass.filters.empty() || (layer.group_rows > 0 && !pass.flattened)) {
    return false;
  }
  const bool ascending = std::adjacent_find(pass.groups.begin(), pass.groups.end(),
                                            [](auto a, auto b) { return a >= b; }) == pass.groups.end();
  return ascending && std::all_of(pass.filters.begin(), pass.filters.end(),
                                  [&](const filter_record& filter) { return valid(filter, layer); });
}

bool valid(const mvm_descriptor& value) {
  if (!valid(value.input) || !valid(value.output) || !valid(value.filter_window) ||
      !in_range(value.input_bits, 1, 16) || value.adc_step_sixteenths < 16 || value.copies == 0 ||
      value.shard_positions == 0 || value.group_rows > largest_rows_active ||
      value.requantize > requantization::floating_point || value.passes.empty() ||
      !valid_clamp(value.output, value.clamp_low, value.clamp_high)) {
    return false;
  }
  if (value.has_second_input && !(valid(value.second_input) && same_shape(value.second_input, value.output))) {
    return false;
  }
  return std::all_of(value.passes.begin(), value.passes.end(),
                     [&](const pass_record& pass) { return valid(pass, value); });
}

bool valid_shapes(const vector_descriptor& value) {
  switch (value.kind) {
    case vector_kind::add:
      return same_shape(value.input, value.output) && valid(value.second_input) &&
             same_shape(value.second_input, value.output);
    case vector_kind::affine:
      return same_shape(value.input, value.output) &&
             value.channels.size() == static_cast<std::size_t>(value.output.channels);
    case vector_kind::max_pool:
    case vector_kind::average_pool:
      return value.input.channels == value.output.channels;
    case vector_kind::slice_pad:
      return in_range(value.output_channel, 0, value.output.channels) && value.channels_written >= 1 &&
             value.channels_written <= value.output.channels - value.output_channel &&
             in_range(value.channel_offset, -largest_dimension, largest_dimension);
  }
  return false;
}

bool valid_factors(const vector_descriptor& value) {
  const auto good = [&](std::int32_t multiplier) { return valid_factor(value.requantize, multiplier); };
  const auto good_channel = [&](const filter_record& c) {
    return c.shift <= largest_shift && good(c.multiplier) && in_range(c.bias, -largest_bias, largest_bias) &&
           (value.requantize == requantization::fixed_point || finite(static_cast<std::int32_t>(c.bias)));
  };
  const auto taps = std::int64_t{value.pool_window.kernel_h} * value.pool_window.kernel_w;
  const auto good_sum = [&](std::int32_t multiplier) {
    return value.requantize == requantization::floating_point || product_fits(taps << value.input.bits, multiplier);
  };
  if (value.kind == vector_kind::average_pool &&
      !(good_sum(value.multiplier) &&
        std::all_of(value.reciprocal_multipliers.begin(), value.reciprocal_multipliers.end(), good_sum))) {
    return false;
  }
  return good(value.multiplier) && good(value.second_multiplier) && value.shift <= largest_shift &&
         std::all_of(value.channels.begin(), value.channels.end(), good_channel) &&
         std::all_of(value.reciprocal_multipliers.begin(), value.reciprocal_multipliers.end(), good) &&
         (value.reciprocal_multipliers.empty() ||
          static_cast<std::int64_t>(value.reciprocal_multipliers.size()) == taps);
}

bool valid(const vector_descriptor& value) {
  return value.kind <= vector_kind::affine && value.requantize <= requantization::floating_point &&
         valid(value.input) && valid(value.output) && valid(value.pool_window) &&
         valid_clamp(value.output, value.clamp_low, value.clamp_high) && valid_shapes(value) && valid_factors(value);
}

}  // namespace

std::uint32_t mvm_descriptor::entries() const {
  std::size_t sum = 0;
  for (const pass_record& pass : passes) sum += pass.groups.size();
  return static_cast<std::uint32_t>(sum);
}

std::vector<std::uint8_t> encode(const mvm_descriptor& value) {
  std::vector<std::uint8_t> bytes(4);
  byte_writer write(bytes);
  filter_fields present = fields_of(value);
  mvm_head_fields(write, value, present);
  write(checked_count(value.passes.size()));
  for (const pass_record& pass : value.passes) write_pass(write, pass, present);
  return finish(std::move(bytes), descriptor_type::mvm);
}

std::vector<std::uint8_t> encode(const vector_descriptor& value) {
  std::vector<std::uint8_t> bytes(4);
  byte_writer write(bytes);
  vector_head_fields(write, value);
  if (value.kind == vector_kind::affine) {
    write(checked_count(value.channels.size()));
    for (const filter_record& channel : value.channels) affine_fields(write, channel);
  }
  if (value.kind == vector_kind::average_pool) {
    write(checked_count(value.reciprocal_multipliers.size()));
    for (const std::int32_t multiplier : value.reciprocal_multipliers) write(multiplier);
  }
  return finish(std::move(bytes), descriptor_type::vector);
}

std::size_t descriptor_bytes(const std::uint8_t* bytes, std::size_t size) {
  if (size < 4) return 0;
  const std::size_t length = static_cast<std::size_t>(bytes[0]) | static_cast<std::size_t>(bytes[1]) << 8 |
                             static_cast<std::size_t>(bytes[2]) << 16;
  return length <= size ? length : 0;
}

error_code decode(const std::uint8_t* bytes, std::size_t size, mvm_descriptor& value) {
  value = mvm_descriptor{};
  byte_reader read = open(bytes, size, descriptor_type::mvm);
  filter_fields present;
  mvm_head_fields(read, value, present);
  constexpr std::size_t smallest_pass = 24;
  const std::size_t passes = read_count(read, smallest_pass);
  for (std::size_t i = 0; i < passes && read.ok(); ++i) read_pass(read, value.passes.emplace_back(), present);
  if (!read.ok() || read.left() != 0 || !valid(value)) return error_code::bad_descriptor;
  return error_code::none;
}

error_code decode(const std::uint8_t* bytes, std::size_t size, vector_descriptor& value) {
  value = vector_descriptor{};
  byte_reader read = open(bytes, size, descriptor_type::vector);
  vector_head_fields(read, value);
  if (read.ok() && value.kind == vector_kind::affine) {
    value.channels.resize(read_count(read, 16));
    for (filter_record& channel : value.channels) affine_fields(read, channel);
  }
  if (read.ok() && value.kind == vector_kind::average_pool) {
    value.reciprocal_multipliers.resize(read_count(read, 4));
    for (std::int32_t& multiplier : value.reciprocal_multipliers) read(multiplier);
  }
  if (!read.ok() || read.left() != 0 || !valid(value)) return error_code::bad_descriptor;
  return error_code::none;
}

}  // namespace cimbalom::registers
