#include "sw/compiler/buffers.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/compiler/accesses.hpp"
#include "sw/compiler/buffer_allocator.hpp"

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

  struct scratch_need {
    streamed_operand* operand;
    std::uint64_t row_bytes;
    std::size_t preferred;
    bool is_input;
  };

  bool place_tiles(int number) {
    const layer& l = net_.layers[static_cast<std::size_t>(number)];
    const layer_units& units = units_[static_cast<std::size_t>(number)];
    tile_plan& tiles = plan_.layers[static_cast<std::size_t>(number)];
    const work_unit& head = units.units.front();
    const registers::tensor_format& out = output_of(head);
    const registers::tensor_format* second = second_input_of(head);
    tiles.input.streamed = !home(l.inputs[0]).in_buffer;
    tiles.second_input.streamed = second != nullptr && !home(l.inputs.at(1)).in_buffer;
    tiles.output.streamed = !home(l.output).in_buffer;

    int widest = 0;
    for (const work_unit& unit : units.units) widest = std::max(widest, unit.channels);
    tiles.compact = tiles.output.streamed && widest < out.channels;
    // The channels of a second input follow those of the output: both compact, or neither.
    if (tiles.compact && second != nullptr && !tiles.second_input.streamed) return spill(l.inputs.at(1));

    std::vector<scratch_need> needs;
    const auto bytes_of = [&](const registers::tensor_format& format, bool compact) {
      return compact
                 ? row_bytes(format) / static_cast<std::uint64_t>(format.channels) * static_cast<std::uint64_t>(widest)
                 : row_bytes(format);
    };
    if (tiles.input.streamed) needs.push_back({&tiles.input, row_bytes(input_of(head)), 0, true});
    if (tiles.second_input.streamed) needs.push_back({&tiles.second_input, bytes_of(*second, tiles.compact), 1, false});
    if (tiles.output.streamed) needs.push_back({&tiles.output, bytes_of(out, tiles.compact), 1, false});
    return choose_rows(number, units, needs, tiles);
  }

  int most_rows(const layer_units& units) const {
    const registers::tensor_format& out = output_of(units.units.front());
    if (!units.tiles_outside) return out.height;
    std::uint64_t filters = 0;  // whose sums wait from round to round
    for (const work_unit& unit : units.units) {
      if (unit.keep || unit.accumulate) filters = std::max<std::uint64_t>(filters, filter_count(unit.mvm));
    }
    if (filters == 0) return out.height;
    const std::uint64_t sums_of_row = static_cast<std::uint64_t>(out.width) * filters * sizeof(std::int32_t);
    const std::uint64_t rows = static_cast<std::uint64_t>(hardware_.accelerator.accumulator_bytes) / sums_of_row;
    return static_cast<int>(std::min<std::uint64_t>(rows, static_cast<std::uint64_t>(out.height)));
  }

  bool choose_rows(int number, const layer_units& units, const std::vector<scratch_need>& needs, tile_plan& tiles) {
    const int height = output_of(units.units.front()).height;
    const int most = most_rows(units);
    if (most < 1) {
      throw bad_input({}, "platform.accelerator.accumulator_bytes",
                      std::to_string(hardware_.accelerator.accumulator_bytes),
                      "layer " + net_.layers[static_cast<std::size_t>(number)].name +
                          " adds up rounds of a row of sums; raise it or the positions of a bank");
    }
    if (needs.empty()) {
      set_rows(tiles, most, height);
      return true;
    }
    const int single = largest_fit(number, units, needs, most, 1);
    if (single < 1) return spill_for(number);
    const int twin = single < height ? largest_fit(number, units, needs, single, 2) : 0;
    const bool twice = twin >= 1 && time_ns(units, needs, twin, true) <= time_ns(units, needs, single, false);
    fits(number, units, needs, twice ? twin : single, twice ? 2 : 1, &allocator_);
    set_rows(tiles, twice ? twin : single, height);
    return true;
  }

  static void set_rows(tile_plan& tiles, int rows, int height) {
    tiles.rows = rows;
    tiles.count = (height + rows - 1) / rows;
  }

  std::uint64_t scratch_rows(const layer_units& units, bool is_input, int rows) const {
    if (!is_input) return static_cast<std::uint64_t>(rows);
    const work_unit& head = units.units.front();
    const registers::window window = window_of(head);
    const int most = (rows - 1) * window.stride_h + window.dilation_h * (window.kernel_h - 1) + 1;
    return static_cast<std::uint64_t>(std::min(most, input_of(head).height));
  }

  // Whether the scratch areas fit; where `commit` is given, takes them.
  bool fits(int number, const layer_units& units, const std::vector<scratch_need>& needs, int rows, int copies,
            buffer_allocator* commit) const {
    buffer_allocator trial = allocator_;
    for (const scratch_need& need : needs) {
      for (int copy = 0; copy < copies; ++copy) {
        const auto at =
            trial.allocate(scratch_rows(units, need.is_input, rows) * need.row_bytes, number, number, need.preferred);
        if (!at) return false;
        if (commit == nullptr) continue;
        need.operand->scratch[static_cast<std::size_t>(copy)] = *at;
        if (copies == 1) need.operand->scratch[1] = *at;
      }
    }
    if (commit != nullptr) *commit = trial;
    return true;
  }

  int largest_fit(int number, const layer_units& units, const std::vector<scratch_need>& needs, int most,
                  int copies) const {
    int low = 0, high = most;  // bytes only grow with rows
    while (low < high) {
      const int middle = (low + high + 1) / 2;
      if (fits(number, units, needs, middle, copies, nullptr)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  double time_ns(const layer_units& units, const std::vector<scratch_need>& needs, int rows, bool overlapped) const {
    const work_unit& head = units.units.front();
    const registers::tensor_format& out = output_of(head);
    const int tiles = (out.height + rows - 1) / rows;
    std::uint64_t entries = 0;
    for (const work_unit& unit : units.units) entries += unit.entries;
    const double pixels = static_cast<double>(out.height) * out.width;
    const double compute =
        head.on_macros
            ? static_cast<double>(entries) * pixels * hardware_.macro.op_ns / static_cast<double>(hardware_.banks())
            : pixels * out.channels / hardware_.accelerator.post_lanes * hardware_.cycle_ns();
    double transfer = 0;
    for (const scratch_need& need : needs) {
      const auto one = static_cast<double>(scratch_rows(units, need.is_input, rows) * need.row_bytes);
      const double repeats = need.is_input && tiles > 1 ? static_cast<double>(units.units.size()) : 1.0;
      transfer += tiles * repeats * (hardware_.memory_latency_ns + one / hardware_.memory_bytes_per_ns);
    }
    return overlapped ? std::max(compute, transfer) + transfer / tiles : compute + transfer;
  }

  // Makes room at a layer: the largest map that waits there, else one of its own.
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
    if (victim >= 0) return spill(victim);
    const work_unit& head = units_[static_cast<std::size_t>(number)].units.front();
    const std::uint64_t row =
        row_bytes(input_of(head)) * scratch_rows(units_[static_cast<std::size_t>(number)], true, 1);
    throw bad_input({}, "platform.accelerator.input_buffer_bytes",
                    std::to_string(hardware_.accelerator.input_buffer_bytes),
                    "one output row of layer " + l.name + " needs " + std::to_string(row) + " bytes of input and " +
                        std::to_string(row_bytes(output_of(head))) + " of output in input and output buffer");
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

row_range needed_rows(const registers::window& window, int input_height, int first, int count) {
  const int low = first * window.stride_h - window.pad_top;
  const int high = (first + count - 1) * window.stride_h - window.pad_top + window.dilation_h * (window.kernel_h - 1);
  const int from = std::clamp(low, 0, input_height - 1);
  return {from, std::clamp(high, from, input_height - 1) - from + 1};
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
