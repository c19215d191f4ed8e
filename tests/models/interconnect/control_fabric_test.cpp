#include "models/interconnect/control_fabric.hpp"

#include "models/registers/accelerator_registers.hpp"
#include "models/tlm/payload_pool.hpp"
#include "models/tlm/register_target.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/target_conformance.hpp"
#include "tests/support/test_initiator.hpp"

namespace cimbalom::interconnect {
namespace {

using testing_support::test_initiator;

struct bench : sc_core::sc_module {
  explicit bench(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name),
        fabric("fabric", config()),
        initiator("initiator"),
        first("first", first_bank, sc_core::SC_ZERO_TIME),
        second("second", second_bank, sc_core::sc_time(2, sc_core::SC_NS)) {
    initiator.socket.bind(fabric.from(0));
    fabric.to(0).bind(first);
    fabric.to(1).bind(second);
  }
  static control_fabric_config config() {
    control_fabric_config result;
    result.initiators = {"processor"};
    result.targets = {{"first", 0x1000'0000, 0xC0}, {"second", 0x1001'0000, 0xC0}};
    return result;
  }
  registers::register_bank first_bank{registers::accelerator_table};
  registers::register_bank second_bank{registers::accelerator_table};
  control_fabric fabric;
  test_initiator initiator;
  transport::register_target first, second;
};

class control_fabric_test : public testing_support::simulation_test {};

TEST_F(control_fabric_test, conforms) {
  bench b("bench");
  run([&] { testing_support::check_target_conformance(b.initiator, {0x1001'0000, 0xC0, 0x1001'0000, false}); });
}

TEST_F(control_fabric_test, decodes_delays_and_restores) {
  bench b("bench");
  transport::payload_pool pool;
  run([&] {
    transport::payload& write =
        pool.take(::tlm::TLM_WRITE_COMMAND, 0x1001'0000 + registers::accelerator_register::ring_size, 4, 0, 0);
    std::fill_n(write.get_data_ptr(), 4, static_cast<unsigned char>(1));
    sc_core::sc_time delay(10, sc_core::SC_NS);
    b.initiator.blocking(write, delay);
    EXPECT_TRUE(write.is_response_ok());
    EXPECT_EQ(delay, sc_core::sc_time(10 + 8 + 2, sc_core::SC_NS)) << "4 cycles of 2 ns, and the device's 2 ns";
    EXPECT_EQ(write.get_address(), 0x1001'0000 + registers::accelerator_register::ring_size);
    write.release();
  });
  EXPECT_EQ(b.second_bank.value(registers::accelerator_register::ring_size), 0x01010101U);
  EXPECT_EQ(b.first_bank.value(registers::accelerator_register::ring_size), 0U);
  EXPECT_EQ(b.fabric.statistics().writes, 1U);
  EXPECT_EQ(b.fabric.statistics().errors, 0U);
}

}  // namespace
}  // namespace cimbalom::interconnect
