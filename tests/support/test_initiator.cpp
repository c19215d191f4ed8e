#include "tests/support/test_initiator.hpp"

#include <algorithm>

namespace cimbalom::testing_support {

test_initiator::test_initiator(const sc_core::sc_module_name& name, std::uint32_t index)
    : sc_core::sc_module(name), socket("socket"), index_(index), arrivals_(this, &test_initiator::deliver) {
  socket.bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
}

test_initiator::outcome test_initiator::read(std::uint64_t address, unsigned length) {
  return access(pool_.take(::tlm::TLM_READ_COMMAND, address, length, index_, layer));
}

test_initiator::outcome test_initiator::write(std::uint64_t address, const std::vector<unsigned char>& data) {
  ::tlm::tlm_generic_payload& transaction = pool_.take(::tlm::TLM_WRITE_COMMAND, address, data.size(), index_, layer);
  std::copy(data.begin(), data.end(), transaction.get_data_ptr());
  return access(transaction);
}

test_initiator::outcome test_initiator::access(::tlm::tlm_generic_payload& transaction) {
  active_ = &transaction;
  outcome_ = {};
  request_over_ = response_over_ = false;
  ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
  sc_core::sc_time delay = request_delay;
  switch (socket->nb_transport_fw(transaction, phase, delay)) {
    case ::tlm::TLM_ACCEPTED:
      break;
    case ::tlm::TLM_UPDATED:
      arrivals_.notify(transaction, phase, delay);
      break;
    case ::tlm::TLM_COMPLETED:
      sc_core::wait(delay);
      request_over_ = response_over_ = true;
      outcome_.request_ended = outcome_.response_begun = sc_core::sc_time_stamp();
      break;
  }
  while (!response_over_) sc_core::wait(progress_);
  outcome_.status = transaction.get_response_status();
  outcome_.data.assign(transaction.get_data_ptr(), transaction.get_data_ptr() + transaction.get_data_length());
  transaction.release();
  active_ = nullptr;
  return outcome_;
}

::tlm::tlm_sync_enum test_initiator::nb_transport_bw(::tlm::tlm_generic_payload& transaction, ::tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
  if (phase == ::tlm::BEGIN_RESP && style == end_style::completed) {
    outcome_.response_begun = sc_core::sc_time_stamp() + delay;
    if (!request_over_) outcome_.request_ended = outcome_.response_begun;
    response_over_ = true;
    progress_.notify(sc_core::SC_ZERO_TIME);
    return ::tlm::TLM_COMPLETED;
  }
  if (phase == ::tlm::BEGIN_RESP && style == end_style::updated) {
    outcome_.response_begun = sc_core::sc_time_stamp() + delay;
    if (!request_over_) outcome_.request_ended = outcome_.response_begun;
    phase = ::tlm::END_RESP;
    delay += response_hold;
    response_over_ = true;
    progress_.notify(delay == sc_core::SC_ZERO_TIME ? sc_core::SC_ZERO_TIME : delay);
    return ::tlm::TLM_UPDATED;
  }
  arrivals_.notify(transaction, phase, delay);
  return ::tlm::TLM_ACCEPTED;
}

void test_initiator::deliver(::tlm::tlm_generic_payload& transaction, const ::tlm::tlm_phase& phase) {
  if (!request_over_) {
    request_over_ = true;
    outcome_.request_ended = sc_core::sc_time_stamp();
  }
  if (phase == ::tlm::BEGIN_RESP) {
    outcome_.response_begun = sc_core::sc_time_stamp();
    if (response_hold != sc_core::SC_ZERO_TIME) {
      arrivals_.notify(transaction, ::tlm::END_RESP, response_hold);
      return;
    }
  }
  if (phase == ::tlm::BEGIN_RESP || phase == ::tlm::END_RESP) {
    ::tlm::tlm_phase end = ::tlm::END_RESP;
    sc_core::sc_time zero = sc_core::SC_ZERO_TIME;
    socket->nb_transport_fw(transaction, end, zero);
    response_over_ = true;
    progress_.notify(sc_core::SC_ZERO_TIME);
  }
}

}  // namespace cimbalom::testing_support
