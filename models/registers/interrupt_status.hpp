#pragma once

#include <cstdint>
#include <functional>

#include "models/registers/register_bank.hpp"

namespace cimbalom::registers {

/// The interrupt registers that every device has. RAW holds the sticky events. STATUS reads RAW & ENABLE plus the live
/// bits of the device (busy); writing 1 clears events in RAW. The line is high while RAW & ENABLE is not 0.
class interrupt_status {
 public:
  struct offsets {
    std::uint32_t status;
    std::uint32_t enable;
    std::uint32_t raw;
  };

  /// `live` gives the bits of STATUS that are not events; `line` is told the level whenever it may have changed.
  /// The bank must outlive this object.
  interrupt_status(register_bank& bank, offsets where, std::function<std::uint32_t()> live,
                   std::function<void(bool)> line);
  interrupt_status(const interrupt_status&) = delete;
  interrupt_status& operator=(const interrupt_status&) = delete;

  /// Device side: sets sticky events.
  void raise(std::uint32_t events);
  /// Device side: clears every event (reset).
  void clear();
  bool level() const { return (bank_.value(where_.raw) & bank_.value(where_.enable)) != 0; }

 private:
  register_bank& bank_;
  offsets where_;
  std::function<void(bool)> line_;
};

}  // namespace cimbalom::registers
