#pragma once
// TLM layer: includes SystemC.

#include <functional>

#include "models/tlm/payload_pool.hpp"
#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// Turns b_transport of a foreign initiator into the four phases, so that it queues like any other transaction.
/// The caller's payload needs no memory manager: a pooled one travels in its place, on the caller's data.
class blocking_adapter {
 public:
  using forward_path = std::function<::tlm::tlm_sync_enum(payload&, phase&, sc_core::sc_time&)>;

  explicit blocking_adapter(forward_path forward) : forward_(std::move(forward)) {}
  blocking_adapter(const blocking_adapter&) = delete;
  blocking_adapter& operator=(const blocking_adapter&) = delete;

  /// Waits out `delay` (then 0), then until the response. From a thread process only.
  void transport(payload& transaction, sc_core::sc_time& delay);

  /// The transaction is one of ours: its backward phases go to backward().
  static bool owns(const payload& transaction);
  ::tlm::tlm_sync_enum backward(payload& transaction, const phase& at);

 private:
  struct call;
  forward_path forward_;
  payload_pool pool_;
};

}  // namespace cimbalom::transport
