#include "models/tlm/target_port.hpp"

namespace cimbalom::transport {

namespace {
constexpr const char* report_id = "/cimbalom/transport/target_port";
}  // namespace

target_port::target_port(const char* name, target_client& client, unsigned index)
    : ::tlm::tlm_target_socket<bus_width>(name),
      client_(client),
      index_(index),
      foreign_([this](payload& transaction, phase& at, sc_core::sc_time& delay) {
        return nb_transport_fw(transaction, at, delay);
      }),
      arrivals_(this, &target_port::deliver) {
  bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
}

::tlm::tlm_sync_enum target_port::nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) {
  if (at == ::tlm::BEGIN_REQ) {
    if (!transaction.has_mm()) SC_REPORT_ERROR(report_id, "a payload without memory manager on the non-blocking path");
    transaction.acquire();
    if (delay == sc_core::SC_ZERO_TIME) {
      client_.request_begun(transaction, index_);
    } else {
      arrivals_.notify(transaction, at, delay);
    }
    return ::tlm::TLM_ACCEPTED;
  }
  if (at == ::tlm::END_RESP && responding_ == &transaction) {
    arrivals_.notify(transaction, at, delay);
    return ::tlm::TLM_COMPLETED;
  }
  SC_REPORT_ERROR(report_id, "an initiator may send BEGIN_REQ, and END_RESP to the response in progress");
  return ::tlm::TLM_ACCEPTED;
}

void target_port::b_transport(payload& transaction, sc_core::sc_time& delay) {
  foreign_.transport(transaction, delay);
}

::tlm::tlm_sync_enum target_port::to_initiator(payload& transaction, phase& at, sc_core::sc_time& delay) {
  if (blocking_adapter::owns(transaction)) return foreign_.backward(transaction, at);
  return (*this)->nb_transport_bw(transaction, at, delay);
}

void target_port::end_request(payload& transaction) {
  phase at = ::tlm::END_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  to_initiator(transaction, at, delay);
}

void target_port::begin_response(payload& transaction) {
  responses_.push_back(&transaction);
  if (responding_ == nullptr) send_next_response();
}

void target_port::send_next_response() {
  responding_ = responses_.front();
  responses_.pop_front();
  phase at = ::tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const ::tlm::tlm_sync_enum answer = to_initiator(*responding_, at, delay);
  const bool ended = answer == ::tlm::TLM_COMPLETED || (answer == ::tlm::TLM_UPDATED && at == ::tlm::END_RESP);
  if (ended) arrivals_.notify(*responding_, ::tlm::END_RESP, delay);
}

void target_port::deliver(payload& transaction, const phase& at) {
  if (at == ::tlm::BEGIN_REQ) {
    client_.request_begun(transaction, index_);
    return;
  }
  responding_ = nullptr;
  client_.response_ended(transaction, index_);
  transaction.release();
  if (responding_ == nullptr && !responses_.empty()) send_next_response();
}

}  // namespace cimbalom::transport
