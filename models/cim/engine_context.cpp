#include "models/cim/engine_context.hpp"

#include <cmath>

namespace cimbalom::cim {

engine_context::engine_context(const accelerator_config& accelerator_settings, const macro_config& macro_settings,
                               const arithmetic::nonideality_config& nonideality, energy::event_sink& sink,
                               const accelerator_options& settings)
    : accelerator(accelerator_settings),
      macro(macro_settings),
      options(settings),
      clock(sc_core::sc_time::from_value(static_cast<std::uint64_t>(std::llround(1e6 / accelerator.clock_mhz)))),
      energy(sink),
      core(accelerator_settings, macro_settings, nonideality),
      stalls(statistics) {
  const auto banks = static_cast<std::size_t>(accelerator.macros * macro.banks);
  statistics.bank_busy_ps.assign(banks, 0);
  statistics.bank_program_ps.assign(banks, 0);
}

void engine_context::wait_edge() const {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const sc_core::sc_time edge = clock.at(clock.at_or_after(now));
  if (edge > now) sc_core::wait(edge - now);
}

void engine_context::wait_until(std::uint64_t when_ps) const {
  const std::uint64_t now = now_ps();
  if (when_ps > now && !resetting) sc_core::wait(sc_core::sc_time::from_value(when_ps - now), reset_begun);
}

void engine_context::account() {
  if (cause && stalls.is_open()) stalls.set_cause(now_ps(), cause());
}

void engine_context::note() {
  account();
  if (halted && on_halted) on_halted();
  changed.notify(sc_core::SC_ZERO_TIME);
}

void engine_context::fail(registers::error_code code, std::uint32_t index, std::uint64_t address) {
  if (stopped()) return;
  halted = true;
  ++statistics.errors;
  if (on_error) on_error(code, index, address);
  note();
}

}  // namespace cimbalom::cim
