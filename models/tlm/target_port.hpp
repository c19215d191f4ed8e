#pragma once
// TLM layer: includes SystemC.

#include <tlm_utils/peq_with_cb_and_phase.h>

#include <deque>

#include "models/tlm/blocking_adapter.hpp"
#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// Told by a target_port.
class target_client {
 public:
  virtual ~target_client() = default;
  /// A request has begun. Called inside the initiator's call: record it and notify an event, nothing else. End it with
  /// end_request() or begin_response(). More may begin before that (foreign initiators do not wait for each other).
  virtual void request_begun(payload& transaction, unsigned port) = 0;
  /// The response is over and the port gives the payload up after this call.
  virtual void response_ended(payload& transaction, unsigned port) = 0;
  /// Debug access: no time, no side effect, no statistics. Returns the bytes moved.
  virtual unsigned debug_access(payload& transaction, unsigned port) = 0;
};

/// A target socket of the data fabric that knows the base protocol, and takes b_transport through the same queue.
/// It holds every payload from BEGIN_REQ to END_RESP. Responses queue while one is in progress.
class target_port : public ::tlm::tlm_target_socket<bus_width>, protected ::tlm::tlm_fw_transport_if<> {
 public:
  target_port(const char* name, target_client& client, unsigned index = 0);
  target_port(const target_port&) = delete;
  target_port& operator=(const target_port&) = delete;

  /// Sends END_REQ. Not from request_begun().
  void end_request(payload& transaction);
  /// Sends BEGIN_RESP, now or when the response channel is free. The response status must be set.
  void begin_response(payload& transaction);

  /// A response is in progress or waits.
  bool responding() const { return responding_ != nullptr || !responses_.empty(); }

 private:
  ::tlm::tlm_sync_enum nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) override;
  void b_transport(payload& transaction, sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(payload&, ::tlm::tlm_dmi&) override { return false; }
  unsigned transport_dbg(payload& transaction) override { return client_.debug_access(transaction, index_); }

  ::tlm::tlm_sync_enum to_initiator(payload& transaction, phase& at, sc_core::sc_time& delay);
  void send_next_response();
  void deliver(payload& transaction, const phase& at);

  target_client& client_;
  unsigned index_;
  payload* responding_ = nullptr;
  std::deque<payload*> responses_;
  blocking_adapter foreign_;
  tlm_utils::peq_with_cb_and_phase<target_port> arrivals_;
};

}  // namespace cimbalom::transport
