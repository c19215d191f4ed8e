#include "models/tlm/blocking_adapter.hpp"

namespace cimbalom::transport {

/// Marks a pooled payload as ours, and wakes its caller. Lives on the payload: it is cleared before each return.
struct blocking_adapter::call : ::tlm::tlm_extension<call> {
  sc_core::sc_event answered;
  bool done = false;

  ::tlm::tlm_extension_base* clone() const override { return nullptr; }
  void copy_from(const ::tlm::tlm_extension_base&) override {}
  void free() override {}  // it lives in transport()
};

bool blocking_adapter::owns(const payload& transaction) {
  return transaction.get_extension<call>() != nullptr;
}

void blocking_adapter::transport(payload& transaction, sc_core::sc_time& delay) {
  if (delay != sc_core::SC_ZERO_TIME) {
    sc_core::wait(delay);
    delay = sc_core::SC_ZERO_TIME;
  }
  payload& mine = pool_.take_copy(transaction);
  call state;
  mine.set_extension(&state);
  phase at = ::tlm::BEGIN_REQ;
  sc_core::sc_time zero = sc_core::SC_ZERO_TIME;
  forward_(mine, at, zero);
  while (!state.done) sc_core::wait(state.answered);
  transaction.set_response_status(mine.get_response_status());
  at = ::tlm::END_RESP;
  forward_(mine, at, zero);
  mine.clear_extension<call>();
  mine.release();
}

::tlm::tlm_sync_enum blocking_adapter::backward(payload& transaction, const phase& at) {
  if (at == ::tlm::BEGIN_RESP) {
    call* state = transaction.get_extension<call>();
    state->done = true;
    state->answered.notify(sc_core::SC_ZERO_TIME);
  }
  return ::tlm::TLM_ACCEPTED;
}

}  // namespace cimbalom::transport
