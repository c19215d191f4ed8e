#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <systemc>

namespace cimbalom::transport {

/// Edges of a clock that nobody toggles: integer cycles, multiplied to times. Edge 0 is at time 0.
class clock_edges {
 public:
  explicit clock_edges(const sc_core::sc_time& period) : period_(period) {}

  const sc_core::sc_time& period() const { return period_; }
  sc_core::sc_time at(std::uint64_t cycle) const { return sc_core::sc_time::from_value(cycle * period_.value()); }
  sc_core::sc_time cycles(std::uint64_t count) const { return at(count); }
  /// Number of the first edge that is not before `when`.
  std::uint64_t at_or_after(const sc_core::sc_time& when) const {
    return (when.value() + period_.value() - 1) / period_.value();
  }
  /// Number of the first edge after `when`.
  std::uint64_t after(const sc_core::sc_time& when) const { return when.value() / period_.value() + 1; }

 private:
  sc_core::sc_time period_;
};

/// The period of a clock given in MHz, in whole picoseconds (a resolution of 1 ps is the kernel's default).
inline clock_edges clock_of_mhz(int clock_mhz) {
  const int period_ps = (1'000'000 + clock_mhz / 2) / clock_mhz;
  return clock_edges(sc_core::sc_time(static_cast<double>(period_ps), sc_core::SC_PS));
}

}  // namespace cimbalom::transport
