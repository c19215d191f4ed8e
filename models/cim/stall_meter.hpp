#pragma once

#include <cstdint>

#include "models/cim/accelerator_statistics.hpp"

namespace cimbalom::cim {

/// The gap-free account of the compute engine. While a job is open, every picosecond is either inside a compute
/// command or in a gap with a cause; a gap belongs to the layer of the command that ends it (the last gap of a job to
/// the layer before it). No SystemC: times are given, ps, and never go back.
class stall_meter {
 public:
  explicit stall_meter(accelerator_statistics& statistics) : statistics_(statistics) {}

  bool is_open() const { return open_; }
  /// A job begins; nothing if one is open.
  void open(std::uint64_t now_ps);
  /// What the compute engine waits for from now on.
  void set_cause(std::uint64_t now_ps, stall_cause cause);
  /// A compute command of `layer` starts.
  void begin(std::uint64_t now_ps, std::int32_t layer);
  /// It ends; `inside` is the part of its time that was a stall.
  void end(std::uint64_t now_ps, const stall_times& inside);
  /// Everything is done, or was given up (reset).
  void close(std::uint64_t now_ps);

 private:
  void advance(std::uint64_t now_ps);

  accelerator_statistics& statistics_;
  bool open_ = false;
  bool computing_ = false;
  std::uint64_t last_ps_ = 0;  // the account is complete up to here
  std::int32_t layer_ = -1;    // of the command in progress, or the last one
  stall_cause cause_ = stall_cause::command_fetch;
  stall_times gap_;
};

}  // namespace cimbalom::cim
