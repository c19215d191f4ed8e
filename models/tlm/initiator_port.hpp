#pragma once
// TLM layer: includes SystemC.

#include <tlm_utils/peq_with_cb_and_phase.h>

#include <vector>

#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// Told by an initiator_port, from a method process of its own, never inside a call of the target's.
class initiator_client {
 public:
  virtual ~initiator_client() = default;
  /// The request channel is free again (for a target that left END_REQ out: told after its response_begun).
  virtual void request_ended(unsigned port) = 0;
  /// The response is here; end it with end_response(), now or later.
  virtual void response_begun(payload& transaction, unsigned port) = 0;
};

/// An initiator socket of the data fabric that knows the base protocol: it sends BEGIN_REQ and END_RESP, and accepts
/// every legal answer (END_REQ left out, early completion, annotated delays). It holds no payload: the owner does.
class initiator_port : public ::tlm::tlm_initiator_socket<bus_width>, protected ::tlm::tlm_bw_transport_if<> {
 public:
  initiator_port(const char* name, initiator_client& client, unsigned index = 0);
  initiator_port(const initiator_port&) = delete;
  initiator_port& operator=(const initiator_port&) = delete;

  /// A request lies between BEGIN_REQ and END_REQ: no other may begin.
  bool busy() const { return requesting_ != nullptr; }
  /// Sends BEGIN_REQ, only if not busy(). The payload must have a memory manager and be held by the caller.
  void begin_request(payload& transaction);
  /// Sends END_RESP (nothing, if the target completed early); afterwards the payload may be released.
  void end_response(payload& transaction);

 private:
  ::tlm::tlm_sync_enum nb_transport_bw(payload& transaction, phase& at, sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
  void deliver(payload& transaction, const phase& at);

  initiator_client& client_;
  unsigned index_;
  payload* requesting_ = nullptr;
  std::vector<payload*> completed_;  // completed by the target: no END_RESP to send
  tlm_utils::peq_with_cb_and_phase<initiator_port> arrivals_;
};

}  // namespace cimbalom::transport
