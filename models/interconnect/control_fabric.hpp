#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <vector>

#include "models/interconnect/interconnect_config.hpp"
#include "models/interconnect/interconnect_statistics.hpp"
#include "models/tlm/transaction.hpp"

namespace cimbalom::interconnect {

/// The control fabric: decodes b_transport to device registers, adds its latency to the annotated delay, and restores
/// the address. Register accesses are rare and short: it has no contention.
class control_fabric : public sc_core::sc_module {
 public:
  control_fabric(const sc_core::sc_module_name& name, const control_fabric_config& config);
  ~control_fabric() override;
  control_fabric(const control_fabric&) = delete;
  control_fabric& operator=(const control_fabric&) = delete;

  /// The socket that initiator i binds to; named from_NAME.
  ::tlm::tlm_target_socket<transport::bus_width>& from(std::size_t i);
  /// The socket that binds to target t; named to_NAME.
  ::tlm::tlm_initiator_socket<transport::bus_width>& to(std::size_t t);

  const control_fabric_statistics& statistics() const { return statistics_; }

 private:
  struct input;
  struct output;

  void access(transport::payload& transaction, sc_core::sc_time& delay);
  unsigned debug_access(transport::payload& transaction);

  control_fabric_config config_;
  sc_core::sc_time latency_;
  std::vector<std::unique_ptr<input>> inputs_;
  std::vector<std::unique_ptr<output>> outputs_;
  control_fabric_statistics statistics_;
};

}  // namespace cimbalom::interconnect
