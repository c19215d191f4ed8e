#include "tests/support/test_target.hpp"

#include <algorithm>
#include <cstring>

namespace cimbalom::testing_support {

DECLARE_EXTENDED_PHASE(test_end_request);
DECLARE_EXTENDED_PHASE(test_begin_response);

test_target::test_target(const sc_core::sc_module_name& name, std::size_t size_bytes)
    : sc_core::sc_module(name), socket("socket"), memory(size_bytes), arrivals_(this, &test_target::deliver) {
  socket.bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
}

void test_target::execute(::tlm::tlm_generic_payload& transaction) {
  const auto error = errors.find(transaction.get_address());
  if (error != errors.end()) {
    transaction.set_response_status(error->second);
    return;
  }
  const ::tlm::tlm_response_status attributes = transport::check_attributes(transaction);
  if (attributes != ::tlm::TLM_OK_RESPONSE) {
    transaction.set_response_status(attributes);
    return;
  }
  if (!transport::inside(transaction.get_address(), transaction.get_data_length(), 0, memory.size())) {
    transaction.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  unsigned char* at = memory.data() + transaction.get_address();
  if (transaction.is_write()) {
    std::memcpy(at, transaction.get_data_ptr(), transaction.get_data_length());
  } else {
    std::memcpy(transaction.get_data_ptr(), at, transaction.get_data_length());
  }
  transaction.set_response_status(::tlm::TLM_OK_RESPONSE);
}

::tlm::tlm_sync_enum test_target::nb_transport_fw(::tlm::tlm_generic_payload& transaction, ::tlm::tlm_phase& phase,
                                                  sc_core::sc_time& delay) {
  if (phase == ::tlm::END_RESP) {
    --open_;
    arrivals_.notify(transaction, phase, delay);
    return ::tlm::TLM_COMPLETED;
  }
  log.push_back({transaction.get_address(), transaction.get_data_length(), transaction.is_write(),
                 transport::layer_of(transaction), sc_core::sc_time_stamp() + delay});
  if (style == answer_style::completed) {
    execute(transaction);
    delay += response_time;
    return ::tlm::TLM_COMPLETED;
  }
  transaction.acquire();
  most_open = std::max(most_open, ++open_);
  switch (style) {
    case answer_style::four_phase:
      arrivals_.notify(transaction, test_end_request, delay + request_time);
      return ::tlm::TLM_ACCEPTED;
    case answer_style::skip_end_request:
      arrivals_.notify(transaction, test_begin_response, delay + response_time);
      return ::tlm::TLM_ACCEPTED;
    case answer_style::updated_request:
      phase = ::tlm::END_REQ;
      delay += request_time;
      arrivals_.notify(transaction, test_begin_response, delay + response_time);
      return ::tlm::TLM_UPDATED;
    case answer_style::updated_response:
      execute(transaction);
      responding_ = true;
      phase = ::tlm::BEGIN_RESP;
      delay += response_time;
      return ::tlm::TLM_UPDATED;
    case answer_style::completed:
      break;
  }
  return ::tlm::TLM_ACCEPTED;
}

void test_target::deliver(::tlm::tlm_generic_payload& transaction, const ::tlm::tlm_phase& phase) {
  if (phase == test_end_request) {
    ::tlm::tlm_phase end = ::tlm::END_REQ;
    sc_core::sc_time zero = sc_core::SC_ZERO_TIME;
    socket->nb_transport_bw(transaction, end, zero);
    arrivals_.notify(transaction, test_begin_response, response_time);
  } else if (phase == test_begin_response) {
    execute(transaction);
    responses_.push_back(&transaction);
    respond();
  } else {
    responding_ = false;
    transaction.release();
    respond();
  }
}

void test_target::respond() {
  if (responding_ || responses_.empty()) return;
  ::tlm::tlm_generic_payload& transaction = *responses_.front();
  responses_.pop_front();
  responding_ = true;
  ::tlm::tlm_phase phase = ::tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const ::tlm::tlm_sync_enum answer = socket->nb_transport_bw(transaction, phase, delay);
  if (answer != ::tlm::TLM_ACCEPTED) {
    --open_;
    arrivals_.notify(transaction, ::tlm::END_RESP, delay);
  }
}

void test_target::b_transport(::tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  log.push_back({transaction.get_address(), transaction.get_data_length(), transaction.is_write(),
                 transport::layer_of(transaction), sc_core::sc_time_stamp() + delay});
  delay += request_time + response_time;
  execute(transaction);
}

unsigned test_target::transport_dbg(::tlm::tlm_generic_payload& transaction) {
  if (!transport::inside(transaction.get_address(), transaction.get_data_length(), 0, memory.size())) return 0;
  unsigned char* at = memory.data() + transaction.get_address();
  if (transaction.is_write()) {
    std::memcpy(at, transaction.get_data_ptr(), transaction.get_data_length());
  } else {
    std::memcpy(transaction.get_data_ptr(), at, transaction.get_data_length());
  }
  return transaction.get_data_length();
}

}  // namespace cimbalom::testing_support
