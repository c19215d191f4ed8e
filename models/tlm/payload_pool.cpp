#include "models/tlm/payload_pool.hpp"

#include <stdexcept>

namespace cimbalom::transport {

struct payload_pool::pooled : payload {
  pooled(::tlm::tlm_mm_interface* owner, std::size_t size_class_index)
      : payload(owner), size_class(size_class_index), tag(new transaction_tag), context(new initiator_context) {
    if (size_class > 0) buffer.resize(std::size_t{32} << size_class);
    set_extension(tag);  // owned by the payload from here on
    set_extension(context);
  }

  std::size_t size_class;
  std::vector<unsigned char> buffer;
  transaction_tag* tag;
  initiator_context* context;
};

payload_pool::payload_pool() = default;

payload_pool::~payload_pool() {
  // What others put on a payload belongs to them, and may be gone: it must not be freed with the payload.
  for (const std::unique_ptr<pooled>& item : all_) {
    for (unsigned i = 0; i < ::tlm::max_num_extensions(); ++i) {
      const ::tlm::tlm_extension_base* extension = item->get_extension(i);
      if (extension != nullptr && extension != item->tag && extension != item->context) item->set_extension(i, nullptr);
    }
  }
}

payload_pool::pooled& payload_pool::obtain(std::size_t size_class) {
  std::vector<pooled*>& list = free_[size_class];
  if (list.empty()) {
    all_.push_back(std::make_unique<pooled>(this, size_class));
    list.push_back(all_.back().get());
  }
  pooled& result = *list.back();
  list.pop_back();
  ++outstanding_;
  result.acquire();
  result.set_dmi_allowed(false);
  result.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  result.set_gp_option(::tlm::TLM_MIN_PAYLOAD);
  return result;
}

payload& payload_pool::take(::tlm::tlm_command command, std::uint64_t address, std::size_t length,
                            std::uint32_t initiator, std::int32_t layer) {
  if (length == 0 || length > largest_buffer) throw std::logic_error("a pooled payload has 1 to 4096 bytes");
  std::size_t size_class = 1;
  while ((std::size_t{32} << size_class) < length) ++size_class;
  pooled& result = obtain(size_class);
  result.set_command(command);
  result.set_address(address);
  result.set_data_ptr(result.buffer.data());
  result.set_data_length(static_cast<unsigned>(length));
  result.set_streaming_width(static_cast<unsigned>(length));
  result.set_byte_enable_ptr(nullptr);
  result.set_byte_enable_length(0);
  result.tag->initiator = initiator;
  result.tag->layer = layer;
  return result;
}

payload& payload_pool::take_copy(const payload& original) {
  pooled& result = obtain(0);
  result.set_command(original.get_command());
  result.set_address(original.get_address());
  result.set_data_ptr(original.get_data_ptr());
  result.set_data_length(original.get_data_length());
  result.set_streaming_width(original.get_streaming_width());
  result.set_byte_enable_ptr(original.get_byte_enable_ptr());
  result.set_byte_enable_length(original.get_byte_enable_length());
  const transaction_tag* tag = original.get_extension<transaction_tag>();
  result.tag->initiator = tag != nullptr ? tag->initiator : 0;
  result.tag->layer = tag != nullptr ? tag->layer : energy::no_layer;
  return result;
}

void payload_pool::free(payload* transaction) {
  auto* item = static_cast<pooled*>(transaction);
  item->reset();
  --outstanding_;
  free_[item->size_class].push_back(item);
}

}  // namespace cimbalom::transport
