#include "models/registers/interrupt_status.hpp"

#include <utility>

namespace cimbalom::registers {

interrupt_status::interrupt_status(register_bank& bank, offsets where, std::function<std::uint32_t()> live,
                                   std::function<void(bool)> line)
    : bank_(bank), where_(where), line_(std::move(line)) {
  bank_.on_read(where_.status, [this, live = std::move(live)] {
    return (bank_.value(where_.raw) & bank_.value(where_.enable)) | live();
  });
  bank_.on_write(where_.status, [this](std::uint32_t cleared) {
    bank_.set(where_.raw, bank_.value(where_.raw) & ~cleared);
    line_(level());
    return true;
  });
  bank_.on_write(where_.enable, [this](std::uint32_t enabled) {
    line_((bank_.value(where_.raw) & enabled) != 0);
    return true;
  });
}

void interrupt_status::raise(std::uint32_t events) {
  bank_.set(where_.raw, bank_.value(where_.raw) | events);
  line_(level());
}

void interrupt_status::clear() {
  bank_.set(where_.raw, 0);
  line_(level());
}

}  // namespace cimbalom::registers
