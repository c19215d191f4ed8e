#pragma once
// TLM layer: includes SystemC.

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "models/cim/accelerator_module.hpp"
#include "models/dma/dma.hpp"
#include "models/dram/dram.hpp"
#include "models/energy/event_sink.hpp"
#include "models/interconnect/control_fabric.hpp"
#include "models/interconnect/data_fabric.hpp"
#include "models/processor/processor.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "platform/configuration/platform_config.hpp"

namespace cimbalom::platform {

using host_software = std::function<void(registers::host_port&)>;

struct system_options {
  cim::accelerator_options accelerator;  ///< timing only, hooks of all; ports are numbered here
  std::function<cim::accelerator_hooks(std::size_t accelerator)> hooks_of;  ///< in place of accelerator.hooks
  bool check_protocol = false;  ///< a protocol checker on every link of the data fabric
};

/// Ports of the data fabric: the processor, the DMA, then four of every accelerator.
inline constexpr std::uint32_t processor_initiator = 0;
inline constexpr std::uint32_t dma_initiator = 1;
constexpr std::uint32_t first_accelerator_initiator(int accelerator) {
  return 2 + 4 * static_cast<std::uint32_t>(accelerator);
}

/// The whole system: processor, fabrics, DRAM, DMA and accelerators, bound together. Owns lifetime and binding, no
/// behaviour. One system a process: the kernel elaborates once.
class system : public sc_core::sc_module {
 public:
  /// `software` runs on the processor. Throws input_error for a configuration out of range.
  system(const sc_core::sc_module_name& name, const platform_config& config, energy::event_sink& energy,
         host_software software, const system_options& options = {});
  ~system() override;
  system(const system&) = delete;
  system& operator=(const system&) = delete;

  processor::processor& host() { return *processor_; }
  dram::dram& memory() { return *dram_; }
  dma::dma& copier() { return *dma_; }
  cim::accelerator_module& accelerator(std::size_t k) { return *accelerators_.at(k); }
  std::size_t accelerators() const { return accelerators_.size(); }
  const interconnect::data_fabric& data() const { return *data_; }
  const interconnect::control_fabric& control() const { return *control_; }

  /// Bytes into DRAM without time, at a bus address: what a loader does before the system starts.
  void preload(std::uint64_t address, const void* bytes, std::size_t length);
  /// Findings of all protocol checkers; call when the simulation is over.
  std::vector<std::string> protocol_findings();
  /// Every unit's state, a line each: what stands still in a hang.
  std::string dump_state() const;

 private:
  using initiator_socket = ::tlm::tlm_initiator_socket<transport::bus_width>;
  using target_socket = ::tlm::tlm_target_socket<transport::bus_width>;

  void make_control(const platform_config& config);
  void make_data(const platform_config& config, energy::event_sink& energy);
  void make_devices(const platform_config& config, energy::event_sink& energy, const system_options& options);
  void bind_all(bool check_protocol);
  void link(initiator_socket& from, target_socket& to, const std::string& name, bool check);

  std::unique_ptr<processor::processor> processor_;
  std::unique_ptr<interconnect::control_fabric> control_;
  std::unique_ptr<interconnect::data_fabric> data_;
  std::unique_ptr<dram::dram> dram_;
  std::unique_ptr<dma::dma> dma_;
  std::vector<std::unique_ptr<cim::accelerator_module>> accelerators_;
  std::vector<std::unique_ptr<sc_core::sc_signal<bool>>> lines_;
  std::vector<std::unique_ptr<transport::protocol_checker>> checkers_;
};

}  // namespace cimbalom::platform
