#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <string>

#include "models/cim/engine_context.hpp"
#include "models/tlm/observed.hpp"
#include "models/tlm/target_port.hpp"

namespace cimbalom::cim {

enum class aperture_state : std::uint8_t { idle, serving };
const char* to_string(aperture_state state);

/// The buffers as the data fabric sees them: a target with the four buffers at their aperture offsets, for the DMA and
/// the processor. One access at a time, one memory_side_bits word a clock; the paths have ports of their own.
class buffers_module : public sc_core::sc_module, private transport::target_client {
 public:
  buffers_module(const sc_core::sc_module_name& name, engine_context& context);
  buffers_module(const buffers_module&) = delete;
  buffers_module& operator=(const buffers_module&) = delete;

  transport::target_port aperture;

  std::string describe() const;

 private:
  void request_begun(transport::payload& transaction, unsigned port) override;
  void response_ended(transport::payload&, unsigned) override {}
  unsigned debug_access(transport::payload& transaction, unsigned port) override;
  void serve();
  transport::response_status access(transport::payload& transaction);
  /// Null where the range is not inside one buffer.
  std::uint8_t* storage(const transport::payload& transaction);

  engine_context& context_;
  const std::uint64_t word_bytes_;
  transport::observed<aperture_state> state_;
  std::deque<transport::payload*> requests_;
  sc_core::sc_event request_;
};

}  // namespace cimbalom::cim
