#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/cim/engine_context.hpp"
#include "models/cim/transfer.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::cim {

enum class path_state : std::uint8_t { idle, waiting, blocked, streaming, draining };
const char* to_string(path_state state);

/// How a transfer ended.
struct path_outcome {
  bool failed = false;   ///< a memory response was not OK
  bool aborted = false;  ///< by a reset
  std::uint64_t error_address = 0;
};

/// A path from memory to a buffer: port, FIFO of memory_side_bits words, width converter. A burst is asked for only
/// when the FIFO has reserved its space, so that every response is taken at once. One transfer at a time.
class load_path_module : public sc_core::sc_module {
 public:
  load_path_module(const sc_core::sc_module_name& name, engine_context& context, path_kind kind);
  load_path_module(const load_path_module&) = delete;
  load_path_module& operator=(const load_path_module&) = delete;

  transport::memory_port memory;

  /// Moves the data into the buffer; returns when the last byte has crossed the converter, or everything that was
  /// outstanding has drained after an error or an abort. From a thread process.
  path_outcome load(const transfer& what);
  /// Gives the transfer up: no new bursts, outstanding ones drain, their data is discarded.
  void abort();
  bool idle() const { return !open_; }
  /// Why the transfer in progress is not over.
  stall_cause bottleneck() const;
  std::string describe() const;

 private:
  struct piece {
    transfer_walk::piece where;
    std::uint64_t words = 0;
    std::vector<std::uint8_t> data;
    bool arrived = false;
  };

  void convert();
  void issue();
  void arrived(piece& which, const transport::memory_result& result);
  void deliver(const piece& which);
  void pop();
  bool space_for(const transfer_walk::piece& next) const;
  void update_state();

  engine_context& context_;
  const path_geometry geometry_;
  path_statistics& statistics_;
  transport::observed<path_state> state_;
  transport::observed<std::uint32_t> fifo_words_;      // that hold data
  transport::observed<std::uint32_t> reserved_words_;  // asked for or holding data

  transfer_walk walk_;
  std::int32_t layer_ = energy::no_layer;
  bool open_ = false, streaming_ = false, aborting_ = false;
  path_outcome outcome_;
  std::deque<std::unique_ptr<piece>> fifo_;  // in the order of the transfer
  std::vector<std::unique_ptr<piece>> spare_;
  std::uint64_t in_flight_ = 0;  // pieces
  sc_core::sc_event arrival_, finished_;
};

}  // namespace cimbalom::cim
