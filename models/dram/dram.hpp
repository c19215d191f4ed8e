#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/dram/dram_channels.hpp"
#include "models/dram/dram_config.hpp"
#include "models/dram/sparse_storage.hpp"
#include "models/tlm/clock.hpp"
#include "models/tlm/observed.hpp"
#include "models/tlm/target_port.hpp"

namespace cimbalom::dram {

/// What a waveform shows of a bank.
enum class bank_condition : std::uint8_t { closed, open, reading, writing, refreshing };
const char* to_string(bank_condition condition);

/// The memory: a four-phase target on controllers (one a channel), with storage. While its queue is
/// full (queue_depth, queue_counts), END_REQ of the next transaction waits. See docs/dram.md.
class dram : public sc_core::sc_module, private transport::target_client {
 public:
  dram(const sc_core::sc_module_name& name, const dram_config& config, energy::event_sink& sink);
  ~dram() override;
  dram(const dram&) = delete;
  dram& operator=(const dram&) = delete;

  transport::target_port memory;  ///< addresses from 0

  /// Contents without time (loaders, tests).
  sparse_storage& storage() { return storage_; }
  const dram_config& config() const { return config_; }
  /// Books refreshes and standby up to now. Call before statistics() and before energy is read.
  void settle();
  dram_statistics statistics() const;
  /// Transactions in the controller or before it.
  std::size_t open() const { return incoming_.size() + accepted_; }
  std::string describe() const;

 private:
  struct channel_view;

  void request_begun(transport::payload& transaction, unsigned port) override;
  void response_ended(transport::payload& transaction, unsigned port) override;
  unsigned debug_access(transport::payload& transaction, unsigned port) override;

  void serve();
  void accept(std::uint64_t cycle);
  void enqueue(transport::payload& transaction, std::uint64_t cycle);
  void advance(std::uint64_t cycle);
  void respond(std::uint64_t cycle);
  void wake();
  void move(transport::payload& transaction);
  void refuse(transport::payload& transaction, transport::response_status status);
  void show(channel_view& where, dram_command command, const dram_location& location, std::uint64_t cycle);

  dram_config config_;
  transport::clock_edges clock_;
  sparse_storage storage_;
  dram_channels channels_;
  std::vector<std::unique_ptr<channel_view>> views_;
  std::deque<transport::payload*> incoming_;
  std::size_t accepted_ = 0;
  std::vector<transport::payload*> entries_;  // by request id
  std::vector<std::uint64_t> free_ids_;
  std::multimap<std::uint64_t, std::uint64_t> done_;  // clock -> id
  std::vector<dram_completion> completed_;            // scratch of advance()
  sc_core::sc_event serve_event_;
  transport::observed<std::uint16_t> queue_;
  std::uint64_t errors_ = 0;
};

}  // namespace cimbalom::dram
