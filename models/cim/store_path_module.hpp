#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/cim/engine_context.hpp"
#include "models/cim/load_path_module.hpp"
#include "models/cim/transfer.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::cim {

/// The result path: buffer, width converter, FIFO of memory_side_bits words, port. A word leaves the FIFO when memory
/// has answered its write, so that a transfer that has ended is in memory. One transfer at a time.
class store_path_module : public sc_core::sc_module {
 public:
  store_path_module(const sc_core::sc_module_name& name, engine_context& context);
  store_path_module(const store_path_module&) = delete;
  store_path_module& operator=(const store_path_module&) = delete;

  transport::memory_port memory;

  /// Returns when every write was answered, or after an error or an abort when what was outstanding has drained.
  /// From a thread process.
  path_outcome store(const transfer& what);
  void abort();
  bool idle() const { return !open_; }
  stall_cause bottleneck() const;
  std::string describe() const;

 private:
  struct piece {
    std::vector<std::uint8_t> data;
    std::uint64_t words = 0;
  };

  void convert(const transfer_walk::piece& next);
  void write(const transfer_walk::piece& next);
  void answered(const transport::memory_result& result);
  bool stopped() const { return outcome_.failed || aborting_; }
  void update_state();

  engine_context& context_;
  const path_geometry geometry_;
  path_statistics& statistics_;
  transport::observed<path_state> state_;
  transport::observed<std::uint32_t> fifo_words_;

  std::int32_t layer_ = energy::no_layer;
  bool open_ = false, streaming_ = false, aborting_ = false;
  path_outcome outcome_;
  std::deque<std::unique_ptr<piece>> fifo_;  // written, not yet answered; memory_port answers in order
  std::vector<std::unique_ptr<piece>> spare_;
  sc_core::sc_event answer_;
};

}  // namespace cimbalom::cim
