#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <functional>
#include <string>
#include <systemc>

#include "models/cim/accelerator_statistics.hpp"
#include "models/cim/cim_energy.hpp"
#include "models/cim/command_order.hpp"
#include "models/cim/functional_core.hpp"
#include "models/cim/stall_meter.hpp"
#include "models/energy/event_sink.hpp"
#include "models/tlm/clock.hpp"

namespace cimbalom::cim {

/// What others want to know of an accelerator while it runs. Called from its processes; none may wait.
struct accelerator_hooks {
  /// A compute or vector_op has finished: its outputs are in the buffers.
  std::function<void(const registers::command&)> layer_done;
  /// Any command has finished: engine, start and end in ps (for a timeline).
  std::function<void(const registers::command&, std::uint64_t start_ps, std::uint64_t end_ps)> command_done;
  /// The job is open from the doorbell, as the accelerator sees it, to the end of its last command.
  std::function<void()> job_begun, job_ended;
  /// A fence was reached, before its interrupt.
  std::function<void(std::uint32_t sequence)> fence_reached;
};

struct accelerator_options {
  /// Commands take their time but compute nothing; times are the same.
  bool timing_only = false;
  activity_profile activity;          ///< of a timing-only run, for its energy
  std::uint32_t first_initiator = 0;  ///< of the four ports: parameter, vector, result, command
  int register_latency_cycles = 2;    ///< of an access on the control fabric
  accelerator_hooks hooks;
};

/// What the units of one accelerator share: its configuration, its function, the order of its commands, its error.
class engine_context {
 public:
  engine_context(const accelerator_config& accelerator_settings, const macro_config& macro_settings,
                 const arithmetic::nonideality_config& nonideality, energy::event_sink& sink,
                 const accelerator_options& settings);
  engine_context(const engine_context&) = delete;
  engine_context& operator=(const engine_context&) = delete;

  static std::uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }
  /// Waits for the next clock edge; not at all if now is one. From a thread process.
  void wait_edge() const;
  /// Waits until `when` at most; returns at once when a reset begins. From a thread process.
  void wait_until(std::uint64_t when_ps) const;
  /// What the compute engine waits for may have changed.
  void account();
  /// The same, and a command may be able to start.
  void note();
  /// First error wins; everything halts.
  void fail(registers::error_code code, std::uint32_t index, std::uint64_t address);
  bool stopped() const { return halted || resetting; }
  layer_statistics& layer(std::int32_t number) { return statistics.layers[number]; }

  const accelerator_config accelerator;
  const macro_config macro;
  const accelerator_options options;
  const transport::clock_edges clock;
  energy::event_sink& energy;
  functional_core core;
  accelerator_statistics statistics;
  command_order order;
  stall_meter stalls;
  sc_core::sc_event changed;      ///< note()
  sc_core::sc_event reset_begun;  ///< `resetting` became true

  bool halted = false;     ///< by an error, until reset
  bool resetting = false;  ///< until everything has drained
  /// What the compute engine waits for, asked while it does not compute.
  std::function<stall_cause()> cause;
  /// After an error, whenever something may have ended.
  std::function<void()> on_halted;
  /// A command has completed.
  std::function<void()> on_complete;
  /// The error to be shown in the registers.
  std::function<void(registers::error_code, std::uint32_t index, std::uint64_t address)> on_error;
};

}  // namespace cimbalom::cim
