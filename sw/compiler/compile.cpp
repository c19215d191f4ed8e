#include "sw/compiler/compile.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "models/cim/cim_cost.hpp"
#include "platform/configuration/error.hpp"
#include "sw/compiler/accesses.hpp"
#include "sw/compiler/mapping.hpp"
#include "sw/compiler/stream.hpp"
#include "sw/compiler/verify.hpp"

namespace cimbalom::compiler {

namespace {

constexpr std::uint64_t alignment = 64;
constexpr std::uint64_t page = 4096;
// Streams longer than this are tried with fewer schedules.
constexpr std::size_t long_stream = 4000;

std::uint64_t align_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

class compilation {
 public:
  compilation(const quantization::network& net, const target& hardware, const compile_options& options)
      : net_(net), hardware_(hardware), options_(options) {}

  program run() {
    check_options();
    units_ = form_units(net_, hardware_, ping_pong(), options_.skip_zero_groups, result_.memory_image, options_.words);
    words_bytes_ = result_.memory_image.size();
    buffers_ = plan_buffers(net_, units_, hardware_);
    for (std::size_t i = 0; i < units_.size(); ++i) make_compact(units_[i], buffers_.layers[i]);
    place_descriptors();
    lay_out_memory();
    choose_schedule();
    finish();
    return std::move(result_);
  }

 private:
  bool ping_pong() const { return options_.ping_pong && hardware_.accelerator.ping_pong; }

  void check_options() const {
    if (options_.image_slots < 1 || options_.image_slots > 1024) {
      throw bad_input({}, "image_slots", std::to_string(options_.image_slots), "1..1024");
    }
    const int ring = options_.ring_entries;
    if (ring < 16 || ring > 65536 || (ring & (ring - 1)) != 0) {
      throw bad_input({}, "ring_entries", std::to_string(ring), "a power of two in 16..65536");
    }
    if (net_.layers.size() > 32767) {
      throw bad_input({}, "network " + net_.name, std::to_string(net_.layers.size()) + " layers", "at most 32767");
    }
    for (const quantization::tensor& t : net_.tensors) {
      if (!t.on_host && (t.format.height > 65535 || t.format.width > 65535)) {
        throw bad_input({}, "tensor " + t.name,
                        std::to_string(t.format.height) + " x " + std::to_string(t.format.width),
                        "at most 65535 rows and columns");
      }
    }
  }

  template <typename Function>
  void each_unit(Function function) {
    for (layer_units& layer : units_) {
      for (work_unit& unit : layer.units) function(unit);
    }
  }

  // Units of a layer whose output goes to memory tile by tile see a map that has only their own channels.
  static void make_compact(layer_units& layer, const tile_plan& tiles) {
    if (!tiles.compact) return;
    for (work_unit& unit : layer.units) {
      if (!unit.on_macros) {
        unit.vector.output.channels = unit.channels;
        unit.vector.output_channel = 0;
        continue;
      }
      unit.mvm.output.channels = unit.channels;
      if (unit.mvm.has_second_input) unit.mvm.second_input.channels = unit.channels;
      for (registers::pass_record& pass : unit.mvm.passes) {
        for (registers::filter_record& filter : pass.filters) {
          filter.output_channel -= static_cast<std::uint32_t>(unit.first_channel);
        }
      }
    }
  }

  static std::vector<std::uint8_t> encoded(const work_unit& unit) {
    return unit.on_macros ? registers::encode(unit.mvm) : registers::encode(unit.vector);
  }

  void place_descriptors() {
    const auto buffer = static_cast<std::uint64_t>(hardware_.accelerator.parameter_buffer_bytes);
    const std::uint64_t first = align_up(words_bytes_, alignment);
    std::uint64_t at = first;
    each_unit([&](work_unit& unit) {
      unit.descriptor_bytes = encoded(unit).size();
      unit.descriptor_offset = at;
      at = align_up(at + unit.descriptor_bytes, alignment);
      if (unit.descriptor_bytes > buffer) {
        throw bad_input({}, "platform.accelerator.parameter_buffer_bytes", std::to_string(buffer),
                        "the descriptor of layer " + net_.layers[static_cast<std::size_t>(unit.layer)].name +
                            " takes " + std::to_string(unit.descriptor_bytes) + " bytes");
      }
    });
    image_bytes_ = at;
    parameters_resident_ = at - first <= buffer;
    std::uint64_t cursor = 0;
    each_unit([&](work_unit& unit) {
      if (cursor + unit.descriptor_bytes > buffer) cursor = 0;
      unit.parameter_offset = static_cast<std::uint32_t>(cursor);
      cursor = align_up(cursor + unit.descriptor_bytes, alignment);
    });
  }

  void lay_out_memory() {
    memory_.ring = hardware_.memory_base;
    memory_.ring_entries = static_cast<std::uint32_t>(options_.ring_entries);
    const auto accelerators = static_cast<std::uint64_t>(hardware_.accelerators());
    memory_.image = align_up(memory_.ring + accelerators * memory_.ring_entries * registers::command_bytes, page);
    std::uint64_t at = align_up(memory_.image + image_bytes_, page);
    memory_.tensors.resize(net_.tensors.size());
    for (const bool for_host : {true, false}) {
      if (!for_host) memory_.spilled = at = align_up(at, page);
      for (std::size_t i = 0; i < memory_.tensors.size(); ++i) {
        const tensor_home& home = buffers_.tensors[i];
        if (home.in_memory && home.for_host == for_host) at = place_tensor(static_cast<int>(i), home, at);
      }
    }
    memory_.spilled_bytes = align_up(at, page) - memory_.spilled;
    memory_.end = memory_.spilled + accelerators * memory_.spilled_bytes;
    if (memory_.end - hardware_.memory_base > hardware_.memory_bytes) {
      throw bad_input({}, "platform.dram size", std::to_string(hardware_.memory_bytes) + " bytes",
                      "the network needs " + std::to_string(memory_.end - hardware_.memory_base));
    }
  }

  // What the host touches has a slot for each of several images.
  std::uint64_t place_tensor(int tensor, const tensor_home& home, std::uint64_t at) {
    const std::uint64_t bytes = align_up(home.bytes, alignment);
    const std::uint64_t slots = home.for_host ? static_cast<std::uint64_t>(options_.image_slots) : 1;
    const memory_layout::tensor place{at, slots > 1 ? bytes : 0};
    memory_.tensors[static_cast<std::size_t>(tensor)] = place;
    if (home.for_host) result_.places.push_back({tensor, {at, home.bytes}, place.stride});
    return at + bytes * slots;
  }

  stream_input input(int lookahead) const {
    return {net_, units_, buffers_, memory_, hardware_, parameters_resident_, ping_pong(), lookahead};
  }

  bool map(const std::vector<int>& order, std::size_t resident) {
    if (!map_units(units_, buffers_, hardware_, options_, order, resident)) return false;
    each_unit([](work_unit& unit) {
      if (!unit.on_macros) return;
      unit.mvm.copies = static_cast<std::uint16_t>(unit.copies);
      unit.mvm.first_position = static_cast<std::uint16_t>(unit.first_position);
      unit.mvm.shard_positions = static_cast<std::uint16_t>(unit.shard_positions);
    });
    return true;
  }

  struct schedule {
    std::size_t resident = 0;
    int lookahead = 0;
    std::uint64_t period_ps = 0;
    std::uint64_t fetched_bytes = 0;  ///< weights an image
    std::size_t commands = 0;
  };

  void consider(const std::vector<int>& order, std::size_t resident, int lookahead, std::vector<schedule>& tried) {
    if (!map(order, resident)) return;
    const std::vector<timed_command> stream = build_stream(input(lookahead));
    schedule one = {resident, lookahead, 0, 0, stream.size()};
    one.period_ps = estimate_period_ps(stream, hardware_.accelerator.command_queue_depth);
    for (const timed_command& c : stream) {
      if (c.planned.command.op == registers::opcode::load_weights) one.fetched_bytes += c.planned.command.row_bytes;
    }
    tried.push_back(one);
  }

  // The fastest; of those within 1 % of it, the one that fetches least.
  static const schedule& best_of(const std::vector<schedule>& tried) {
    const auto fastest = std::min_element(tried.begin(), tried.end(), [](const schedule& one, const schedule& other) {
      return one.period_ps < other.period_ps;
    });
    const schedule* best = &*fastest;
    for (const schedule& one : tried) {
      if (one.period_ps > fastest->period_ps + fastest->period_ps / 100) continue;
      const bool less = one.fetched_bytes < best->fetched_bytes ||
                        (one.fetched_bytes == best->fetched_bytes && one.period_ps < best->period_ps);
      if (less) best = &one;
    }
    return *best;
  }

  void choose_schedule() {
    std::vector<int> order;
    if (options_.residency) order = residency_order(units_, buffers_, hardware_, options_.duplication);
    constexpr int usual_lookahead = 8;
    std::vector<schedule> tried;
    consider(order, 0, usual_lookahead, tried);
    const bool is_long = !tried.empty() && tried.front().commands > long_stream;
    const std::size_t step = is_long ? std::max<std::size_t>(1, order.size() / 3) : 1;
    for (std::size_t resident = step; resident <= order.size(); resident += step) {
      consider(order, resident, usual_lookahead, tried);
    }
    if (tried.empty()) throw std::logic_error("compiler: no schedule for network " + net_.name);
    const std::size_t resident = best_of(tried).resident;
    for (const int lookahead : {2, 4, 16}) {
      if (!is_long && ping_pong()) consider(order, resident, lookahead, tried);
    }
    const schedule best = best_of(tried);
    map(order, best.resident);
    lookahead_ = best.lookahead;
  }

  void finish() {
    result_.memory_image.resize(image_bytes_);
    each_unit([&](const work_unit& unit) {
      const std::vector<std::uint8_t> bytes = encoded(unit);
      std::copy(bytes.begin(), bytes.end(),
                result_.memory_image.begin() + static_cast<std::ptrdiff_t>(unit.descriptor_offset));
    });
    result_.image_region = {memory_.image, image_bytes_};
    result_.image_slots = static_cast<std::uint32_t>(options_.image_slots);
    result_.ring_address = memory_.ring;
    result_.ring_entries = memory_.ring_entries;
    result_.spilled = {memory_.spilled, memory_.spilled_bytes};
    result_.accelerators = hardware_.accelerators();
    result_.dram_end = memory_.end;
    for (timed_command& one : build_setup(input(lookahead_))) result_.setup.push_back(one.planned.command);
    fill_steps();
    for (timed_command& one : build_stream(input(lookahead_))) {
      result_.segments.at(static_cast<std::size_t>(one.segment)).commands.push_back(one.planned.command);
    }
    describe_mapping();
    const std::vector<std::string> findings = verify(result_, hardware_);
    if (!findings.empty()) throw std::logic_error("compiler: " + findings.front());
  }

  void fill_steps() {
    bool open = false;
    for (std::size_t i = 0; i < net_.layers.size(); ++i) {
      if (net_.layers[i].kind == quantization::layer_kind::host) {
        result_.steps.push_back({step::kind::host, -1, static_cast<int>(i)});
        open = false;
      } else if (!open) {
        result_.steps.push_back({step::kind::accelerator, static_cast<int>(result_.segments.size()), -1});
        result_.segments.emplace_back();
        open = true;
      }
    }
  }

  void describe_mapping() {
    std::uint64_t bound_ps = 0;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].units.empty()) continue;
      const layer_mapping mapped = mapping_of(static_cast<int>(i));
      bound_ps += mapped.operation_bound_ps;
      result_.mapping.push_back(mapped);
      // Words with padding, index codes, and a filter: width (8 bits), first column (16), multiplier and shift (40).
      constexpr std::uint64_t index_code_bits = 16, filter_bits = 8 + 16 + 40;
      result_.weight_storage_bits +=
          mapped.entries * (hardware_.position_bytes() * 8 + index_code_bits) + units_[i].filters_stored * filter_bits;
    }
    result_.compute_bound_ns = static_cast<double>(bound_ps) / 1000.0;
  }

  layer_mapping mapping_of(int layer) const {
    const layer_units& units = units_[static_cast<std::size_t>(layer)];
    const work_unit& head = units.units.front();
    layer_mapping m;
    m.layer = layer;
    m.rounds = units.units.size();
    m.channels_apart = buffers_.layers[static_cast<std::size_t>(layer)].compact;
    if (!head.on_macros) return m;
    m.copies = head.copies;
    m.shards = head.shards;
    m.resident = head.resident;
    const std::uint64_t fetches =
        units.tiles_outside ? static_cast<std::uint64_t>(buffers_.layers[static_cast<std::size_t>(layer)].count) : 1;
    const std::uint64_t pixels =
        static_cast<std::uint64_t>(head.mvm.output.height) * static_cast<std::uint64_t>(head.mvm.output.width);
    for (const work_unit& unit : units.units) {
      m.entries += unit.entries;
      if (!unit.resident) m.weight_bytes += unit.entries * hardware_.position_bytes() * fetches;
      m.bank_operations += unit.entries * pixels;
    }
    m.operation_bound_ps =
        m.bank_operations * cim::operation_ps(hardware_.macro, head.mvm.input_bits) / hardware_.banks();
    return m;
  }

  const quantization::network& net_;
  const target& hardware_;
  const compile_options& options_;
  std::vector<layer_units> units_;
  buffer_plan buffers_;
  memory_layout memory_;
  std::uint64_t words_bytes_ = 0, image_bytes_ = 0;
  bool parameters_resident_ = true;
  int lookahead_ = 0;
  program result_;
};

}  // namespace

program compile(const quantization::network& network, const target& hardware, const compile_options& options) {
  return compilation(network, hardware, options).run();
}

}  // namespace cimbalom::compiler
