#include "models/tlm/initiator_port.hpp"

#include <algorithm>

namespace cimbalom::transport {

namespace {
constexpr const char* report_id = "/cimbalom/transport/initiator_port";
}  // namespace

initiator_port::initiator_port(const char* name, initiator_client& client, unsigned index)
    : ::tlm::tlm_initiator_socket<bus_width>(name),
      client_(client),
      index_(index),
      arrivals_(this, &initiator_port::deliver) {
  bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
}

void initiator_port::begin_request(payload& transaction) {
  if (requesting_ != nullptr) SC_REPORT_ERROR(report_id, "a request begins before the last one ended");
  requesting_ = &transaction;
  phase at = ::tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  switch ((*this)->nb_transport_fw(transaction, at, delay)) {
    case ::tlm::TLM_ACCEPTED:
      break;
    case ::tlm::TLM_UPDATED:
      arrivals_.notify(transaction, at, delay);
      break;
    case ::tlm::TLM_COMPLETED:
      completed_.push_back(&transaction);
      arrivals_.notify(transaction, ::tlm::BEGIN_RESP, delay);
      break;
  }
}

void initiator_port::end_response(payload& transaction) {
  const auto early = std::find(completed_.begin(), completed_.end(), &transaction);
  if (early != completed_.end()) {
    completed_.erase(early);
    return;
  }
  phase at = ::tlm::END_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  (*this)->nb_transport_fw(transaction, at, delay);
}

::tlm::tlm_sync_enum initiator_port::nb_transport_bw(payload& transaction, phase& at, sc_core::sc_time& delay) {
  if (at != ::tlm::END_REQ && at != ::tlm::BEGIN_RESP) {
    SC_REPORT_ERROR(report_id, "a target may send END_REQ and BEGIN_RESP only");
  }
  arrivals_.notify(transaction, at, delay);
  return ::tlm::TLM_ACCEPTED;
}

void initiator_port::deliver(payload& transaction, const phase& at) {
  const bool ends_request = requesting_ == &transaction;  // BEGIN_RESP implies END_REQ
  if (ends_request) requesting_ = nullptr;
  if (at == ::tlm::BEGIN_RESP) client_.response_begun(transaction, index_);
  if (ends_request) client_.request_ended(index_);
}

}  // namespace cimbalom::transport
