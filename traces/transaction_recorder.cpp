#include "traces/transaction_recorder.hpp"

namespace cimbalom::traces {

namespace {

std::uint64_t time_after(const sc_core::sc_time& delay) {
  return (sc_core::sc_time_stamp() + delay).value();
}

std::string_view status_of(const transport::payload& transaction) {
  return registers::to_string(transport::to_access_status(transaction.get_response_status()));
}

}  // namespace

transaction_recorder::transaction_recorder(const sc_core::sc_module_name& name, transaction_log& log)
    : sc_core::sc_module(name), from_initiator("from_initiator"), to_target("to_target"), log_(log) {
  from_initiator.bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
  to_target.bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
}

transaction_record transaction_recorder::begin(const transport::payload& transaction,
                                               const sc_core::sc_time& delay) const {
  transaction_record record;
  record.link = name();
  const auto* tag = transaction.get_extension<transport::transaction_tag>();
  if (tag != nullptr) record.initiator = tag->initiator;
  record.layer = transport::layer_of(transaction);
  record.write = transaction.is_write();
  record.address = transaction.get_address();
  record.length_bytes = transaction.get_data_length();
  record.begin_ps = time_after(delay);
  return record;
}

void transaction_recorder::advance(const transport::payload& transaction, const transport::phase& at,
                                   const sc_core::sc_time& delay) {
  const auto found = open_.find(&transaction);
  if (found == open_.end()) return;
  transaction_record& record = found->second;
  if (at == ::tlm::END_REQ) {
    record.accepted_ps = time_after(delay);
  } else if (at == ::tlm::BEGIN_RESP) {
    record.response_ps = time_after(delay);
    if (record.accepted_ps == 0) record.accepted_ps = record.response_ps;  // END_REQ is implied
  } else if (at == ::tlm::END_RESP) {
    end(transaction, delay);
  }
}

void transaction_recorder::end(const transport::payload& transaction, const sc_core::sc_time& delay) {
  const auto found = open_.find(&transaction);
  if (found == open_.end()) return;
  transaction_record& record = found->second;
  record.end_ps = time_after(delay);
  if (record.response_ps == 0) record.response_ps = record.end_ps;
  if (record.accepted_ps == 0) record.accepted_ps = record.end_ps;
  record.status = status_of(transaction);
  log_.add(record);
  open_.erase(found);
}

::tlm::tlm_sync_enum transaction_recorder::nb_transport_fw(transport::payload& transaction, transport::phase& at,
                                                           sc_core::sc_time& delay) {
  if (at == ::tlm::BEGIN_REQ) {
    open_[&transaction] = begin(transaction, delay);
  } else if (at == ::tlm::END_RESP) {
    end(transaction, delay);  // before the call: afterwards the payload may be another's
  }
  const ::tlm::tlm_sync_enum answer = to_target->nb_transport_fw(transaction, at, delay);
  if (answer == ::tlm::TLM_UPDATED) advance(transaction, at, delay);
  if (answer == ::tlm::TLM_COMPLETED) end(transaction, delay);
  return answer;
}

::tlm::tlm_sync_enum transaction_recorder::nb_transport_bw(transport::payload& transaction, transport::phase& at,
                                                           sc_core::sc_time& delay) {
  advance(transaction, at, delay);
  const ::tlm::tlm_sync_enum answer = from_initiator->nb_transport_bw(transaction, at, delay);
  if (answer == ::tlm::TLM_UPDATED) advance(transaction, at, delay);
  if (answer == ::tlm::TLM_COMPLETED) end(transaction, delay);
  return answer;
}

void transaction_recorder::b_transport(transport::payload& transaction, sc_core::sc_time& delay) {
  transaction_record record = begin(transaction, delay);
  to_target->b_transport(transaction, delay);
  record.accepted_ps = record.response_ps = record.end_ps = time_after(delay);
  record.status = status_of(transaction);
  log_.add(record);
}

bool transaction_recorder::get_direct_mem_ptr(transport::payload& transaction, ::tlm::tlm_dmi& dmi) {
  return to_target->get_direct_mem_ptr(transaction, dmi);
}

unsigned transaction_recorder::transport_dbg(transport::payload& transaction) {
  return to_target->transport_dbg(transaction);
}

void transaction_recorder::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
  from_initiator->invalidate_direct_mem_ptr(first, last);
}

}  // namespace cimbalom::traces
