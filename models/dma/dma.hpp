#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <string>
#include <vector>

#include "models/dma/dma_channel.hpp"
#include "models/registers/interrupt_status.hpp"
#include "models/tlm/register_target.hpp"

namespace cimbalom::dma {

/// Multi-channel scatter-gather DMA. Registers: models/registers/dma_registers.hpp.
class dma : public sc_core::sc_module {
 private:
  // The bank must exist before the socket that shows it.
  std::vector<registers::register_row> rows_;
  registers::register_bank bank_;
  std::vector<std::unique_ptr<dma_channel>> channels_;

 public:
  transport::register_target registers;  ///< control fabric
  sc_core::sc_out<bool> interrupt;       ///< level: an enabled event is pending

  /// `initiator`: the number of channel 0 in transaction tags; channel c has initiator + c.
  dma(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& events,
      std::uint32_t initiator);
  dma(const dma&) = delete;
  dma& operator=(const dma&) = delete;

  int channels() const { return static_cast<int>(channels_.size()); }
  /// Socket of channel c on the data fabric.
  transport::memory_port& memory(int c) { return channels_[static_cast<std::size_t>(c)]->memory; }
  const channel_statistics& statistics(int c) const { return channels_[static_cast<std::size_t>(c)]->statistics(); }
  /// A line a channel for the dump of a hang.
  std::string describe() const;

 private:
  void add_channel(int c, const dma_config& config, energy::event_sink& events, std::uint32_t initiator);
  dma_channel::listener listener_of(int c);
  bool write_control(int c, std::uint32_t value);
  void show_error(int c, registers::dma_error error, std::uint64_t address);
  void show_progress(int c);
  std::uint32_t channel_status(int c) const;
  void drive_interrupt() { interrupt.write(line_level_); }

  std::vector<std::uint32_t> sticky_;  // done and error bits of CHANNEL_STATUS
  bool line_level_ = false;
  sc_core::sc_event line_;
  registers::interrupt_status events_;
};

}  // namespace cimbalom::dma
