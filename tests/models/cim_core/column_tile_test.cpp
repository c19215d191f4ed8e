#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

using registers::command;
using registers::error_code;
using registers::tensor_format;

constexpr std::uint32_t scratch_input = registers::input_buffer_offset + 0x8000;
constexpr std::uint32_t scratch_second = registers::output_buffer_offset + 0x9000;
constexpr std::uint32_t scratch_output = registers::output_buffer_offset + 0xC000;

// Output columns [first, first + count) of rows [row, row + rows) of a layer, with its operands cut out of the maps as
// a compiler would: only what the window needs, side by side.
class cut_runner {
 public:
  explicit cut_runner(const layer_case& layer) : layer_(layer), runner_(layer) {
    EXPECT_EQ(runner_.program(), error_code::none);
  }

  std::vector<int> run(int rows, int columns, bool operands_in_place) {
    for (int row = 0; row < layer_.output.height; row += rows) {
      for (int column = 0; column < layer_.output.width; column += columns) {
        tile(row, std::min(rows, layer_.output.height - row), column, std::min(columns, layer_.output.width - column),
             operands_in_place);
      }
    }
    return runner_.output();
  }
  layer_runner& runner() { return runner_; }

 private:
  static std::uint32_t pixel_bytes(const tensor_format& f) {
    return static_cast<std::uint32_t>(f.channels * f.element_bytes());
  }
  // Between a map and a region of its columns.
  void copy(const tensor_format& f, std::uint32_t map, std::uint32_t region, int rows, int columns, bool to_region) {
    const std::uint32_t length = static_cast<std::uint32_t>(columns) * pixel_bytes(f);
    for (int r = 0; r < rows; ++r) {
      const auto at = static_cast<std::uint32_t>(r);
      std::uint8_t* whole =
          runner_.core().bytes(map + at * static_cast<std::uint32_t>(f.width) * pixel_bytes(f), length);
      std::uint8_t* part = runner_.core().bytes(region + at * length, length);
      to_region ? std::memcpy(part, whole, length) : std::memcpy(whole, part, length);
    }
  }

  void tile(int row, int rows, int column, int columns, bool in_place) {
    command c = runner_.compute_command(row, rows);
    const registers::window& w = layer_.window;
    const int low = std::clamp(column * w.stride_w - w.pad_left, 0, layer_.input.width - 1);
    const int high = std::clamp((column + columns - 1) * w.stride_w - w.pad_left + w.dilation_w * (w.kernel_w - 1), low,
                                layer_.input.width - 1);
    const auto first = static_cast<std::uint32_t>(column);
    const std::uint32_t whole_output = c.output + first * pixel_bytes(layer_.output);
    const std::uint32_t whole_second = c.second_input + first * pixel_bytes(layer_.second);
    c.output_column = static_cast<std::uint16_t>(column);
    c.output_columns = static_cast<std::uint16_t>(columns);
    c.output = whole_output;
    c.second_input = whole_second;
    if (!in_place) {
      const std::uint32_t from = c.input + static_cast<std::uint32_t>(low) * pixel_bytes(layer_.input);
      copy(layer_.input, from, scratch_input, c.input_rows, high - low + 1, true);
      c.input = scratch_input;
      c.input_column = static_cast<std::uint16_t>(low);
      c.input_columns = static_cast<std::uint16_t>(high - low + 1);
      c.output = scratch_output;
      c.output_pitch = c.output_columns;
      if (layer_.has_second) {
        copy(layer_.second, whole_second, scratch_second, rows, columns, true);
        c.second_input = scratch_second;
        c.second_pitch = c.output_columns;
      }
    }
    tile_work work;
    EXPECT_EQ(runner_.core().plan(c, work), error_code::none);
    EXPECT_EQ(work.pixels, static_cast<std::uint64_t>(rows * columns));
    EXPECT_EQ(runner_.compute(c), error_code::none);
    if (!in_place) copy(layer_.output, whole_output, scratch_output, rows, columns, false);
  }

  layer_case layer_;
  layer_runner runner_;
};

void expect_cut_as_whole(const case_options& o) {
  layer_case layer = make_case(o);
  layer.accelerator.input_buffer_bytes = layer.accelerator.output_buffer_bytes = 1 << 16;
  const std::vector<int> whole = layer_runner(layer).run(layer.output.height);
  for (const int columns : {1, 2, 3}) {
    for (const bool in_place : {true, false}) {
      EXPECT_EQ(cut_runner(layer).run(2, columns, in_place), whole) << columns << " columns, in place " << in_place;
    }
  }
}

TEST(column_tiles, a_padded_layer_with_a_residual) {
  case_options o;
  o.residual = true;
  expect_cut_as_whole(o);
}

TEST(column_tiles, strided_dilated_with_asymmetric_padding) {
  case_options o;
  o.width = 11;
  o.window = {2, 3, 1, 2, 2, 2, 1, 3};
  o.out_height = 5;
  o.out_width = 6;
  expect_cut_as_whole(o);
}

TEST(column_tiles, flattened_and_depthwise) {
  case_options o;
  o.channels = 3;
  o.flattened = true;
  expect_cut_as_whole(o);
  o.channels = o.filters = 6;
  o.depthwise = true;
  expect_cut_as_whole(o);
}

TEST(column_tiles, several_copies_share_the_pixels_of_a_tile) {
  case_options o;
  layer_case layer = make_case(o);
  layer.copies = 3;
  layer.shard_positions = 9;
  EXPECT_EQ(cut_runner(layer).run(3, 2, false), reference_output(layer, reference_sums(layer)));
}

TEST(column_tiles, noise_belongs_to_the_pixel_not_to_the_tile) {
  case_options o;
  layer_case layer = make_case(o);
  layer.noise.adc_noise_lsb = 0.7;
  const std::vector<int> whole = layer_runner(layer).run(layer.output.height);
  EXPECT_NE(whole, reference_output(layer, reference_sums(layer)));
  EXPECT_EQ(cut_runner(layer).run(2, 2, false), whole);
}

class column_errors : public ::testing::Test {
 protected:
  column_errors() : runner_(make_case({})) { runner_.program(); }
  error_code after(void (*change)(command&)) {
    command c = runner_.compute_command(1, 3);
    c.output_column = 1;
    c.output_columns = 2;  // needs input columns 0..3 of 5
    c.input_columns = 4;
    change(c);
    tile_work work;
    const error_code planned = runner_.core().plan(c, work);
    EXPECT_EQ(runner_.compute(c), planned);
    return planned;
  }
  layer_runner runner_;
};

TEST_F(column_errors, columns_that_are_not_there) {
  EXPECT_EQ(after([](command&) {}), error_code::none);
  EXPECT_EQ(after([](command& c) { c.input_columns = 3; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.input_column = 1; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.input_columns = 6; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_columns = 5; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_columns = 0; }), error_code::buffer_range);  // all, from column 1
  EXPECT_EQ(after([](command& c) { c.output_pitch = 1; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_pitch = 0xFFFF; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.second_pitch = 1; }), error_code::buffer_range);
}

}  // namespace
}  // namespace cimbalom::cim::testing
