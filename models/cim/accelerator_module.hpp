#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <string>

#include "models/cim/access_manager_module.hpp"
#include "models/cim/buffers_module.hpp"
#include "models/cim/engine_modules.hpp"
#include "models/cim/macro_array_module.hpp"
#include "models/cim/sequencer_module.hpp"
#include "models/registers/accelerator_registers.hpp"
#include "models/registers/interrupt_status.hpp"
#include "models/tlm/register_target.hpp"

namespace cimbalom::cim {

/// One CIM accelerator (docs/cim_tlm.md): registers on the control fabric, a buffer aperture and four ports on the data
/// fabric, an interrupt line. Addresses of both targets are relative to the device.
class accelerator_module : public sc_core::sc_module {
 public:
  /// Throws input_error for a configuration out of range.
  accelerator_module(const sc_core::sc_module_name& name, const accelerator_config& accelerator,
                     const macro_config& macro, const arithmetic::nonideality_config& nonideality,
                     energy::event_sink& energy, const accelerator_options& options = {});
  ~accelerator_module() override;
  accelerator_module(const accelerator_module&) = delete;
  accelerator_module& operator=(const accelerator_module&) = delete;

 private:
  std::unique_ptr<engine_context> context_;
  registers::register_bank bank_;

 public:
  transport::register_target registers;                              ///< control fabric
  ::tlm::tlm_target_socket<transport::bus_width> aperture;           ///< data fabric: the four buffers
  ::tlm::tlm_initiator_socket<transport::bus_width> parameter_port;  ///< data fabric
  ::tlm::tlm_initiator_socket<transport::bus_width> vector_port;
  ::tlm::tlm_initiator_socket<transport::bus_width> result_port;
  ::tlm::tlm_initiator_socket<transport::bus_width> command_port;
  sc_core::sc_out<bool> interrupt;  ///< level

  const accelerator_statistics& statistics() const { return context_->statistics; }
  /// Only while not busy: throws std::logic_error otherwise.
  void reset_statistics();
  bool busy() const { return sequencer_.busy() || context_->resetting; }
  /// For noise: the number of the image that the next commands belong to.
  void set_image(std::uint64_t image) { context_->core.set_image(image); }
  functional_core& core() { return context_->core; }
  /// Every unit's state, a line each: what stands still in a hang.
  std::string dump_state() const;

 private:
  void bind_ports();
  void set_up_registers();
  void show_capabilities();
  bool write_control(std::uint32_t& value);
  void ring_doorbell(std::uint32_t tail);
  void show_error(registers::error_code code, std::uint32_t index, std::uint64_t address);
  void drive_interrupt();
  void reset_when_drained();
  bool drained() const;
  void clear_registers();

  buffers_module buffers_;
  access_manager_module access_manager_;
  macro_array_module macro_array_;
  accumulator_module accumulator_;
  post_processing_module post_processing_;
  engine_table engines_{};
  load_engine_module parameter_engine_;
  vector_engine_module vector_engine_;
  program_engine_module program_engine_;
  compute_engine_module compute_engine_;
  store_engine_module store_engine_;
  sequencer_module sequencer_;
  transport::observed<bool> line_level_;
  sc_core::sc_event line_, reset_requested_;
  registers::interrupt_status events_;
  std::uint32_t commands_done_ = 0;
};

}  // namespace cimbalom::cim
