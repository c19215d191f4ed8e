#include "sw/compiler/mapping.hpp"

#include <algorithm>
#include <cmath>

#include "models/cim/cim_cost.hpp"

namespace cimbalom::compiler {

namespace {

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t write_ps(const target& hardware, std::uint64_t positions) {
  const double row_ps = hardware.macro.write_ns * 1000.0;
  return static_cast<std::uint64_t>(std::llround(row_ps * static_cast<double>(positions) * hardware.macro.rows_active));
}

class mapper {
 public:
  mapper(std::vector<layer_units>& units, const buffer_plan& buffers, const target& hardware,
         const compile_options& options)
      : units_(units), buffers_(buffers), hardware_(hardware), options_(options) {}

  bool run(const std::vector<int>& order, std::size_t resident) {
    mark(order, resident);
    const std::uint64_t least = least_ring(), all = hardware_.positions();
    // With ping-pong the ring should hold two units; one must do where the residents leave no more.
    const std::uint64_t wanted = ping_pong() ? 2 * least : least;
    const bool placed =
        (wanted <= all && place_residents(all - wanted)) || (least <= all && place_residents(all - least));
    if (placed) place_streamed();
    return placed;
  }

 private:
  template <typename Function>
  void each(bool resident, Function function) {
    for (layer_units& layer : units_) {
      for (work_unit& unit : layer.units) {
        if (unit.on_macros && unit.entries > 0 && unit.resident == resident) function(unit);
      }
    }
  }

  std::vector<mapping_option> options_of(const work_unit& unit) const {
    return mapping_options(unit, buffers_.layers[static_cast<std::size_t>(unit.layer)], hardware_,
                           options_.duplication);
  }

  void mark(const std::vector<int>& order, std::size_t resident) {
    for (layer_units& layer : units_) {
      for (work_unit& unit : layer.units) unit.resident = false;
    }
    for (std::size_t i = 0; i < resident; ++i) units_[static_cast<std::size_t>(order[i])].units.front().resident = true;
  }

  bool ping_pong() const { return options_.ping_pong && hardware_.accelerator.ping_pong; }

  // Positions that the largest streamed unit needs at the very least.
  std::uint64_t least_ring() {
    std::uint64_t largest = 0;
    each(false,
         [&](const work_unit& unit) { largest = std::max(largest, divide_up(unit.entries, hardware_.banks())); });
    return largest;
  }

  static void set(work_unit& unit, const mapping_option& option) {
    unit.shard_positions = option.shard_positions;
    unit.shards = option.shards;
    unit.copies = option.copies;
  }

  // Starts with the fewest positions and spends what is left where it saves most time a position, as long as that is
  // more than a position saves that another layer need not write for every image.
  bool place_residents(std::uint64_t available) {
    bool any_streamed = false;
    each(false, [&](const work_unit&) { any_streamed = true; });
    const double least_gain = any_streamed ? static_cast<double>(write_ps(hardware_, 1)) : 0;
    struct item {
      work_unit* unit;
      std::vector<mapping_option> options;
      std::size_t chosen = 0;
      std::uint64_t operation_ps;
    };
    std::vector<item> items;
    std::uint64_t used = 0;
    each(true, [&](work_unit& unit) {
      items.push_back({&unit, options_of(unit), 0, cim::operation_ps(hardware_.macro, unit.mvm.input_bits)});
      used += items.back().options.front().shard_positions;
    });
    if (used > available) return false;
    for (;;) {
      item* best = nullptr;
      std::size_t best_option = 0;
      double best_gain = least_gain;
      for (item& one : items) {
        const mapping_option& now = one.options[one.chosen];
        for (std::size_t o = one.chosen + 1; o < one.options.size(); ++o) {
          const mapping_option& then = one.options[o];
          const std::uint64_t extra = then.shard_positions - now.shard_positions;
          if (used + extra > available) break;
          const double gain = static_cast<double>((now.bank_operations - then.bank_operations) * one.operation_ps) /
                              static_cast<double>(extra);
          if (gain > best_gain) {
            best = &one;
            best_option = o;
            best_gain = gain;
          }
        }
      }
      if (best == nullptr) break;
      used += best->options[best_option].shard_positions - best->options[best->chosen].shard_positions;
      best->chosen = best_option;
    }
    std::uint64_t at = 0;
    for (item& one : items) {
      set(*one.unit, one.options[one.chosen]);
      one.unit->first_position = at;
      at += one.unit->shard_positions;
    }
    ring_ = at;
    return true;
  }

  // The positions behind the residents are a ring: units take them in the order of execution.
  void place_streamed() {
    const std::uint64_t ring = hardware_.positions() - ring_;
    std::uint64_t at = ring_;
    each(false, [&](work_unit& unit) {
      const std::uint64_t least = divide_up(unit.entries, hardware_.banks());
      const std::uint64_t budget = ping_pong() && 2 * least <= ring ? ring / 2 : ring;
      const std::uint64_t operation = cim::operation_ps(hardware_.macro, unit.mvm.input_bits);
      const mapping_option* best = nullptr;
      std::uint64_t best_ps = 0;
      const std::vector<mapping_option> options = options_of(unit);
      for (const mapping_option& option : options) {
        if (option.shard_positions > budget) break;
        const std::uint64_t ps = option.bank_operations * operation + write_ps(hardware_, option.shard_positions);
        if (best == nullptr || ps < best_ps) {
          best = &option;
          best_ps = ps;
        }
      }
      set(unit, *best);
      if (at + unit.shard_positions > hardware_.positions()) at = ring_;
      unit.first_position = at;
      at += unit.shard_positions;
    });
  }

  std::vector<layer_units>& units_;
  const buffer_plan& buffers_;
  const target& hardware_;
  const compile_options& options_;
  std::uint64_t ring_ = 0;  // first position that is not resident
};

}  // namespace

std::vector<mapping_option> mapping_options(const work_unit& unit, const tile_plan& tiles, const target& hardware,
                                            bool duplication) {
  const auto height = static_cast<std::uint64_t>(unit.mvm.output.height);
  const auto width = static_cast<std::uint64_t>(unit.mvm.output.width);
  const auto rows = static_cast<std::uint64_t>(tiles.rows);
  const std::uint64_t columns = tiles.columns > 0 ? static_cast<std::uint64_t>(tiles.columns) : width;
  std::vector<mapping_option> all;
  for (std::uint64_t wanted = 1; wanted <= std::min(hardware.banks(), unit.entries); ++wanted) {
    mapping_option option;
    option.shard_positions = divide_up(unit.entries, wanted);
    if (option.shard_positions > hardware.positions()) continue;
    option.shards = divide_up(unit.entries, option.shard_positions);
    option.copies = duplication ? std::min(hardware.banks() / option.shards, rows * columns) : 1;
    std::uint64_t runs = 0;  // of the busiest copy, over all tiles: whole ones, and those at the right and lower edge
    for (const std::uint64_t r : {rows, height % rows}) {
      const std::uint64_t down = r == rows ? height / rows : 1;
      for (const std::uint64_t c : {columns, width % columns}) {
        const std::uint64_t across = c == columns ? width / columns : 1;
        runs += down * across * divide_up(r * c, option.copies);
      }
    }
    option.bank_operations = option.shard_positions * runs;
    all.push_back(option);
  }
  std::sort(all.begin(), all.end(), [](const mapping_option& a, const mapping_option& b) {
    return a.shard_positions != b.shard_positions ? a.shard_positions < b.shard_positions
                                                  : a.bank_operations < b.bank_operations;
  });
  std::vector<mapping_option> useful;
  for (const mapping_option& option : all) {
    if (useful.empty() || option.bank_operations < useful.back().bank_operations) useful.push_back(option);
  }
  return useful;
}

std::vector<int> residency_order(const std::vector<layer_units>& units, const buffer_plan& buffers,
                                 const target& hardware, bool duplication) {
  struct candidate {
    int layer;
    double bytes_a_position;
  };
  std::vector<candidate> candidates;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].units.size() != 1 || !units[i].units.front().on_macros || units[i].units.front().entries == 0)
      continue;
    const work_unit& unit = units[i].units.front();
    const auto options = mapping_options(unit, buffers.layers[i], hardware, duplication);
    if (options.empty()) continue;
    candidates.push_back({static_cast<int>(i), static_cast<double>(unit.entries * hardware.position_bytes()) /
                                                   static_cast<double>(options.front().shard_positions)});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const candidate& a, const candidate& b) { return a.bytes_a_position > b.bytes_a_position; });
  std::vector<int> order;
  for (const candidate& one : candidates) order.push_back(one.layer);
  return order;
}

bool map_units(std::vector<layer_units>& units, const buffer_plan& buffers, const target& hardware,
               const compile_options& options, const std::vector<int>& order, std::size_t resident) {
  return mapper(units, buffers, hardware, options).run(order, resident);
}

}  // namespace cimbalom::compiler
