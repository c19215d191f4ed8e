#pragma once
// TLM layer: includes SystemC.

#include <exception>
#include <functional>
#include <string>

#include "models/energy/event_sink.hpp"
#include "models/processor/processor_config.hpp"
#include "models/processor/processor_statistics.hpp"
#include "models/registers/host_port.hpp"
#include "models/tlm/clock.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/observed.hpp"
#include "models/tlm/payload_pool.hpp"

namespace cimbalom::processor {

enum class processor_state : std::uint8_t { running, register_access, memory_access, waiting, finished };
const char* to_string(processor_state state);

/// Runs host software natively on a thread of the simulation: the program sees a host_port, and its accesses,
/// instructions and waits take the time they would take. See docs/processor.md.
class processor : public sc_core::sc_module, private registers::host_port, private ::tlm::tlm_bw_transport_if<> {
 public:
  using program = std::function<void(registers::host_port&)>;

  processor(const sc_core::sc_module_name& name, const processor_config& config, energy::event_sink& sink,
            program software);
  ~processor() override;
  processor(const processor&) = delete;
  processor& operator=(const processor&) = delete;

  ::tlm::tlm_initiator_socket<transport::bus_width> control;  ///< device registers, b_transport
  transport::memory_port memory;
  sc_core::sc_vector<sc_core::sc_in<bool>> interrupts;  ///< line i of wait_interrupt()

  /// The program has returned or thrown.
  bool finished() const { return finished_; }
  const sc_core::sc_event& finished_event() const { return finished_event_; }
  /// What the program threw; null if it returned. Rethrow it after sc_start().
  std::exception_ptr failure() const { return failure_; }

  const processor_statistics& statistics() const { return statistics_; }
  std::string describe() const;

 private:
  registers::register_value read_register(std::uint64_t address) override;
  registers::access_status write_register(std::uint64_t address, std::uint32_t value) override;
  registers::access_status read_memory(std::uint64_t address, void* data, std::size_t length) override;
  registers::access_status write_memory(std::uint64_t address, const void* data, std::size_t length) override;
  std::uint32_t wait_interrupt(std::uint32_t line_mask) override;
  void instructions(std::uint64_t count) override;
  std::uint64_t now_ps() const override;

  ::tlm::tlm_sync_enum nb_transport_bw(transport::payload&, transport::phase&, sc_core::sc_time&) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  void run();
  void synchronise();
  void spend(const sc_core::sc_time& time);
  transport::response_status access_register(transport::payload& transaction);
  registers::access_status finish_memory(const transport::memory_result& result, std::uint64_t address,
                                         std::size_t length, std::uint64_t from_ps);
  std::uint32_t lines_high(std::uint32_t mask) const;

  processor_config config_;
  energy::event_sink& sink_;
  program software_;
  transport::clock_edges clock_;
  sc_core::sc_time quantum_;
  sc_core::sc_time local_;  ///< ahead of the simulation by this
  transport::payload_pool pool_;
  transport::observed<processor_state> state_;
  bool finished_ = false;
  sc_core::sc_event finished_event_;
  std::exception_ptr failure_;
  processor_statistics statistics_;
};

}  // namespace cimbalom::processor
