#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sw/compiler/weight_units.hpp"

namespace cimbalom::compiler {

/// Where a tensor lives.
struct tensor_home {
  bool used = false;         ///< the accelerator reads or writes it
  bool in_buffer = false;    ///< whole, at `offset`, while it is needed
  std::uint32_t offset = 0;  ///< aperture
  bool in_memory = false;    ///< spilled, or touched by the host
  bool for_host = false;     ///< network input or output, or operand of a host layer
  std::uint64_t bytes = 0;
};

/// One operand of a layer that comes from or goes to memory tile by tile.
struct streamed_operand {
  bool streamed = false;
  std::array<std::uint32_t, 2> scratch{};  ///< aperture offsets, used in turn; equal when there is one
};

/// How a layer is cut into tiles of its output map, in order from left to right, then down.
struct tile_plan {
  int rows = 0;     ///< output rows of a tile, the last may have fewer
  int columns = 0;  ///< output columns of a tile, the last may have fewer; 0: whole rows
  int across = 1;   ///< tiles beside each other
  int count = 1;    ///< tiles
  streamed_operand input, second_input, output;
  bool compact = false;  ///< streamed output (and second input) hold only the channels of the unit
};

struct buffer_plan {
  std::vector<tensor_home> tensors;
  std::vector<tile_plan> layers;
};

/// Input rows or columns that output ones [first, first + count) need, clipped to the map; at least one.
struct line_range {
  int first = 0, count = 0;
};
line_range needed_rows(const registers::window& window, int input_height, int first, int count);
line_range needed_columns(const registers::window& window, int input_width, int first, int count);
/// The window of any unit; 1x1 for element-wise kinds.
registers::window window_of(const work_unit& unit);
const registers::tensor_format& input_of(const work_unit& unit);
const registers::tensor_format& output_of(const work_unit& unit);
/// Null where there is none.
const registers::tensor_format* second_input_of(const work_unit& unit);

/// Gives every tensor a place in the input or output buffer for as long as it is needed, or lets it live in DRAM and
/// be worked on tile by tile. Throws input_error where not even one pixel of a map fits with the window it needs.
buffer_plan plan_buffers(const quantization::network& network, const std::vector<layer_units>& units,
                         const target& hardware);

}  // namespace cimbalom::compiler
