#include "models/tlm/protocol_checker.hpp"

#include <sstream>

namespace cimbalom::transport {

protocol_checker::protocol_checker(const sc_core::sc_module_name& name, const rules& which)
    : sc_core::sc_module(name), from_initiator("from_initiator"), to_target("to_target"), rules_(which) {
  from_initiator.bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
  to_target.bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
}

void protocol_checker::find(bool good, const payload& transaction, const char* rule) {
  if (good) return;
  std::ostringstream text;
  text << name() << ": " << rule << " (" << (transaction.is_write() ? "write" : "read") << " of "
       << transaction.get_data_length() << " bytes at 0x" << std::hex << transaction.get_address() << std::dec << ", "
       << sc_core::sc_time_stamp() << ")";
  findings_.push_back(text.str());
  SC_REPORT_WARNING(protocol_report_id, findings_.back().c_str());
}

void protocol_checker::check_delay(const payload& transaction, const sc_core::sc_time& before,
                                   const sc_core::sc_time& after) {
  find(after >= before, transaction, "the delay annotation decreased");
  find(!rules_.zero_delay || after == sc_core::SC_ZERO_TIME, transaction, "a delay is annotated on a zero-delay link");
}

void protocol_checker::check_request(const payload& transaction) {
  const std::uint64_t length = transaction.get_data_length();
  find(transaction.get_data_ptr() != nullptr, transaction, "no data pointer");
  find(length > 0, transaction, "data length 0");
  find(transaction.get_streaming_width() > 0, transaction, "streaming width 0");
  find(transaction.get_response_status() == ::tlm::TLM_INCOMPLETE_RESPONSE, transaction,
       "a request begins with a response status");
  find(!transaction.is_dmi_allowed(), transaction, "a request begins with the DMI hint set");
  if (rules_.bursts && length > 0) {
    const std::uint64_t first = transaction.get_address() / burst_boundary_bytes;
    find((transaction.get_address() + (length - 1)) / burst_boundary_bytes == first, transaction,
         "a burst crosses 4 KiB");
  }
}

void protocol_checker::check_response(const payload& transaction) {
  find(transaction.get_response_status() != ::tlm::TLM_INCOMPLETE_RESPONSE, transaction, "no response status");
  find(rules_.expect_errors || !transaction.is_response_error(), transaction, "an error response");
}

void protocol_checker::begin(const payload& transaction) {
  find(requesting_ == nullptr, transaction, "BEGIN_REQ before the last request ended");
  find(states_.count(&transaction) == 0, transaction, "BEGIN_REQ of a transaction that is under way");
  find(transaction.has_mm() && transaction.get_ref_count() > 0, transaction, "payload not managed");
  check_request(transaction);
  requesting_ = &transaction;
  states_[&transaction] = {state::requesting,
                           transaction.get_command(),
                           transaction.get_data_ptr(),
                           transaction.get_data_length(),
                           transaction.get_streaming_width(),
                           transaction.get_address()};
}

void protocol_checker::end(const payload& transaction) {
  if (requesting_ == &transaction) requesting_ = nullptr;
  if (responding_ == &transaction) responding_ = nullptr;
  states_.erase(&transaction);
}

void protocol_checker::target_says(const payload& transaction, const phase& at) {
  const auto found = states_.find(&transaction);
  if (found == states_.end()) {
    find(false, transaction, "a phase of a transaction that is not under way");
    return;
  }
  record& known = found->second;
  const bool same = known.command == transaction.get_command() && known.data == transaction.get_data_ptr() &&
                    known.length == transaction.get_data_length() &&
                    known.streaming_width == transaction.get_streaming_width();
  find(same, transaction, "attributes changed by a target or interconnect");
  find(known.address == transaction.get_address(), transaction, "address not restored");
  if (requesting_ == &transaction) requesting_ = nullptr;
  if (at == ::tlm::END_REQ) {
    find(known.at == state::requesting, transaction, "END_REQ without a request");
    known.at = state::waiting;
  } else if (at == ::tlm::BEGIN_RESP) {
    find(known.at != state::responding, transaction, "BEGIN_RESP twice");
    find(responding_ == nullptr, transaction, "BEGIN_RESP before the last response ended");
    check_response(transaction);
    known.at = state::responding;
    responding_ = &transaction;
  } else {
    find(false, transaction, "a target may send END_REQ and BEGIN_RESP only");
  }
}

void protocol_checker::initiator_says(const payload& transaction, const phase& at) {
  if (at == ::tlm::BEGIN_REQ) {
    begin(transaction);
  } else if (at == ::tlm::END_RESP) {
    find(responding_ == &transaction, transaction, "END_RESP without a response");
    end(transaction);
  } else {
    find(false, transaction, "an initiator may send BEGIN_REQ and END_RESP only");
  }
}

::tlm::tlm_sync_enum protocol_checker::nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) {
  const phase sent = at;
  const sc_core::sc_time before = delay;
  initiator_says(transaction, sent);
  const ::tlm::tlm_sync_enum answer = to_target->nb_transport_fw(transaction, at, delay);
  check_delay(transaction, before, delay);
  if (sent == ::tlm::BEGIN_REQ && answer == ::tlm::TLM_UPDATED) {
    target_says(transaction, at);
  } else if (sent == ::tlm::BEGIN_REQ && answer == ::tlm::TLM_COMPLETED) {
    find(!rules_.zero_delay, transaction, "early completion on a four-phase link");
    check_response(transaction);
    end(transaction);
  }
  return answer;
}

::tlm::tlm_sync_enum protocol_checker::nb_transport_bw(payload& transaction, phase& at, sc_core::sc_time& delay) {
  const phase sent = at;
  const sc_core::sc_time before = delay;
  target_says(transaction, sent);
  const ::tlm::tlm_sync_enum answer = from_initiator->nb_transport_bw(transaction, at, delay);
  check_delay(transaction, before, delay);
  const bool ended = answer == ::tlm::TLM_COMPLETED || (answer == ::tlm::TLM_UPDATED && at == ::tlm::END_RESP);
  if (sent == ::tlm::BEGIN_RESP && ended) end(transaction);
  return answer;
}

void protocol_checker::b_transport(payload& transaction, sc_core::sc_time& delay) {
  const sc_core::sc_time start = sc_core::sc_time_stamp() + delay;
  const std::uint64_t address = transaction.get_address();
  check_request(transaction);
  to_target->b_transport(transaction, delay);
  find(sc_core::sc_time_stamp() + delay >= start, transaction, "time went backwards in b_transport");
  find(transaction.get_address() == address, transaction, "address not restored");
  check_response(transaction);
}

bool protocol_checker::get_direct_mem_ptr(payload& transaction, ::tlm::tlm_dmi& dmi) {
  return to_target->get_direct_mem_ptr(transaction, dmi);
}

unsigned protocol_checker::transport_dbg(payload& transaction) {
  const sc_core::sc_time before = sc_core::sc_time_stamp();
  const unsigned moved = to_target->transport_dbg(transaction);
  find(moved <= transaction.get_data_length(), transaction, "debug access moved more than asked");
  find(sc_core::sc_time_stamp() == before, transaction, "debug access took time");
  return moved;
}

void protocol_checker::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
  from_initiator->invalidate_direct_mem_ptr(first, last);
}

void protocol_checker::check_finished() {
  if (states_.empty()) return;
  findings_.push_back(std::string(name()) + ": " + std::to_string(states_.size()) + " transactions never ended");
  SC_REPORT_WARNING(protocol_report_id, findings_.back().c_str());
}

}  // namespace cimbalom::transport
