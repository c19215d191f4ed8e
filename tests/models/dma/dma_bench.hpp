#pragma once

#include <utility>

#include "models/dma/dma.hpp"
#include "models/registers/dma_registers.hpp"
#include "models/tlm/payload_pool.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/counting_sink.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/test_initiator.hpp"

namespace cimbalom::testing_support {

inline sc_core::sc_time ns(int value) {
  return {static_cast<double>(value), sc_core::SC_NS};
}

/// A DMA with a host at its registers and its interrupt line; the memory comes from who derives.
struct dma_bench : sc_core::sc_module {
  dma_bench(const sc_core::sc_module_name& name, const dma::dma_config& config)
      : sc_core::sc_module(name), host("host"), unit("dma", config, sink), control_link("control_link"), line("line") {
    host.socket.bind(control_link.from_initiator);
    control_link.to_target.bind(unit.control);
    unit.interrupt.bind(line);
  }

  std::uint32_t read(std::uint32_t offset) { return access(::tlm::TLM_READ_COMMAND, offset, 0).second; }
  ::tlm::tlm_response_status write(std::uint32_t offset, std::uint32_t value) {
    return access(::tlm::TLM_WRITE_COMMAND, offset, value).first;
  }
  std::uint32_t channel(int c, std::uint32_t offset) { return read(registers::dma_channel_at(c) + offset); }
  ::tlm::tlm_response_status start(int c, std::uint32_t descriptor) {
    namespace reg = registers::dma_register;
    write(registers::dma_channel_at(c) + reg::descriptor_low, descriptor);
    return write(registers::dma_channel_at(c) + reg::channel_control, registers::dma_control::start);
  }
  void wait_line() {
    while (!line.read()) sc_core::wait(line.posedge_event());
  }

  counting_sink sink;
  transport::payload_pool pool;
  test_initiator host;
  dma::dma unit;
  transport::protocol_checker control_link;
  sc_core::sc_signal<bool> line;

 private:
  std::pair<::tlm::tlm_response_status, std::uint32_t> access(::tlm::tlm_command command, std::uint32_t offset,
                                                              std::uint32_t value) {
    ::tlm::tlm_generic_payload& transaction = pool.take(command, offset, 4, 0, 0);
    for (unsigned i = 0; i < 4; ++i) transaction.get_data_ptr()[i] = static_cast<unsigned char>(value >> (8 * i));
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    host.blocking(transaction, delay);
    sc_core::wait(delay);
    std::uint32_t result = 0;
    for (unsigned i = 0; i < 4; ++i) result |= static_cast<std::uint32_t>(transaction.get_data_ptr()[i]) << (8 * i);
    const auto status = transaction.get_response_status();
    transaction.release();
    return {status, result};
  }
};

}  // namespace cimbalom::testing_support
