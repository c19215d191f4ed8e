#include "sw/validate/silicon_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/arithmetic/cells.hpp"
#include "models/cim/cim_cost.hpp"
#include "models/energy/roll_up.hpp"
#include "platform/configuration/scaling.hpp"

namespace cimbalom::validate {

namespace {

constexpr std::int32_t only_layer = 0;
constexpr double operations_per_mac = 2;
constexpr const char* macro_part = "macro";

/// Conversions that one filter takes for one input slice.
std::size_t conversions_of_filter(const arithmetic::macro_shape& shape, int weight_bits) {
  std::vector<arithmetic::conversion> conversions;
  arithmetic::append_conversions(shape, 0, weight_bits, 0, conversions);
  return conversions.size();
}

/// Takes a part of the macro out of its area.
void leave_out(platform::technology& technology, const std::string& part, const std::string& file) {
  std::vector<std::string> names;
  for (platform::area_row& row : technology.areas) {
    if (row.part != macro_part) continue;
    const auto same = [&](const auto& candidate) { return candidate.first == part; };
    const auto found = std::find_if(row.parts.begin(), row.parts.end(), same);
    if (found != row.parts.end()) {
      row.parts.erase(found);
      return;
    }
    for (const auto& candidate : row.parts) names.push_back(candidate.first);
  }
  throw bad_input({file, 0}, "area_without", part, fmt::format("one of {}", fmt::join(names, ", ")));
}

}  // namespace

silicon_model::silicon_model(const silicon_macro& macro)
    : macro_(macro), technology_(platform::read_technology(macro.platform.technology)) {
  macro_.platform.accelerator.macros = 1;
  macro_.platform.accelerator.count = 1;
  macro_.platform.accelerator.accumulator_bytes = 0;
  macro_.platform.macro.area_mm2 = 0;
  for (const std::string& part : macro.area_without) leave_out(technology_, part, macro.file);
  timed_.vdd_v = macro_.platform.macro.vdd_v;
}

int silicon_model::filters(int weight_bits) const {
  const cim::macro_config& m = macro_.platform.macro;
  int count = 0;
  if (macro_.guard_columns > 0) {
    count = m.columns_driven() / (weight_bits + macro_.guard_columns);
  } else if (weight_bits <= m.slot_bits) {
    count = m.slots() * (m.slot_bits / weight_bits);
  } else {
    count = m.slots() / ((weight_bits + m.slot_bits - 1) / m.slot_bits);
  }
  if (count > 0) return count;
  throw bad_input({macro_.file, 0}, "points.weight_bits", std::to_string(weight_bits), "at most what a bank can hold");
}

platform::platform_config silicon_model::at(const silicon_point& point) const {
  platform::platform_config config = macro_.platform;
  config.macro.vdd_v = point.vdd_v;
  return config;
}

double silicon_model::macs(const silicon_point& point) const {
  const cim::macro_config& m = macro_.platform.macro;
  return static_cast<double>(m.banks) * m.rows_active * filters(point.weight_bits);
}

silicon_model::energy_parts silicon_model::energy(const silicon_point& point) const {
  const platform::platform_config config = at(point);
  const arithmetic::macro_shape shape = config.macro.shape();
  const auto banks = static_cast<std::uint64_t>(config.macro.banks);
  const auto held = static_cast<std::uint64_t>(filters(point.weight_bits));
  cim::tile_work work;  // one operation of every bank
  work.operations = banks;
  work.input_bits = static_cast<std::uint64_t>(point.input_bits);
  work.input_slices = static_cast<std::uint64_t>(arithmetic::input_slices(shape, point.input_bits));
  const std::uint64_t columns = macro_.guard_columns > 0 ? static_cast<std::uint64_t>(config.macro.columns_driven())
                                                         : held * conversions_of_filter(shape, point.weight_bits);
  work.conversions = banks * columns * work.input_slices;
  work.partial_sums = banks * held;

  energy::ledger switched;
  const arithmetic::activity counted = cim::expected_activity(config.macro, work, point.activity);
  cim::count_energy_events(config.accelerator, config.macro, work, counted, only_layer, switched);
  energy::ledger idle;
  idle.elapse(only_layer, static_cast<std::uint64_t>(std::llround(operation_ps(point))));
  const energy::component_table costs = platform::evaluate(technology_, config);
  return {energy::to_double(energy::breakdown(costs, switched, 1).of_macros()),
          energy::to_double(energy::breakdown(costs, idle, 1).of_macros())};
}

double silicon_model::adders_in_path(int weight_bits) const {
  if (macro_.ripple_rows == 0) return 1;
  return macro_.ripple_rows + weight_bits + macro_.guard_columns;
}

double silicon_model::operation_ps(const silicon_point& point) const {
  const auto nominal = static_cast<double>(cim::operation_ps(macro_.platform.macro, point.input_bits));
  const double path = adders_in_path(point.weight_bits) / adders_in_path(timed_.weight_bits);
  if (point.vdd_v == timed_.vdd_v) return nominal * path;
  return nominal * path * platform::delay_factor(technology_, point.vdd_v, timed_.vdd_v);
}

double silicon_model::area_mm2() const {
  constexpr double milli_um2_per_mm2 = 1e9;
  const energy::component_table costs = platform::evaluate(technology_, macro_.platform);
  const auto part = std::find_if(costs.areas().begin(), costs.areas().end(),
                                 [](const energy::part_area& a) { return a.part == macro_part; });
  if (part == costs.areas().end()) throw bad_input({technology_.file, 0}, "area.macro", "", "missing");
  return static_cast<double>(part->milli_um2) / milli_um2_per_mm2;
}

double silicon_model::predict(const silicon_point& point) const {
  if (point.figure == silicon_figure::area_mm2) return area_mm2();
  const double operations = operations_per_mac * macs(point);
  if (point.figure == silicon_figure::gops) return operations / operation_ps(point) * 1e3;
  const energy_parts parts = energy(point);
  return operations / (parts.switched_aj + parts.leakage_aj) * 1e6;
}

void silicon_model::fit() {
  if (const silicon_point* rate = macro_.fit_of(silicon_figure::gops)) {
    timed_ = *rate;
    macro_.platform.macro.op_ns *= predict(*rate) / rate->published;
  }
  if (const silicon_point* efficiency = macro_.fit_of(silicon_figure::tops_per_w)) {
    const double wanted = operations_per_mac * macs(*efficiency) / efficiency->published * 1e6;
    const energy_parts parts = energy(*efficiency);
    if (wanted <= parts.leakage_aj) {
      throw run_error(fmt::format("{}:{}: the array's leakage alone takes more than {} TOPS/W leaves", macro_.file,
                                  efficiency->line, efficiency->published));
    }
    macro_.platform.macro.energy_scale *= (wanted - parts.leakage_aj) / parts.switched_aj;
  }
}

silicon_result compare(const silicon_macro& macro) {
  silicon_model model(macro);
  model.fit();
  silicon_result result;
  result.macro = macro;
  result.energy_scale = model.energy_scale();
  result.op_ns = model.op_ns();
  for (const silicon_point& point : macro.points) result.rows.push_back({point, model.predict(point)});
  return result;
}

silicon_class class_of(const silicon_macro& macro, const silicon_point& point) {
  if (point.fitted) return silicon_class::fitted;
  if (!point.outside.empty()) return silicon_class::outside;
  if (point.figure == silicon_figure::area_mm2) return silicon_class::area;
  const silicon_point* fit = macro.fit_of(point.figure);
  if (fit == nullptr) return silicon_class::without_fit;
  if (point.figure == silicon_figure::gops) return silicon_class::rate;
  return fit->vdd_v == point.vdd_v ? silicon_class::fitted_supply : silicon_class::other_supply;
}

error_summary summarize(const std::vector<silicon_result>& results, silicon_class of) {
  std::vector<double> errors;
  error_summary summary;
  for (const silicon_result& result : results) {
    const std::size_t before = errors.size();
    for (const silicon_row& row : result.rows) {
      if (class_of(result.macro, row.point) == of) errors.push_back(std::abs(row.error_percent()));
    }
    if (errors.size() > before) ++summary.macros;
  }
  summary.points = errors.size();
  if (errors.empty()) return summary;
  std::sort(errors.begin(), errors.end());
  for (const double error : errors) summary.mean_percent += error / static_cast<double>(errors.size());
  const std::size_t half = errors.size() / 2;
  summary.median_percent = errors.size() % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
  summary.worst_percent = errors.back();
  return summary;
}

}  // namespace cimbalom::validate
