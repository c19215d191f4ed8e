#pragma once
// TLM layer: includes SystemC.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// What an initiator needs to find its own work again; travels with every pooled payload.
struct initiator_context : ::tlm::tlm_extension<initiator_context> {
  void* owner = nullptr;
  std::size_t offset = 0;

  ::tlm::tlm_extension_base* clone() const override { return new initiator_context(*this); }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    *this = static_cast<const initiator_context&>(other);
  }
};

/// The memory manager of an initiator, and the one builder of payloads: every attribute is set on every take.
/// A payload comes back when its reference count reaches 0; buffers and extensions are kept for the next one.
class payload_pool final : public ::tlm::tlm_mm_interface {
 public:
  static constexpr std::size_t largest_buffer = burst_boundary_bytes;

  payload_pool();
  payload_pool(const payload_pool&) = delete;
  payload_pool& operator=(const payload_pool&) = delete;
  /// Payloads still out (the simulation was stopped) are destroyed with the pool, whoever else is gone already.
  ~payload_pool() override;

  /// A payload with a buffer of the pool's (contents undefined), reference count 1.
  /// Throws std::logic_error unless 1 <= length <= largest_buffer.
  payload& take(::tlm::tlm_command command, std::uint64_t address, std::size_t length, std::uint32_t initiator,
                std::int32_t layer);

  /// A payload on the caller's data, which must outlive it; attributes beyond the command as in `original`.
  payload& take_copy(const payload& original);

  void free(payload* transaction) override;

  std::size_t outstanding() const { return outstanding_; }
  std::size_t created() const { return all_.size(); }

 private:
  struct pooled;
  static constexpr std::size_t size_classes = 8;  // 0 (no buffer), 64, 128, ... 4096
  pooled& obtain(std::size_t size_class);

  std::vector<std::unique_ptr<pooled>> all_;
  std::array<std::vector<pooled*>, size_classes> free_;
  std::size_t outstanding_ = 0;
};

}  // namespace cimbalom::transport
