#include "sw/compiler/channel_split.hpp"

#include <algorithm>

#include "sw/compiler/buffer_allocator.hpp"
#include "sw/compiler/buffers.hpp"

namespace cimbalom::compiler {

namespace {

using registers::vector_descriptor;
using registers::vector_kind;

// Parts of this many channels or more are a multiple of it: whole bursts of memory.
constexpr int channel_step = 16;

// Bytes of one channel that an output pixel needs.
struct channel_need {
  std::uint64_t input = 0, second = 0, output = 0;
};

channel_need need_of(const work_unit& unit) {
  const registers::window w = window_of(unit);
  const vector_descriptor& d = unit.vector;
  const std::int64_t rows = std::min<std::int64_t>(std::int64_t{w.dilation_h} * (w.kernel_h - 1) + 1, d.input.height);
  const std::int64_t columns = std::min<std::int64_t>(std::int64_t{w.dilation_w} * (w.kernel_w - 1) + 1, d.input.width);
  channel_need need;
  need.input = static_cast<std::uint64_t>(rows * columns * d.input.element_bytes());
  need.second = d.kind == vector_kind::add ? static_cast<std::uint64_t>(d.second_input.element_bytes()) : 0;
  need.output = static_cast<std::uint64_t>(d.output.element_bytes());
  return need;
}

bool fits(const channel_need& need, std::uint64_t input_channels, std::uint64_t channels, int copies,
          const target& hardware) {
  const auto bytes = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  buffer_allocator trial({{registers::input_buffer_offset, bytes(hardware.accelerator.input_buffer_bytes)},
                          {registers::output_buffer_offset, bytes(hardware.accelerator.output_buffer_bytes)}});
  for (int copy = 0; copy < copies; ++copy) {
    if (!trial.allocate(need.input * input_channels, 0, 0, 0)) return false;
    if (need.second > 0 && !trial.allocate(need.second * channels, 0, 0, 1)) return false;
    if (!trial.allocate(need.output * channels, 0, 0, 1)) return false;
  }
  return true;
}

int largest_part(const channel_need& need, int channels, int copies, const target& hardware) {
  int low = 0, high = channels;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    const auto tried = static_cast<std::uint64_t>(middle);
    if (fits(need, tried, tried, copies, hardware)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

// Channels [first, first + count) of what the unit writes.
work_unit part_of(const work_unit& whole, int first, int count) {
  work_unit part = whole;
  vector_descriptor& d = part.vector;
  part.first_channel = whole.first_channel + first;
  part.channels = count;
  part.first_input_channel = first;
  d.output.channels = count;
  d.channels_written = count;
  d.output_channel = 0;
  if (d.kind == vector_kind::slice_pad) {
    // The channels of the input that are read, one where none is.
    const int from = std::clamp(first + d.channel_offset, 0, d.input.channels - 1);
    const int end = std::clamp(first + count + d.channel_offset, from + 1, d.input.channels);
    part.first_input_channel = from;
    d.channel_offset += first - from;
    d.input.channels = end - from;
    return part;
  }
  d.input.channels = count;
  d.second_input.channels = count;
  if (d.kind == vector_kind::affine) {
    const auto at = d.channels.begin() + first;
    d.channels = std::vector<registers::filter_record>(at, at + count);
  }
  return part;
}

}  // namespace

layer_units vector_units(work_unit whole, const target& hardware) {
  layer_units result;
  const channel_need need = need_of(whole);
  const auto inputs = static_cast<std::uint64_t>(whole.vector.input.channels);
  const auto outputs = static_cast<std::uint64_t>(whole.vector.output.channels);
  int part = whole.channels;
  if (!fits(need, inputs, outputs, 1, hardware)) {
    // Two areas in turn, so that a part is loaded while another is computed; else one.
    part = std::max(largest_part(need, whole.channels, 2, hardware), 0);
    if (part == 0) part = largest_part(need, whole.channels, 1, hardware);
    if (part >= channel_step) part = part / channel_step * channel_step;
  }
  result.channel_split = part > 0 && part < whole.channels;
  if (!result.channel_split) {  // where not one channel fits, the buffers' plan says so
    result.units.push_back(std::move(whole));
    return result;
  }
  for (int first = 0; first < whole.channels; first += part) {
    result.units.push_back(part_of(whole, first, std::min(part, whole.channels - first)));
  }
  return result;
}

}  // namespace cimbalom::compiler
