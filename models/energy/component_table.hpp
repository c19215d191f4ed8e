#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/energy/events.hpp"
#include "models/energy/wide.hpp"

namespace cimbalom::energy {

/// 1e-24 J in an attojoule; a picowatt for a picosecond is one such unit too.
inline constexpr std::uint32_t yoctojoules_per_attojoule = 1000000;

/// Where a number comes from. A row without a source is refused.
struct provenance {
  std::string conditions;  ///< node, voltage, activity, what was assumed
  std::string method;      ///< silicon, fit, derived, CACTI, gate-level, ...
  std::string source;      ///< publication, data sheet or program, with its version
};

/// Cost of one event, evaluated for one platform.
struct event_cost {
  std::uint64_t attojoules = 0;
  provenance origin;
  std::uint32_t yoctojoules =
      0;  ///< 1e-24 J beyond the attojoules, below 10^6: one unit of a long column is less than 1 aJ
};

/// Power that a component draws whenever time passes, for all its instances together.
struct leakage {
  std::uint64_t picowatts = 0;
  provenance origin;
};

/// Silicon of one part of the platform, all instances together.
struct part_area {
  std::string part;
  std::uint64_t milli_um2 = 0;  ///< 0.001 um2, so that small parts do not round away
  provenance origin;
};

/// What every event costs on one platform, what leaks and what takes area: the one table that simulate and estimate
/// share.
class component_table {
 public:
  /// Both throw input_error when the source is empty, when the row is already there, or for 10^6 yoctojoules and more.
  void set_cost(event what, const event_cost& cost);
  void set_leakage(component_id component, const leakage& power);
  void add_area(const part_area& area);
  /// Throws input_error naming the first event that has no cost.
  void require_complete(const std::string& file) const;

  std::uint64_t attojoules(event what) const { return costs_[static_cast<std::size_t>(what)].attojoules; }
  /// The same to the last digit, in 1e-24 J.
  wide yoctojoules(event what) const;
  const event_cost& cost(event what) const { return costs_[static_cast<std::size_t>(what)]; }
  std::uint64_t leakage_picowatts(component_id component) const;
  const std::map<component_id, leakage>& leakages() const { return leakage_; }
  const std::vector<part_area>& areas() const { return areas_; }

 private:
  std::array<event_cost, event_count> costs_;
  std::array<bool, event_count> known_{};
  std::map<component_id, leakage> leakage_;
  std::vector<part_area> areas_;
};

}  // namespace cimbalom::energy
