#pragma once

#include <tlm_utils/peq_with_cb_and_phase.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "models/tlm/initiator_port.hpp"
#include "models/tlm/payload_pool.hpp"

namespace cimbalom::testing_support {

/// An initiator for tests: single accesses in every style, with programmable ends of responses.
class test_initiator : public sc_core::sc_module, private ::tlm::tlm_bw_transport_if<> {
 public:
  enum class end_style {
    later,      ///< TLM_ACCEPTED, END_RESP after response_hold
    completed,  ///< TLM_COMPLETED at once
    updated,    ///< TLM_UPDATED with END_RESP and response_hold annotated
  };

  explicit test_initiator(const sc_core::sc_module_name& name, std::uint32_t index = 0);

  ::tlm::tlm_initiator_socket<32> socket;

  end_style style = end_style::later;
  sc_core::sc_time response_hold = sc_core::SC_ZERO_TIME;
  sc_core::sc_time request_delay = sc_core::SC_ZERO_TIME;  ///< annotated on BEGIN_REQ
  std::int32_t layer = energy::no_layer;

  struct outcome {
    ::tlm::tlm_response_status status = ::tlm::TLM_INCOMPLETE_RESPONSE;
    sc_core::sc_time request_ended;   ///< when END_REQ was seen (or implied)
    sc_core::sc_time response_begun;  ///< when BEGIN_RESP was seen (early completion: with its delay)
    std::vector<unsigned char> data;
  };

  /// Four-phase accesses, from a thread; returns when the response is over.
  outcome read(std::uint64_t address, unsigned length);
  outcome write(std::uint64_t address, const std::vector<unsigned char>& data);
  /// b_transport on a payload of the caller's; adds to delay.
  void blocking(::tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
    socket->b_transport(transaction, delay);
  }
  unsigned debug(::tlm::tlm_generic_payload& transaction) { return socket->transport_dbg(transaction); }

 private:
  ::tlm::tlm_sync_enum nb_transport_bw(::tlm::tlm_generic_payload& transaction, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
  void deliver(::tlm::tlm_generic_payload& transaction, const ::tlm::tlm_phase& phase);
  outcome access(::tlm::tlm_generic_payload& transaction);

  std::uint32_t index_;
  transport::payload_pool pool_;
  ::tlm::tlm_generic_payload* active_ = nullptr;
  outcome outcome_;
  bool request_over_ = false;
  bool response_over_ = false;
  sc_core::sc_event progress_;
  tlm_utils::peq_with_cb_and_phase<test_initiator> arrivals_;
};

}  // namespace cimbalom::testing_support
