#include "models/cim/vector_engine.hpp"

#include <algorithm>

#include "models/arithmetic/output_stage.hpp"
#include "models/arithmetic/post_processing.hpp"
#include "models/cim/tile_shape.hpp"

namespace cimbalom::cim {

namespace {

using arithmetic::float_of;
using arithmetic::output_stage;
using arithmetic::rounding_shift;
using registers::command;
using registers::vector_descriptor;
using registers::vector_kind;
using registers::window;

// The tile of one command.
struct job {
  const command& c;
  const vector_descriptor& d;
  tile_shape tile;
  const std::uint8_t* input;
  const std::uint8_t* second;
  std::uint8_t* output;
  output_stage stage;
  rounding_shift shift;
  bool fixed;

  const std::uint8_t* input_pixel(std::int64_t row, std::int64_t column) const {
    const std::int64_t pixel = (row - c.input_row) * tile.input_columns + column - tile.input_column;
    return input + static_cast<std::size_t>(pixel) * pixel_bytes(d.input);
  }
  std::uint8_t* output_pixel(std::size_t row, std::size_t column) const {
    return output + (row * static_cast<std::size_t>(tile.output_pitch) + column) * pixel_bytes(d.output);
  }
  // value * factor in output codes; value is at most 32 bits wide, sums of pooling a little more (checked by decode).
  std::int32_t scaled(std::int64_t value, std::int32_t factor) const {
    if (fixed) return stage.code(shift(value * factor));
    return stage.code(static_cast<float>(value) * float_of(factor));
  }
};

// The part of a window that lies inside the input.
struct clipped_window {
  std::int64_t top, left;  // first tap that is inside
  std::int64_t rows = 0, columns = 0;
};

std::int64_t taps_inside(std::int64_t& base, std::int64_t kernel, std::int64_t dilation, std::int64_t size) {
  const std::int64_t low = base >= 0 ? 0 : (-base + dilation - 1) / dilation;
  if (base > size - 1) return 0;
  const std::int64_t high = std::min(kernel - 1, (size - 1 - base) / dilation);
  base += low * dilation;
  return std::max<std::int64_t>(0, high - low + 1);
}

clipped_window clip(const vector_descriptor& d, std::int64_t output_row, std::int64_t output_column) {
  const window& w = d.pool_window;
  clipped_window inside{output_row * w.stride_h - w.pad_top, output_column * w.stride_w - w.pad_left, 0, 0};
  inside.rows = taps_inside(inside.top, w.kernel_h, w.dilation_h, d.input.height);
  inside.columns = taps_inside(inside.left, w.kernel_w, w.dilation_w, d.input.width);
  return inside;
}

// Calls visit(pixel) for every sample of the window that is inside the input.
template <typename Visit>
void for_samples(const job& j, const clipped_window& inside, Visit visit) {
  for (std::int64_t r = 0; r < inside.rows; ++r) {
    for (std::int64_t k = 0; k < inside.columns; ++k) {
      visit(j.input_pixel(inside.top + r * j.d.pool_window.dilation_h, inside.left + k * j.d.pool_window.dilation_w));
    }
  }
}

// The same scaling for every channel.
arithmetic::post_processing addition(const vector_descriptor& d, bool fixed) {
  const arithmetic::post_filter one{0, d.multiplier, d.second_multiplier, fixed ? d.shift : 0};
  const std::vector<arithmetic::post_filter> channels(static_cast<std::size_t>(d.output.channels), one);
  return arithmetic::post_processing(fixed, channels, d.output.zero_point, d.clamp_low, d.clamp_high);
}

void add_row(const job& j, const arithmetic::post_processing& addition, std::size_t row, std::vector<std::int32_t>& a,
             std::vector<std::int32_t>& b) {
  const auto columns = static_cast<std::size_t>(j.tile.output_columns);
  const std::size_t count = columns * addition.outputs();
  a.resize(count);
  b.resize(count);
  const std::int64_t input_row = std::int64_t{j.c.output_row} + static_cast<std::int64_t>(row);
  load_codes(j.d.input, j.input_pixel(input_row, j.tile.output_column), count, j.d.input.zero_point, a.data());
  const std::uint8_t* second =
      j.second + row * static_cast<std::size_t>(j.tile.second_pitch) * pixel_bytes(j.d.second_input);
  load_codes(j.d.second_input, second, count, j.d.second_input.zero_point, b.data());
  addition.run({a.data(), b.data(), addition.outputs(), columns, j.output_pixel(row, 0),
                static_cast<std::size_t>(j.d.output.element_bytes()), pixel_bytes(j.d.output)});
}

void affine_row(const job& j, std::size_t row, std::vector<std::int32_t>& codes) {
  const auto channels = static_cast<std::size_t>(j.d.output.channels);
  const std::int64_t input_row = std::int64_t{j.c.output_row} + static_cast<std::int64_t>(row);
  codes.resize(channels);
  for (std::size_t column = 0; column < static_cast<std::size_t>(j.tile.output_columns); ++column) {
    const std::int64_t input_column = j.tile.output_column + static_cast<std::int64_t>(column);
    load_codes(j.d.input, j.input_pixel(input_row, input_column), channels, j.d.input.zero_point, codes.data());
    for (std::size_t c = 0; c < channels; ++c) {
      const registers::filter_record& channel = j.d.channels[c];
      if (j.fixed) {
        const std::int64_t sum = std::int64_t{codes[c]} * channel.multiplier + channel.bias;
        codes[c] = j.stage.code(rounding_shift(channel.shift)(sum));
      } else {
        const float product = static_cast<float>(codes[c]) * float_of(channel.multiplier);
        codes[c] = j.stage.code(product + float_of(static_cast<std::int32_t>(channel.bias)));
      }
    }
    store_codes(j.d.output, codes.data(), channels, j.output_pixel(row, column));
  }
}

// A window that lies in the padding altogether gives the lowest code of the input.
void max_pool_pixel(const job& j, const clipped_window& inside, std::vector<std::int32_t>& best,
                    std::vector<std::int32_t>& sample) {
  std::fill(best.begin(), best.end(), j.d.input.minimum());
  for_samples(j, inside, [&](const std::uint8_t* pixel) {
    load_codes(j.d.input, pixel, sample.size(), 0, sample.data());
    for (std::size_t c = 0; c < best.size(); ++c) best[c] = std::max(best[c], sample[c]);
  });
  for (std::int32_t& code : best) code = j.scaled(code - j.d.input.zero_point, j.d.multiplier);
}

std::int32_t average_factor(const vector_descriptor& d, std::int64_t samples) {
  const bool full = d.count_include_pad || d.reciprocal_multipliers.empty() || samples == 0;
  return full ? d.multiplier : d.reciprocal_multipliers[static_cast<std::size_t>(samples - 1)];
}

void average_pool_pixel(const job& j, const clipped_window& inside, std::vector<std::int32_t>& out,
                        std::vector<std::int64_t>& sums, std::vector<std::int32_t>& sample) {
  std::fill(sums.begin(), sums.end(), 0);
  for_samples(j, inside, [&](const std::uint8_t* pixel) {
    load_codes(j.d.input, pixel, sample.size(), j.d.input.zero_point, sample.data());
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += sample[c];
  });
  const std::int32_t factor = average_factor(j.d, inside.rows * inside.columns);
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = j.scaled(sums[c], factor);
}

// Codes of the channels that slice_pad writes, before requantisation relative to the zero point; 0 outside the input.
void slice_pixel(const job& j, std::int64_t row, std::int64_t column, std::vector<std::int32_t>& out) {
  const vector_descriptor& d = j.d;
  std::fill(out.begin(), out.end(), 0);
  if (row >= 0 && row < d.input.height && column >= 0 && column < d.input.width) {
    const std::int64_t skip = std::max<std::int64_t>(0, -std::int64_t{d.channel_offset});
    const std::int64_t from = std::max<std::int64_t>(0, d.channel_offset);
    const std::int64_t count =
        std::min<std::int64_t>(static_cast<std::int64_t>(out.size()) - skip, d.input.channels - from);
    if (count > 0) {
      const std::uint8_t* source = j.input_pixel(row, column) + from * d.input.element_bytes();
      load_codes(d.input, source, static_cast<std::size_t>(count), d.input.zero_point, out.data() + skip);
    }
  }
  for (std::int32_t& code : out) code = j.scaled(code, d.multiplier);
}

}  // namespace

void vector_engine::run(const command& c, const vector_descriptor& d, buffers& memory) {
  const bool adds = d.kind == vector_kind::add;
  const bool fixed = d.requantize == registers::requantization::fixed_point;
  const tile_shape tile(c, d.input.width, d.output.width);
  const job j{c,
              d,
              tile,
              memory.bytes(c.input, tile.input_bytes(d.input, c.input_rows)),
              adds ? memory.bytes(c.second_input, tile.second_bytes(d.second_input, c.output_rows)) : nullptr,
              memory.bytes(c.output, tile.output_bytes(d.output, c.output_rows)),
              output_stage(d.output.zero_point, d.clamp_low, d.clamp_high),
              rounding_shift(fixed ? d.shift : 0),
              fixed};
  const auto width = static_cast<std::size_t>(tile.output_columns);
  const bool slices = d.kind == vector_kind::slice_pad;
  const auto channels = static_cast<std::size_t>(slices ? d.channels_written : d.output.channels);
  const auto first_byte = static_cast<std::size_t>(slices ? d.output_channel * d.output.element_bytes() : 0);
  const arithmetic::post_processing adding = adds ? addition(d, fixed) : arithmetic::post_processing();
  outputs_.resize(channels);
  codes_.resize(channels);
  sums_.resize(channels);
  for (std::size_t row = 0; row < c.output_rows; ++row) {
    if (adds) {
      add_row(j, adding, row, codes_, second_codes_);
      continue;
    }
    if (d.kind == vector_kind::affine) {
      affine_row(j, row, codes_);
      continue;
    }
    const std::int64_t output_row = std::int64_t{c.output_row} + static_cast<std::int64_t>(row);
    for (std::size_t column = 0; column < width; ++column) {
      const std::int64_t output_column = tile.output_column + static_cast<std::int64_t>(column);
      if (d.kind == vector_kind::max_pool) {
        max_pool_pixel(j, clip(d, output_row, output_column), outputs_, codes_);
      } else if (d.kind == vector_kind::average_pool) {
        average_pool_pixel(j, clip(d, output_row, output_column), outputs_, sums_, codes_);
      } else {
        slice_pixel(j, output_row * d.pool_window.stride_h - d.pool_window.pad_top,
                    output_column * d.pool_window.stride_w - d.pool_window.pad_left, outputs_);
      }
      store_codes(d.output, outputs_.data(), channels, j.output_pixel(row, column) + first_byte);
    }
  }
}

}  // namespace cimbalom::cim
