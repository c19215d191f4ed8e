#pragma once
// TLM layer: includes SystemC.

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <functional>

#include "models/energy/event_sink.hpp"
#include "models/processor/processor_config.hpp"
#include "models/processor/processor_statistics.hpp"
#include "models/registers/host_port.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::processor {

enum class processor_state : std::uint8_t { idle, running, register_access, memory_access, waiting, done };
const char* to_string(processor_state state);

/// Runs host software natively on an SC_THREAD. The software sees a host_port and nothing else: registers over the
/// control fabric (local time up to quantum_ns ahead), memory over the data fabric, interrupt lines.
class processor : public sc_core::sc_module, private registers::host_port {
 public:
  using software = std::function<void(registers::host_port&)>;

  tlm_utils::simple_initiator_socket<processor, transport::bus_width> control;  ///< registers, b_transport
  transport::memory_port memory;                                                ///< data fabric, nb_transport
  sc_core::sc_vector<sc_core::sc_in<bool>> interrupts;                          ///< line i is bit i of a mask

  /// `initiator`: the number in transaction tags. `interrupt_lines`: 1..32. An exception that leaves the software ends
  /// the simulation and comes out of failure().
  processor(const sc_core::sc_module_name& name, const processor_config& config, energy::event_sink& events,
            std::uint32_t initiator, std::size_t interrupt_lines, software run);
  processor(const processor&) = delete;
  processor& operator=(const processor&) = delete;

  /// The software has returned (or failed).
  bool finished() const { return finished_; }
  const std::exception_ptr& failure() const { return failure_; }
  /// Layer that memory traffic and instructions of the host are booked to.
  void set_layer(std::int32_t layer) { layer_ = layer; }
  const processor_statistics& statistics() const { return statistics_; }
  /// One line for the dump of a hang.
  std::string describe() const;

 private:
  registers::register_value read_register(std::uint64_t address) override;
  registers::access_status write_register(std::uint64_t address, std::uint32_t value) override;
  registers::access_status read_memory(std::uint64_t address, void* data, std::size_t length) override;
  registers::access_status write_memory(std::uint64_t address, const void* data, std::size_t length) override;
  std::uint32_t wait_interrupt(std::uint32_t line_mask) override;
  void instructions(std::uint64_t count) override;
  std::uint64_t now_ps() const override;

  void run_software();
  registers::access_status access_register(tlm::tlm_command command, std::uint64_t address, std::uint32_t& value);
  registers::access_status access_memory(bool write, std::uint64_t address, void* data, std::size_t length);
  std::uint32_t lines_high(std::uint32_t line_mask) const;
  void advance(const sc_core::sc_time& by);

  processor_config config_;
  energy::event_sink& events_;
  software software_;
  tlm_utils::tlm_quantumkeeper keeper_;
  sc_core::sc_time quantum_;
  std::uint64_t period_ps_;
  transport::payload register_payload_;
  std::int32_t layer_ = energy::no_layer;
  bool finished_ = false;
  std::exception_ptr failure_;
  processor_statistics statistics_;
  transport::observed<processor_state> state_{"state", processor_state::idle};
};

}  // namespace cimbalom::processor
