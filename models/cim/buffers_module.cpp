#include "models/cim/buffers_module.hpp"

#include <algorithm>
#include <cstring>

#include "models/cim/buffer_events.hpp"

namespace cimbalom::cim {

const char* to_string(aperture_state state) {
  return state == aperture_state::idle ? "idle" : "serving";
}

buffers_module::buffers_module(const sc_core::sc_module_name& name, engine_context& context)
    : sc_core::sc_module(name),
      aperture("aperture", *this),
      context_(context),
      word_bytes_(std::max<std::uint64_t>(static_cast<std::uint64_t>(context.accelerator.memory_side_bits) / 8, 1)),
      state_("state") {
  SC_HAS_PROCESS(buffers_module);
  SC_THREAD(serve);
}

void buffers_module::request_begun(transport::payload& transaction, unsigned) {
  requests_.push_back(&transaction);
  request_.notify(sc_core::SC_ZERO_TIME);
}

void buffers_module::serve() {
  for (;;) {
    while (requests_.empty()) wait(request_);
    transport::payload& transaction = *requests_.front();
    requests_.pop_front();
    state_ = aperture_state::serving;
    context_.wait_edge();
    const std::uint64_t words = (std::max(transaction.get_data_length(), 1U) + word_bytes_ - 1) / word_bytes_;
    const sc_core::sc_time duration = context_.clock.cycles(words);
    wait(duration);
    context_.statistics.aperture.busy_ps += duration.value();
    transaction.set_response_status(access(transaction));
    aperture.begin_response(transaction);
    state_ = aperture_state::idle;
  }
}

std::uint8_t* buffers_module::storage(const transport::payload& transaction) {
  const std::uint64_t offset = transaction.get_address();
  if (offset >= 4 * std::uint64_t{registers::buffer_stride}) return nullptr;
  return context_.core.bytes(static_cast<std::uint32_t>(offset), transaction.get_data_length());
}

transport::response_status buffers_module::access(transport::payload& transaction) {
  aperture_statistics& statistics = context_.statistics.aperture;
  transport::response_status status = transport::check_attributes(transaction);
  std::uint8_t* bytes = nullptr;
  if (status == ::tlm::TLM_OK_RESPONSE) {
    bytes = storage(transaction);
    if (bytes == nullptr) status = ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
  }
  if (status != ::tlm::TLM_OK_RESPONSE) {
    ++statistics.errors;
    return status;
  }
  const auto offset = static_cast<std::uint32_t>(transaction.get_address());
  const std::uint64_t length = transaction.get_data_length();
  const std::int32_t layer = transport::layer_of(transaction);
  if (transaction.is_write()) {
    std::memcpy(bytes, transaction.get_data_ptr(), length);
    ++statistics.writes;
    statistics.write_bytes += length;
    context_.energy.count(write_event(offset), layer, length);
  } else {
    std::memcpy(transaction.get_data_ptr(), bytes, length);
    ++statistics.reads;
    statistics.read_bytes += length;
    context_.energy.count(read_event(offset), layer, length);
  }
  return status;
}

unsigned buffers_module::debug_access(transport::payload& transaction, unsigned) {
  if (transport::check_attributes(transaction) != ::tlm::TLM_OK_RESPONSE) return 0;
  std::uint8_t* bytes = storage(transaction);
  if (bytes == nullptr) return 0;
  const unsigned length = transaction.get_data_length();
  if (transaction.is_write()) {
    std::memcpy(bytes, transaction.get_data_ptr(), length);
  } else {
    std::memcpy(transaction.get_data_ptr(), bytes, length);
  }
  return length;
}

std::string buffers_module::describe() const {
  return std::string(name()) + ": " + to_string(state_.get()) + ", " + std::to_string(requests_.size()) +
         " requests wait";
}

}  // namespace cimbalom::cim
