#pragma once

#include <cstdint>
#include <vector>

#include "models/registers/command.hpp"

namespace cimbalom::registers {

/// A feature map in a buffer: rows, then columns, then channels (HWC, c fastest), codes of 1 or 2 bytes without
/// padding.
struct tensor_format {
  std::int32_t height = 1, width = 1, channels = 1;
  std::uint8_t bits = 8;  ///< width of the code; > 8: two bytes a code
  bool is_signed = false;
  std::int32_t zero_point = 0;
  int element_bytes() const { return bits > 8 ? 2 : 1; }
  std::int32_t minimum() const { return is_signed ? -(1 << (bits - 1)) : 0; }
  std::int32_t maximum() const { return is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1; }
};

/// Sliding window over (height, width).
struct window {
  std::int32_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
};

enum class requantization : std::uint8_t {
  fixed_point,    ///< 32-bit multiplier and shift, half to even
  floating_point  ///< float32 scales of the file (QDQ graphs), half to even
};

/// What one filter adds to the shift-add and to post-processing.
/// fixed_point: q = clamp(((acc + bias) * multiplier + (r - r_zero) * second_multiplier) >> shift) + zero point);
/// floating_point: multiplier and second_multiplier are the bits of float32 factors, shift is unused.
struct filter_record {
  std::uint16_t first_column = 0;  ///< in the driven columns of a bank
  std::uint8_t bits = 8;           ///< width of the weight; b = 1 means {-1, 0}
  std::uint8_t shift = 0;
  std::uint32_t output_channel = 0;
  std::int64_t bias = 0;  ///< in units of the accumulator; holds the input correction too
  std::int32_t multiplier = 0;
  std::int32_t second_multiplier = 0;
  std::int32_t weight_zero_point = 0;  ///< digital correction: acc -= weight_zero_point * sum of driven codes
};

/// The filters of one position, and its non-zero weight groups.
struct pass_record {
  std::uint32_t channel_base = 0;     ///< first input channel
  std::uint32_t channels = 0;         ///< input channels that the pass sees
  std::uint32_t filter_channels = 0;  ///< of them, those that one filter uses (block-diagonal: depthwise, grouped), for
                                      ///< the utilization counts alone; 0: all
  bool flattened = false;  ///< row groups run over (kh, kw, c) flattened, else one tap x rows_active channels
  std::vector<filter_record> filters;
  std::vector<std::uint16_t> groups;  ///< index codes, ascending; code = tap * ceil(channels / rows_active) + channel
                                      ///< group; flattened: code k covers rows [k * g, (k + 1) * g), g = group_rows
};

/// A matrix-vector layer (or a round of it) for the compute command. Entry e counts the groups of the passes in order;
/// it lies in shard e / shard_positions at position first_position + e % shard_positions, in the banks that
/// `program` wrote (first_bank + shard * copies + d). Copy d computes the d-th of `copies` equal runs of pixels.
struct mvm_descriptor {
  tensor_format input, output;
  window filter_window;
  std::uint8_t input_bits = 8;  ///< of u = q - minimum
  std::uint16_t group_rows =
      0;  ///< rows that hold weights in a flattened row group, the others drive 0; 0: rows_active
  std::int32_t adc_step_sixteenths = 16;
  requantization requantize = requantization::fixed_point;
  bool has_second_input = false;  ///< residual addition
  tensor_format second_input;
  std::int32_t clamp_low = 0, clamp_high = 255;  ///< codes of the output after activation
  std::uint16_t first_bank = 0, copies = 1;
  std::uint16_t first_position = 0, shard_positions = 1;
  std::vector<pass_record> passes;

  std::uint32_t entries() const;
};

enum class vector_kind : std::uint8_t { add, max_pool, average_pool, slice_pad, affine };

/// A layer of the post-processing unit.
/// add: q = requantize((a - a_zero) * multiplier + (b - b_zero) * second_multiplier).
/// max_pool: of codes, padding never wins; then (q - a_zero) * multiplier.
/// average_pool: sum over the window of (q - zero) * multiplier[k], k the number of samples (multiplier already divided
///   by the full window; count_include_pad false: `reciprocal_multipliers[n - 1]` for n samples in the window).
/// slice_pad: output(h, w, c) = input(h * stride_h - pad_top, w * stride_w - pad_left, c + channel_offset), code of
/// real
///   zero outside; output channels [output_channel, output_channel + channels_written); requantized.
/// affine: per channel (q - a_zero) * multiplier[c] + bias[c] from `channels`, before its shift[c]; floating_point:
/// bias
///   holds the bits of a float32, in output codes.
struct vector_descriptor {
  vector_kind kind = vector_kind::add;
  tensor_format input, second_input, output;
  window pool_window;
  bool count_include_pad = false;
  requantization requantize = requantization::fixed_point;
  std::uint8_t shift = 0;
  std::int32_t multiplier = 0, second_multiplier = 0;
  std::int32_t clamp_low = 0, clamp_high = 255;
  std::int32_t channel_offset = 0;
  std::int32_t output_channel = 0, channels_written = 0;
  std::vector<filter_record> channels;               ///< affine
  std::vector<std::int32_t> reciprocal_multipliers;  ///< average_pool
};

/// Little-endian bytes in the parameter buffer, a multiple of 4. First word: type (high byte) and total length; then
/// the fields (docs/commands.md). What the type or a flag makes unused is not stored: second_input without
/// has_second_input, or of a kind other than add; of affine's `channels` all but shift, multiplier and bias; of
/// max_pool and others the reciprocals. Throws std::length_error where a count or the length does not fit its field.
std::vector<std::uint8_t> encode(const mvm_descriptor& value);
std::vector<std::uint8_t> encode(const vector_descriptor& value);
/// Bounds-checked for any bytes; bad_descriptor where they contradict themselves. `size`: bytes that may be read. What
/// is accepted is safe to compute with but for what only the hardware's shape can tell (columns, banks, group codes).
error_code decode(const std::uint8_t* bytes, std::size_t size, mvm_descriptor& value);
error_code decode(const std::uint8_t* bytes, std::size_t size, vector_descriptor& value);
/// Total length in the first word; 0 if fewer than 4 bytes are there or the length exceeds `size`.
std::size_t descriptor_bytes(const std::uint8_t* bytes, std::size_t size);

}  // namespace cimbalom::registers
