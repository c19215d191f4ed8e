#include "platform/configuration/technology.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/dram/dram_cost.hpp"
#include "platform/configuration/keys.hpp"
#include "platform/configuration/scaling.hpp"

namespace cimbalom::platform {
namespace {

constexpr double attojoules_per_picojoule = 1e6;
constexpr double picowatts_per_microwatt = 1e6;
constexpr double milli_um2_per_um2 = 1e3;
constexpr double milli_um2_per_mm2 = 1e9;
constexpr double default_line_bits = 256;

/// Evaluates quantities for one platform.
class evaluator {
 public:
  evaluator(const technology& tech, const platform_config& config) : tech_(tech), config_(config) {}

  double key_value(const std::string& path, const quantity& q) const {
    const std::optional<double> value = number(config_, path);
    if (!value) throw bad_input(q.where, path, "", "no key of the platform with a number");
    return *value;
  }

  double count(const quantity& q) const {
    double product = 1;
    for (const std::string& item : q.count) {
      const std::optional<double> constant = constant_of(item);
      product *= constant ? *constant : key_value(item, q);
    }
    return product;
  }

  double plain(const quantity& q) const {
    double value = q.value;
    for (const scale_factor& s : q.scale) {
      const double bits = s.input_bits_key.empty() ? 0 : key_value(s.input_bits_key, q);
      value *= factor(s, key_value(s.key, q), bits);
    }
    return value;
  }

  sram_estimate sram(const quantity& q) const {
    const double line = q.width_key.empty() ? default_line_bits : key_value(q.width_key, q);
    return estimate_sram(tech_.sram, key_value(q.bytes_key, q), line);
  }

  double energy_of(const quantity& q) const {
    switch (q.what) {
      case quantity::kind::sram: {
        const sram_estimate s = sram(q);
        return (q.word == "write" ? s.write_pj_per_byte : s.read_pj_per_byte) * attojoules_per_picojoule;
      }
      case quantity::kind::dram:
        return dram_attojoules(q);
      default:
        return plain(q) * count(q);
    }
  }

  double dram_attojoules(const quantity& q) const {
    const dram::dram_energy e = dram::event_energy(config_.dram);
    const std::map<std::string, std::uint64_t> by_event = {{"activate", e.activate_aj},
                                                           {"read_burst", e.read_burst_aj},
                                                           {"write_burst", e.write_burst_aj},
                                                           {"refresh", e.refresh_aj},
                                                           {"active_standby_clock", e.active_standby_clock_aj},
                                                           {"precharge_standby_clock", e.precharge_standby_clock_aj}};
    const auto found = by_event.find(q.word);
    if (found != by_event.end()) return static_cast<double>(found->second);
    throw bad_input(q.where, "dram", q.word, "an event of the DRAM that comes from currents");
  }

  double area_of(const quantity& q) const {
    const double one = q.what == quantity::kind::sram ? sram(q).area_um2 * milli_um2_per_um2 : plain(q);
    return one * count(q);
  }

  double area_of(const area_row& row) const {
    if (row.published_key.empty()) return area_of(row.whole);
    const double published = key_value(row.published_key, row.whole) * milli_um2_per_mm2;
    if (published <= 0) return parts_of(row) * count(row.whole);
    // The default's published area belongs to its geometry: another geometry has it in proportion to the parts.
    const platform_config usual;
    const evaluator reference(tech_, usual);
    const bool is_default = published == reference.key_value(row.published_key, row.whole) * milli_um2_per_mm2;
    return published * count(row.whole) * (is_default ? parts_of(row) / reference.parts_of(row) : 1);
  }

  double parts_of(const area_row& row) const {
    double parts = 0;
    for (const auto& part : row.parts) parts += area_of(part.second);
    return parts;
  }

  double power_of(const quantity& q) const {
    if (q.what == quantity::kind::sram) return sram(q).leakage_uw * picowatts_per_microwatt * count(q);
    if (q.what != quantity::kind::of_area) return plain(q) * count(q);
    const auto part =
        std::find_if(tech_.areas.begin(), tech_.areas.end(), [&](const area_row& r) { return r.part == q.word; });
    if (part == tech_.areas.end()) throw bad_input(q.where, "of_area", q.word, "a part listed under `area`");
    return q.value * area_of(*part) / milli_um2_per_um2;
  }

 private:
  static std::optional<double> constant_of(const std::string& item) {
    double value = 0;
    const char* end = item.data() + item.size();
    const auto [stop, error] = std::from_chars(item.data(), end, value);
    if (error == std::errc{} && stop == end) return value;
    return std::nullopt;
  }

  const technology& tech_;
  const platform_config& config_;
};

/// Rounded to an integer; refuses what no physical row can give.
std::uint64_t whole(double value, const std::string& key, const quantity& q) {
  constexpr double most = 9e18;
  if (!(value >= 0 && value < most)) throw bad_input(q.where, key, std::to_string(value), "a finite value, 0 or more");
  return static_cast<std::uint64_t>(std::llround(value));
}

/// Integer attojoules and the rest of them in 1e-24 J.
energy::event_cost exact_cost(double attojoules, const std::string& key, const quantity& q) {
  constexpr double per_attojoule = energy::yoctojoules_per_attojoule;
  const std::uint64_t nearest_whole = whole(attojoules, key, q);
  const std::uint64_t down = static_cast<double>(nearest_whole) > attojoules ? nearest_whole - 1 : nearest_whole;
  const auto rest = static_cast<std::uint32_t>(std::llround((attojoules - static_cast<double>(down)) * per_attojoule));
  if (rest == energy::yoctojoules_per_attojoule) return {down + 1, q.origin};
  return {down, q.origin, rest};
}

}  // namespace

energy::component_table evaluate(const technology& tech, const platform_config& config) {
  const evaluator values(tech, config);
  energy::component_table table;
  for (const auto& [what, q] : tech.events) {
    table.set_cost(what, exact_cost(values.energy_of(q), "events." + std::string(energy::name(what)), q));
  }
  for (const auto& [component, q] : tech.leakage) {
    const std::string key = "leakage." + std::string(energy::components()[component]);
    table.set_leakage(component, {whole(values.power_of(q), key, q), q.origin});
  }
  for (const area_row& row : tech.areas) {
    table.add_area({row.part, whole(values.area_of(row), "area." + row.part, row.whole), row.whole.origin});
  }
  table.require_complete(tech.file);
  return table;
}

energy::component_table load_costs(const platform_config& config) {
  return evaluate(read_technology(config.technology), config);
}

}  // namespace cimbalom::platform
