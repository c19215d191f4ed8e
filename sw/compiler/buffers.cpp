#include "sw/compiler/buffers.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/compiler/accesses.hpp"
#include "sw/compiler/buffer_allocator.hpp"
#include "sw/compiler/tiling.hpp"

namespace cimbalom::compiler {

namespace {

using quantization::layer;
using quantization::layer_kind;
using quantization::network;

// When a tensor is written first and needed last, in layer numbers.
struct life {
  int first = -1, last = -1;
  int segment_first = 0;  // of the accelerator layers around its first use: where the host's data is loaded
  bool written = false;   // by the accelerator
};

class planner {
 public:
  planner(const network& net, const std::vector<layer_units>& units, const target& hardware)
      : net_(net), units_(units), hardware_(hardware), lives_(net.tensors.size()) {
    find_lives();
  }

  buffer_plan run() {
    // Every failed attempt names a tensor that must live in DRAM; there are finitely many.
    while (!attempt()) {
    }
    return std::move(plan_);
  }

 private:
  tensor_home& home(int tensor) { return plan_.tensors[static_cast<std::size_t>(tensor)]; }
  life& life_of(int tensor) { return lives_[static_cast<std::size_t>(tensor)]; }
  int last_layer() const { return static_cast<int>(net_.layers.size()) - 1; }

  void touch(int tensor, int number, bool write) {
    life& l = life_of(tensor);
    if (l.first < 0) {
      l.first = number;
      l.segment_first = segment_first_;
      l.written = write;
    }
    l.last = std::max(l.last, number);
  }

  void find_lives() {
    homes_.resize(net_.tensors.size());
    for (std::size_t i = 0; i < homes_.size(); ++i) {
      const registers::tensor_format& format = net_.tensors[i].format;
      homes_[i].bytes = net_.tensors[i].on_host ? 0 : row_bytes(format, static_cast<std::uint64_t>(format.height));
    }
    for (std::size_t i = 0; i < net_.layers.size(); ++i) {
      const layer& l = net_.layers[i];
      const int number = static_cast<int>(i);
      if (l.kind == layer_kind::host) {
        segment_first_ = number + 1;
        for (const int tensor : l.inputs) host_touches(tensor);
        host_touches(l.output);
        continue;
      }
      for (const int tensor : l.inputs) touch(tensor, number, false);
      touch(l.output, number, true);
    }
    host_touches(net_.input);
    for (const int tensor : net_.outputs) host_touches(tensor);
    for (std::size_t i = 0; i < homes_.size(); ++i) homes_[i].used = lives_[i].first >= 0;
  }

  void host_touches(int tensor) {
    if (tensor < 0 || net_.tensors[static_cast<std::size_t>(tensor)].on_host) return;
    homes_[static_cast<std::size_t>(tensor)].for_host = true;
    homes_[static_cast<std::size_t>(tensor)].in_memory = true;
  }

  bool attempt() {
    plan_.tensors = homes_;
    plan_.layers.assign(net_.layers.size(), {});
    const auto bytes = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    allocator_ =
        buffer_allocator({{registers::input_buffer_offset, bytes(hardware_.accelerator.input_buffer_bytes)},
                          {registers::output_buffer_offset, bytes(hardware_.accelerator.output_buffer_bytes)}});
    for (const int tensor : spilled_) home(tensor).in_memory = true;
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      if (!place_host_tensor(static_cast<int>(i))) return false;
    }
    for (std::size_t i = 0; i < net_.layers.size(); ++i) {
      const int number = static_cast<int>(i);
      if (net_.layers[i].kind != layer_kind::host && !(place_output(number) && place_tiles(number))) return false;
    }
    return true;
  }

  bool spill(int tensor) {
    spilled_.insert(tensor);
    return false;
  }
  bool is_spilled(int tensor) const { return spilled_.count(tensor) != 0; }

  // What the host provides is loaded as a whole. A small input keeps a place of its own, so that the next image can
  // arrive while this one is computed.
  bool place_host_tensor(int tensor) {
    tensor_home& h = home(tensor);
    const life& l = life_of(tensor);
    if (!h.for_host || !h.used || l.written || is_spilled(tensor)) return true;
    const bool small = h.bytes * 8 <= static_cast<std::uint64_t>(hardware_.accelerator.input_buffer_bytes);
    const int first = small ? 0 : l.segment_first;
    const int last = small ? last_layer() : l.last;
    const auto at = allocator_.allocate(h.bytes, first, last, 0);
    if (!at) return spill(tensor);
    h.in_buffer = true;
    h.offset = *at;
    return true;
  }

  bool place_output(int number) {
    const layer& l = net_.layers[static_cast<std::size_t>(number)];
    tensor_home& h = home(l.output);
    if (life_of(l.output).first != number || is_spilled(l.output)) return true;
    const tensor_home& input = home(l.inputs.at(0));
    const std::size_t preferred = input.in_buffer ? 1 - allocator_.buffer_of(input.offset) : 1;
    const auto at = allocator_.allocate(h.bytes, number, life_of(l.output).last, preferred);
    if (!at) return spill(l.output);
    h.in_buffer = true;
    h.offset = *at;
    return true;
  }

  bool place_tiles(int number) {
    const layer& l = net_.layers[static_cast<std::size_t>(number)];
    const layer_units& units = units_[static_cast<std::size_t>(number)];
    tile_plan& tiles = plan_.layers[static_cast<std::size_t>(number)];
    const work_unit& head = units.units.front();
    const registers::tensor_format& out = output_of(head);
    const registers::tensor_format* second = second_input_of(head);
    if (units.channel_split) {  // parts of the channels lie apart in memory alone
      for (const int tensor : l.inputs) {
        if (home(tensor).in_buffer) return spill(tensor);
      }
      if (home(l.output).in_buffer) return spill(l.output);
    }
    tiles.input.streamed = !home(l.inputs[0]).in_buffer;
    tiles.second_input.streamed = second != nullptr && !home(l.inputs.at(1)).in_buffer;
    tiles.output.streamed = !home(l.output).in_buffer;

    int widest = 0;
    for (const work_unit& unit : units.units) widest = std::max(widest, unit.channels);
    const int channels = net_.tensors[static_cast<std::size_t>(l.output)].format.channels;
    tiles.compact = tiles.output.streamed && widest < channels;
    // The channels of a second input follow those of the output: both compact, or neither.
    if (tiles.compact && second != nullptr && !tiles.second_input.streamed) return spill(l.inputs.at(1));

    std::vector<scratch_need> needs;
    const auto pixel = [&](const registers::tensor_format& format, int of) {
      return static_cast<std::uint64_t>(of) * static_cast<std::uint64_t>(format.element_bytes());
    };
    const int written = tiles.compact ? widest : out.channels;
    if (tiles.input.streamed) {
      needs.push_back({&tiles.input, pixel(input_of(head), input_of(head).channels), 0, true});
    }
    if (tiles.second_input.streamed) needs.push_back({&tiles.second_input, pixel(*second, written), 1, false});
    if (tiles.output.streamed) needs.push_back({&tiles.output, pixel(out, written), 1, false});
    return choose_tiles(number, needs, tiles);
  }

  // Whole rows if need be by spilling other maps; parts of rows where that does not do.
  bool choose_tiles(int number, const std::vector<scratch_need>& needs, tile_plan& tiles) {
    const tile_chooser chooser(units_[static_cast<std::size_t>(number)], needs, hardware_, allocator_, number);
    std::optional<tile_chooser::choice> chosen = chooser.whole_rows();
    if (!chosen && chooser.row_of_sums_fits() && spill_for(number)) return false;
    if (!chosen) chosen = chooser.parts_of_rows();
    if (!chosen && chooser.pixel_of_sums_fits() && spill_for(number)) return false;
    if (!chosen) refuse(number, chooser);
    chooser.commit(*chosen, tiles, allocator_);
    return true;
  }

  [[noreturn]] void refuse(int number, const tile_chooser& chooser) const {
    const std::string& name = net_.layers[static_cast<std::size_t>(number)].name;
    const cim::accelerator_config& a = hardware_.accelerator;
    if (!chooser.pixel_of_sums_fits()) {
      throw bad_input({}, "platform.accelerator.accumulator_bytes", std::to_string(a.accumulator_bytes),
                      "layer " + name + " adds up rounds of the sums of a pixel; raise it or the positions of a bank");
    }
    throw bad_input({}, "platform.accelerator.input_buffer_bytes", std::to_string(a.input_buffer_bytes),
                    "one output pixel of layer " + name + " needs " + std::to_string(chooser.pixel_need(true)) +
                        " bytes of input and " + std::to_string(chooser.pixel_need(false)) +
                        " besides, in input and output buffer");
  }

  // Makes room at a layer: the largest map that waits there, else one of its own. False: nothing is left to spill.
  bool spill_for(int number) {
    const layer& l = net_.layers[static_cast<std::size_t>(number)];
    int victim = -1;
    bool victim_is_own = true;
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const int tensor = static_cast<int>(i);
      if (!home(tensor).in_buffer || life_of(tensor).first > number) continue;
      if (life_of(tensor).last < number && !home(tensor).for_host) continue;
      const bool own = tensor == l.output || std::find(l.inputs.begin(), l.inputs.end(), tensor) != l.inputs.end();
      const bool better =
          victim < 0 || (victim_is_own && !own) || (victim_is_own == own && home(tensor).bytes > home(victim).bytes);
      if (better && !(own && !victim_is_own)) {
        victim = tensor;
        victim_is_own = own;
      }
    }
    if (victim < 0) return false;
    spill(victim);
    return true;
  }

  const network& net_;
  const std::vector<layer_units>& units_;
  const target& hardware_;
  std::vector<life> lives_;
  std::vector<tensor_home> homes_;
  int segment_first_ = 0;
  std::set<int> spilled_;
  buffer_allocator allocator_{{}};
  buffer_plan plan_;
};

}  // namespace

namespace {

line_range needed_lines(int kernel, int stride, int dilation, int pad, int size, int first, int count) {
  const int low = first * stride - pad;
  const int high = (first + count - 1) * stride - pad + dilation * (kernel - 1);
  const int from = std::clamp(low, 0, size - 1);
  return {from, std::clamp(high, from, size - 1) - from + 1};
}

}  // namespace

line_range needed_rows(const registers::window& w, int input_height, int first, int count) {
  return needed_lines(w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, input_height, first, count);
}

line_range needed_columns(const registers::window& w, int input_width, int first, int count) {
  return needed_lines(w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, input_width, first, count);
}

registers::window window_of(const work_unit& unit) {
  if (unit.on_macros) return unit.mvm.filter_window;
  registers::window window = unit.vector.pool_window;
  switch (unit.vector.kind) {
    case registers::vector_kind::add:
    case registers::vector_kind::affine:
      return {};
    case registers::vector_kind::slice_pad:
      window.kernel_h = window.kernel_w = window.dilation_h = window.dilation_w = 1;
      return window;
    case registers::vector_kind::max_pool:
    case registers::vector_kind::average_pool:
      break;
  }
  return window;
}

const registers::tensor_format& input_of(const work_unit& unit) {
  return unit.on_macros ? unit.mvm.input : unit.vector.input;
}

const registers::tensor_format& output_of(const work_unit& unit) {
  return unit.on_macros ? unit.mvm.output : unit.vector.output;
}

const registers::tensor_format* second_input_of(const work_unit& unit) {
  if (unit.on_macros) return unit.mvm.has_second_input ? &unit.mvm.second_input : nullptr;
  return unit.vector.kind == registers::vector_kind::add ? &unit.vector.second_input : nullptr;
}

buffer_plan plan_buffers(const network& net, const std::vector<layer_units>& units, const target& hardware) {
  return planner(net, units, hardware).run();
}

}  // namespace cimbalom::compiler
