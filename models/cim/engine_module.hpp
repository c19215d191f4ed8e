#pragma once
// TLM layer: includes SystemC.

#include <array>
#include <deque>
#include <string>

#include "models/cim/engine_context.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::cim {

enum class engine_state : std::uint8_t { idle, waiting, active };
const char* to_string(engine_state state);

class engine_module;
using engine_table = std::array<engine_module*, registers::engine_count>;

/// One engine of the sequencer: a queue of commands that start in order, each when its lags hold, at a clock edge.
/// Engines run next to each other; what a command does is the derived class's.
class engine_module : public sc_core::sc_module {
 public:
  engine_module(const sc_core::sc_module_name& name, engine_context& context, registers::engine which,
                const engine_table& engines);
  engine_module(const engine_module&) = delete;
  engine_module& operator=(const engine_module&) = delete;

  bool full() const { return queue_.size() >= depth_; }
  void push(const queued_command& value);
  /// Forgets the commands that have not started (reset).
  void clear();
  bool active() const { return state_ == engine_state::active; }
  bool has_command() const { return !queue_.empty(); }
  /// What the command in progress, or else the first in the queue, waits for.
  stall_cause bottleneck() const;
  virtual std::string describe() const;

 protected:
  struct outcome {
    registers::error_code code = registers::error_code::none;
    std::uint64_t address = 0;
  };
  /// Takes the command's time and does what it does. Returns early when a reset begins. From a thread process.
  virtual outcome execute(const registers::command& value) = 0;
  virtual stall_cause active_bottleneck() const { return stall_cause::dependency; }

  engine_context& context_;

 private:
  void run();
  void start_when_ready();
  void finish(const queued_command& value, const outcome& result, std::uint64_t started_ps);

  const registers::engine which_;
  const engine_table& engines_;
  const std::size_t depth_;
  engine_statistics& statistics_;
  transport::observed<engine_state> state_;
  transport::observed<std::int32_t> layer_;
  transport::observed<std::uint32_t> queued_;
  std::deque<queued_command> queue_;  // the command in progress stays in front
};

}  // namespace cimbalom::cim
