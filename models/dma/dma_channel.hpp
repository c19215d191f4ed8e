#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/dma/dma_config.hpp"
#include "models/dma/dma_statistics.hpp"
#include "models/energy/event_sink.hpp"
#include "models/registers/dma_registers.hpp"
#include "models/tlm/clock.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::dma {

enum class channel_state : std::uint8_t { idle, descriptor, copy, resetting };
const char* to_string(channel_state state);

/// One channel: walks a descriptor chain and copies through a FIFO of bursts. A read is issued only when a burst of the
/// FIFO is reserved for it, so its data always has a place; writes never wait for reads.
class dma_channel : public sc_core::sc_module {
 public:
  transport::memory_port memory;  ///< data fabric

  /// What the channel tells the device; called from the channel's thread.
  struct listener {
    std::function<void(bool chain_ended)> completed;  ///< a descriptor that asks for the interrupt, or the last one
    std::function<void(registers::dma_error error, std::uint64_t address)> failed;
    std::function<void()> reset_done;
    std::function<void()> progress;  ///< statistics have changed
  };

  dma_channel(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& events,
              std::uint32_t initiator, listener tell);
  dma_channel(const dma_channel&) = delete;
  dma_channel& operator=(const dma_channel&) = delete;

  /// Starts the chain at `descriptor`; only when not busy().
  void start(std::uint64_t descriptor);
  /// Stops issue, drains what is outstanding, discards its data, then tells reset_done. May come at any time.
  void reset();

  bool busy() const { return started_ || resetting_; }
  bool resetting() const { return resetting_; }
  const channel_statistics& statistics() const { return statistics_; }
  std::string describe() const;

 private:
  struct burst {
    std::vector<std::uint8_t> bytes;
    std::uint32_t length = 0;
    std::uint64_t destination = 0;
    bool in_use = false;
  };

  enum class step { next, ended, failed, aborted };

  void run();
  void run_chain();
  step run_descriptor(std::uint64_t& address);
  step copy(const registers::dma_descriptor& descriptor);
  void issue_read(std::size_t slot, const registers::dma_descriptor& descriptor, std::uint32_t offset);
  void read_done(std::size_t slot, std::int32_t layer, const transport::memory_result& result);
  void write_done(std::size_t slot, const transport::memory_result& result);
  void note_error(registers::dma_error error, std::uint64_t address);
  step fail(registers::dma_error error, std::uint64_t address);
  void finish_reset();

  dma_config config_;
  energy::event_sink& events_;
  listener tell_;
  transport::clock_edges clock_;
  std::vector<burst> fifo_;
  std::uint64_t first_descriptor_ = 0;
  bool started_ = false;
  bool resetting_ = false;
  std::size_t in_flight_ = 0;  // bursts of the FIFO in use
  registers::dma_error error_ = registers::dma_error::none;
  std::uint64_t error_address_ = 0;
  sc_core::sc_event wake_;
  channel_statistics statistics_;
  transport::observed<channel_state> state_{"state", channel_state::idle};
  transport::observed<std::uint32_t> fifo_level_{"fifo_level", 0, 16};
};

}  // namespace cimbalom::dma
