#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <functional>

#include "models/registers/register_bank.hpp"
#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// A target socket of the control fabric on a register bank: b_transport only, one 32-bit register a transaction,
/// addresses relative to the device. Answers: ADDRESS no register there or not a multiple of 4; COMMAND direction not
/// allowed; BURST length other than 4, or streaming; BYTE_ENABLE; GENERIC value refused. Debug reads see stored values
/// without side effects; debug writes move nothing.
class register_target : public ::tlm::tlm_target_socket<bus_width>, protected ::tlm::tlm_fw_transport_if<> {
 public:
  /// The bank must outlive the socket; `latency` is added to the delay of every access.
  register_target(const char* name, registers::register_bank& bank, const sc_core::sc_time& latency);
  register_target(const register_target&) = delete;
  register_target& operator=(const register_target&) = delete;

  /// Called after an access that was answered with an error (for a sticky error register).
  void on_error(std::function<void(std::uint64_t offset, response_status)> hook) { error_hook_ = std::move(hook); }

 private:
  void b_transport(payload& transaction, sc_core::sc_time& delay) override;
  ::tlm::tlm_sync_enum nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(payload&, ::tlm::tlm_dmi&) override { return false; }
  unsigned transport_dbg(payload& transaction) override;
  response_status access(payload& transaction);

  registers::register_bank& bank_;
  sc_core::sc_time latency_;
  std::function<void(std::uint64_t, response_status)> error_hook_;
};

}  // namespace cimbalom::transport
