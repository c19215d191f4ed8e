#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <string>
#include <vector>

#include "models/dma/dma_config.hpp"
#include "models/dma/dma_statistics.hpp"
#include "models/energy/event_sink.hpp"
#include "models/registers/dma_registers.hpp"
#include "models/registers/interrupt_status.hpp"
#include "models/registers/register_bank.hpp"
#include "models/tlm/clock.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"
#include "models/tlm/register_target.hpp"

namespace cimbalom::dma {

enum class channel_state : std::uint8_t { idle, fetching, copying, draining, failed };
const char* to_string(channel_state state);

/// The DMA: channels that walk scatter-gather chains in memory and copy through a FIFO each. A read is issued only
/// with its place in the FIFO reserved, so its data is always taken. See docs/dma.md.
class dma : public sc_core::sc_module {
 private:
  std::vector<registers::register_row> rows_;  // storage of the table: before what uses it
  registers::register_bank bank_;
  sc_core::sc_time register_latency_;

 public:
  dma(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& sink);
  ~dma() override;
  dma(const dma&) = delete;
  dma& operator=(const dma&) = delete;

  transport::register_target control;  ///< registers, from 0
  transport::memory_port memory;
  sc_core::sc_out<bool> interrupt;  ///< level, high while RAW & ENABLE

  const dma_statistics& statistics() const { return statistics_; }
  /// A channel has work.
  bool busy() const;
  std::string describe() const;

 private:
  struct channel;
  struct slot;

  void connect(channel& c);
  bool control_written(channel& c, std::uint32_t& value);
  void run(channel& c);
  void run_chain(channel& c);
  bool fetch(channel& c, std::uint64_t address, registers::dma_descriptor& descriptor);
  void copy(channel& c, const registers::dma_descriptor& descriptor);
  void read_next(channel& c, const registers::dma_descriptor& descriptor, std::uint64_t offset, std::size_t length);
  void write_back(channel& c);
  void written(channel& c, slot& place, const transport::memory_result& result);
  void give_back(channel& c, slot& place);
  void fail(channel& c, registers::dma_error error, std::uint64_t address);
  void finish_reset(channel& c);
  std::uint32_t status_of(const channel& c) const;
  void raise(const channel& c, std::uint32_t event);

  dma_config config_;
  energy::event_sink& sink_;
  transport::clock_edges clock_;
  registers::interrupt_status interrupts_;
  sc_core::sc_event line_event_;
  transport::observed<bool> line_;
  std::vector<std::unique_ptr<channel>> channels_;
  dma_statistics statistics_;
};

}  // namespace cimbalom::dma
