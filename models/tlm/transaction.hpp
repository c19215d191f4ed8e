#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <tlm>

#include "models/energy/event_sink.hpp"
#include "models/registers/host_port.hpp"

/// What every TLM module shares. The folder is models/tlm; the namespace has another name, since cimbalom::tlm would
/// hide the standard's ::tlm from every other module.
namespace cimbalom::transport {

using payload = ::tlm::tlm_generic_payload;
using phase = ::tlm::tlm_phase;
using response_status = ::tlm::tlm_response_status;

/// Nominal width of every socket; the width that costs time is interconnect_config::data_bits.
inline constexpr unsigned bus_width = 32;

/// A burst never crosses a multiple of this.
inline constexpr std::uint64_t burst_boundary_bytes = 4096;

/// Who asked and for which layer; owned by the initiator's pool, set when the payload is built.
struct transaction_tag : ::tlm::tlm_extension<transaction_tag> {
  std::uint32_t initiator = 0;
  std::int32_t layer = energy::no_layer;

  ::tlm::tlm_extension_base* clone() const override { return new transaction_tag(*this); }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    *this = static_cast<const transaction_tag&>(other);
  }
};

/// Layer of a transaction; no_layer where the initiator is foreign and gave none.
std::int32_t layer_of(const payload& transaction);

/// OK, or what is wrong with the attributes of a memory access whatever its address: zero length, no data, byte
/// enables, streaming. Targets answer with it.
response_status check_attributes(const payload& transaction);

/// True if [address, address + length) lies in [base, base + size); never overflows.
constexpr bool inside(std::uint64_t address, std::uint64_t length, std::uint64_t base, std::uint64_t size) {
  return length <= size && address >= base && address - base <= size - length;
}

registers::access_status to_access_status(response_status status);
response_status to_response_status(registers::access_status status);

}  // namespace cimbalom::transport
