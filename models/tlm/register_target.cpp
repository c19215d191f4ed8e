#include "models/tlm/register_target.hpp"

namespace cimbalom::transport {

namespace {

constexpr std::size_t word_bytes = 4;

std::uint32_t load(const unsigned char* bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < word_bytes; ++i) value |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
  return value;
}

void store(std::uint32_t value, unsigned char* bytes) {
  for (std::size_t i = 0; i < word_bytes; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
}

bool addressable(std::uint64_t address) {
  return address <= 0xFFFF'FFFF;
}

}  // namespace

register_target::register_target(const char* name, registers::register_bank& bank, const sc_core::sc_time& latency)
    : ::tlm::tlm_target_socket<bus_width>(name), bank_(bank), latency_(latency) {
  bind(static_cast<::tlm::tlm_fw_transport_if<>&>(*this));
}

void register_target::b_transport(payload& transaction, sc_core::sc_time& delay) {
  delay += latency_;
  const response_status status = access(transaction);
  transaction.set_response_status(status);
  if (status != ::tlm::TLM_OK_RESPONSE && error_hook_) error_hook_(transaction.get_address(), status);
}

response_status register_target::access(payload& transaction) {
  const response_status attributes = check_attributes(transaction);
  if (attributes != ::tlm::TLM_OK_RESPONSE) return attributes;
  if (transaction.get_data_length() != word_bytes) return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (!addressable(transaction.get_address())) return ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
  const auto offset = static_cast<std::uint32_t>(transaction.get_address());
  if (transaction.is_write()) return to_response_status(bank_.write(offset, load(transaction.get_data_ptr())));
  const registers::register_value result = bank_.read(offset);
  if (result.status == registers::access_status::ok) store(result.value, transaction.get_data_ptr());
  return to_response_status(result.status);
}

::tlm::tlm_sync_enum register_target::nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) {
  if (at != ::tlm::BEGIN_REQ) return ::tlm::TLM_COMPLETED;
  b_transport(transaction, delay);
  return ::tlm::TLM_COMPLETED;
}

unsigned register_target::transport_dbg(payload& transaction) {
  if (!transaction.is_read() || !addressable(transaction.get_address())) return 0;
  unsigned moved = 0;
  while (moved + word_bytes <= transaction.get_data_length()) {
    const auto offset = static_cast<std::uint32_t>(transaction.get_address() + moved);
    const registers::register_value result = bank_.peek(offset);
    if (result.status != registers::access_status::ok) break;
    store(result.value, transaction.get_data_ptr() + moved);
    moved += word_bytes;
  }
  return moved;
}

}  // namespace cimbalom::transport
