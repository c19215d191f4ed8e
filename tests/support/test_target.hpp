#pragma once

#include <tlm_utils/peq_with_cb_and_phase.h>

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "models/tlm/transaction.hpp"

namespace cimbalom::testing_support {

/// A memory for tests that answers in every legal way of the base protocol.
class test_target : public sc_core::sc_module, private ::tlm::tlm_fw_transport_if<> {
 public:
  enum class answer_style {
    four_phase,        ///< ACCEPTED; END_REQ after request_time; BEGIN_RESP after response_time
    skip_end_request,  ///< ACCEPTED; BEGIN_RESP only
    updated_request,   ///< UPDATED with END_REQ, request_time annotated; then BEGIN_RESP
    updated_response,  ///< UPDATED with BEGIN_RESP, response_time annotated
    completed,         ///< COMPLETED, response_time annotated
  };

  test_target(const sc_core::sc_module_name& name, std::size_t size_bytes);

  ::tlm::tlm_target_socket<32> socket;

  answer_style style = answer_style::four_phase;
  sc_core::sc_time request_time = sc_core::SC_ZERO_TIME;
  sc_core::sc_time response_time = sc_core::SC_ZERO_TIME;      ///< after END_REQ
  std::map<std::uint64_t, ::tlm::tlm_response_status> errors;  ///< by address of the first byte

  std::vector<unsigned char> memory;
  struct seen {
    std::uint64_t address;
    unsigned length;
    bool write;
    std::int32_t layer;
    sc_core::sc_time at;
  };
  std::vector<seen> log;  ///< every request, in the order of arrival
  std::size_t most_open = 0;

 private:
  ::tlm::tlm_sync_enum nb_transport_fw(::tlm::tlm_generic_payload& transaction, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
  void b_transport(::tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(::tlm::tlm_generic_payload&, ::tlm::tlm_dmi&) override { return false; }
  unsigned transport_dbg(::tlm::tlm_generic_payload& transaction) override;
  void deliver(::tlm::tlm_generic_payload& transaction, const ::tlm::tlm_phase& phase);
  void execute(::tlm::tlm_generic_payload& transaction);
  void respond();

  std::deque<::tlm::tlm_generic_payload*> responses_;
  bool responding_ = false;
  std::size_t open_ = 0;
  tlm_utils::peq_with_cb_and_phase<test_target> arrivals_;
};

}  // namespace cimbalom::testing_support
