#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <string>
#include <vector>

#include "models/cim/engine_module.hpp"
#include "models/tlm/memory_port.hpp"

namespace cimbalom::cim {

enum class fetch_state : std::uint8_t { idle, fetching };
enum class dispatch_state : std::uint8_t { idle, decoding, queue_full, ordering, fencing, halted };
const char* to_string(fetch_state state);
const char* to_string(dispatch_state state);

/// What the host says about the ring; positions are entries.
struct ring_setting {
  std::uint64_t base = 0;
  std::uint32_t size = 0;
  std::uint32_t head = 0;
  std::uint32_t tail = 0;
};

/// Fetches the command ring, decodes, and issues to the engines in order: one command a clock. A fence waits until
/// every engine has drained; a nop until its own lags hold.
class sequencer_module : public sc_core::sc_module {
 public:
  static constexpr std::uint32_t fetch_entries = 16;  ///< commands that can be here before they are issued

  sequencer_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines);
  sequencer_module(const sequencer_module&) = delete;
  sequencer_module& operator=(const sequencer_module&) = delete;

  transport::memory_port memory;

  /// The host has moved the tail, or enabled the ring: fetch what lies below it. Fails with bad_ring where the size is
  /// no power of two, the base not aligned, or the tail outside.
  void ring(std::uint64_t base, std::uint32_t size, std::uint32_t tail);
  std::uint32_t head() const { return ring_.head; }
  /// A job is open: commands lie in the ring, in a queue or in an engine.
  bool busy() const { return context_.stalls.is_open(); }
  /// Ends the job if nothing is left to do.
  void close_when_done();
  /// Ends the job, done or not; nothing if none is open.
  void end_job();
  /// Stops fetching; idle() when what was outstanding has drained.
  void abort();
  bool idle() const { return !fetching_ && (dispatch_ == dispatch_state::idle || dispatch_ == dispatch_state::halted); }
  /// After a reset, or a new ring: head and tail are 0.
  void clear();
  /// What the compute engine waits for.
  stall_cause cause() const;
  std::string describe() const;

  /// A fence was reached.
  std::function<void(std::uint32_t sequence)> on_fence;
  std::function<void(std::uint32_t head)> on_head;

 private:
  struct fetched_entry {
    std::vector<std::uint8_t> bytes;
    std::uint32_t index = 0;
  };

  void fetch_loop();
  void fetch_run();
  void dispatch_loop();
  void dispatch_front();
  void issue(const queued_command& value);
  void order_without_engine(const queued_command& value);
  bool anything_active() const;

  engine_context& context_;
  const engine_table& engines_;
  path_statistics& statistics_;
  transport::observed<bool> job_;  // a job is open
  transport::observed<fetch_state> fetch_;
  transport::observed<dispatch_state> dispatch_;
  transport::observed<std::uint32_t> head_;
  transport::observed<std::uint32_t> tail_;

  ring_setting ring_;
  bool fetching_ = false;
  std::deque<fetched_entry> fetched_;
  registers::engine blocked_on_ = registers::engine::none;  // whose queue is full
  sc_core::sc_event doorbell_, arrived_;
};

}  // namespace cimbalom::cim
