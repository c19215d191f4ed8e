#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

std::int32_t layer_of(const payload& transaction) {
  const transaction_tag* tag = transaction.get_extension<transaction_tag>();
  return tag != nullptr ? tag->layer : energy::no_layer;
}

response_status check_attributes(const payload& transaction) {
  if (transaction.get_command() == ::tlm::TLM_IGNORE_COMMAND) return ::tlm::TLM_COMMAND_ERROR_RESPONSE;
  if (transaction.get_byte_enable_ptr() != nullptr) return ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  if (transaction.get_data_length() == 0) return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (transaction.get_streaming_width() < transaction.get_data_length()) return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (transaction.get_data_ptr() == nullptr) return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  return ::tlm::TLM_OK_RESPONSE;
}

registers::access_status to_access_status(response_status status) {
  switch (status) {
    case ::tlm::TLM_OK_RESPONSE:
      return registers::access_status::ok;
    case ::tlm::TLM_ADDRESS_ERROR_RESPONSE:
      return registers::access_status::address_error;
    case ::tlm::TLM_COMMAND_ERROR_RESPONSE:
      return registers::access_status::command_error;
    case ::tlm::TLM_BURST_ERROR_RESPONSE:
      return registers::access_status::burst_error;
    case ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE:
      return registers::access_status::byte_enable_error;
    default:
      return registers::access_status::generic_error;
  }
}

response_status to_response_status(registers::access_status status) {
  switch (status) {
    case registers::access_status::ok:
      return ::tlm::TLM_OK_RESPONSE;
    case registers::access_status::address_error:
      return ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
    case registers::access_status::command_error:
      return ::tlm::TLM_COMMAND_ERROR_RESPONSE;
    case registers::access_status::burst_error:
      return ::tlm::TLM_BURST_ERROR_RESPONSE;
    case registers::access_status::byte_enable_error:
      return ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    case registers::access_status::generic_error:
      break;
  }
  return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
}

}  // namespace cimbalom::transport
