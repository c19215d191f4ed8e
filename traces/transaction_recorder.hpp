#pragma once
// TLM layer: includes SystemC.

#include <map>

#include "models/tlm/transaction.hpp"
#include "traces/transaction_log.hpp"

namespace cimbalom::traces {

/// Sits on a link and writes a line a transaction. Passes everything on unchanged and takes no time; put in only where
/// recording is on, so that a link without it costs nothing.
class transaction_recorder : public sc_core::sc_module,
                             private ::tlm::tlm_fw_transport_if<>,
                             private ::tlm::tlm_bw_transport_if<> {
 public:
  /// The log must outlive the recorder.
  transaction_recorder(const sc_core::sc_module_name& name, transaction_log& log);
  transaction_recorder(const transaction_recorder&) = delete;
  transaction_recorder& operator=(const transaction_recorder&) = delete;

  ::tlm::tlm_target_socket<transport::bus_width> from_initiator;
  ::tlm::tlm_initiator_socket<transport::bus_width> to_target;

 private:
  ::tlm::tlm_sync_enum nb_transport_fw(transport::payload& transaction, transport::phase& at,
                                       sc_core::sc_time& delay) override;
  ::tlm::tlm_sync_enum nb_transport_bw(transport::payload& transaction, transport::phase& at,
                                       sc_core::sc_time& delay) override;
  void b_transport(transport::payload& transaction, sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(transport::payload& transaction, ::tlm::tlm_dmi& dmi) override;
  unsigned transport_dbg(transport::payload& transaction) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;

  transaction_record begin(const transport::payload& transaction, const sc_core::sc_time& delay) const;
  void advance(const transport::payload& transaction, const transport::phase& at, const sc_core::sc_time& delay);
  void end(const transport::payload& transaction, const sc_core::sc_time& delay);

  transaction_log& log_;
  std::map<const transport::payload*, transaction_record> open_;  // by key only
};

}  // namespace cimbalom::traces
