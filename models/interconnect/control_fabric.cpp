#include "models/interconnect/control_fabric.hpp"

#include "models/tlm/clock.hpp"

namespace cimbalom::interconnect {

using transport::payload;

struct control_fabric::input : ::tlm::tlm_target_socket<transport::bus_width>, ::tlm::tlm_fw_transport_if<> {
  input(const char* name, control_fabric& owner) : ::tlm::tlm_target_socket<transport::bus_width>(name), fabric(owner) {
    bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
  }
  void b_transport(payload& transaction, sc_core::sc_time& delay) override { fabric.access(transaction, delay); }
  ::tlm::tlm_sync_enum nb_transport_fw(payload& transaction, transport::phase&, sc_core::sc_time&) override {
    SC_REPORT_ERROR("/cimbalom/interconnect", "the control fabric takes b_transport only");
    transaction.set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
    return ::tlm::TLM_COMPLETED;
  }
  bool get_direct_mem_ptr(payload&, ::tlm::tlm_dmi&) override { return false; }
  unsigned transport_dbg(payload& transaction) override { return fabric.debug_access(transaction); }

  control_fabric& fabric;
};

struct control_fabric::output : ::tlm::tlm_initiator_socket<transport::bus_width>, ::tlm::tlm_bw_transport_if<> {
  explicit output(const char* name) : ::tlm::tlm_initiator_socket<transport::bus_width>(name) {
    bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
  }
  ::tlm::tlm_sync_enum nb_transport_bw(payload&, transport::phase&, sc_core::sc_time&) override {
    SC_REPORT_ERROR("/cimbalom/interconnect", "no target of the control fabric may call back");
    return ::tlm::TLM_COMPLETED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

control_fabric::control_fabric(const sc_core::sc_module_name& name, const control_fabric_config& config)
    : sc_core::sc_module(name), config_(config) {
  config_.validate();
  latency_ = transport::clock_of_mhz(config_.clock_mhz).cycles(static_cast<std::uint64_t>(config_.latency_cycles));
  for (const std::string& who : config_.initiators) {
    inputs_.push_back(std::make_unique<input>(("from_" + who).c_str(), *this));
  }
  for (const address_window& window : config_.targets) {
    outputs_.push_back(std::make_unique<output>(("to_" + window.name).c_str()));
  }
}

control_fabric::~control_fabric() = default;

::tlm::tlm_target_socket<transport::bus_width>& control_fabric::from(std::size_t i) {
  return *inputs_.at(i);
}
::tlm::tlm_initiator_socket<transport::bus_width>& control_fabric::to(std::size_t t) {
  return *outputs_.at(t);
}

void control_fabric::access(payload& transaction, sc_core::sc_time& delay) {
  ++(transaction.is_write() ? statistics_.writes : statistics_.reads);
  delay += latency_;
  const std::uint64_t address = transaction.get_address();
  // Length 0 is decoded like one byte: its target refuses it.
  const std::uint64_t length = transaction.get_data_length() == 0 ? 1 : transaction.get_data_length();
  const std::size_t t = decode(config_.targets, address, length);
  if (t == config_.targets.size()) {
    transaction.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  } else {
    transaction.set_address(address - config_.targets[t].base);
    (*outputs_[t])->b_transport(transaction, delay);
    transaction.set_address(address);
  }
  if (transaction.is_response_error()) ++statistics_.errors;
}

unsigned control_fabric::debug_access(payload& transaction) {
  const std::uint64_t address = transaction.get_address();
  const std::size_t t = decode(config_.targets, address, transaction.get_data_length());
  if (t == config_.targets.size()) return 0;
  transaction.set_address(address - config_.targets[t].base);
  const unsigned moved = (*outputs_[t])->transport_dbg(transaction);
  transaction.set_address(address);
  return moved;
}

}  // namespace cimbalom::interconnect
