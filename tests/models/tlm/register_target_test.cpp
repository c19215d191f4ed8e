#include "models/tlm/register_target.hpp"

#include <vector>

#include "models/registers/accelerator_registers.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/target_conformance.hpp"

namespace cimbalom::transport {
namespace {

using testing_support::test_initiator;

struct device : sc_core::sc_module {
  explicit device(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), socket("socket", bank, sc_core::sc_time(4, sc_core::SC_NS)) {}
  registers::register_bank bank{registers::accelerator_table};
  register_target socket;
};

class register_target_test : public testing_support::simulation_test {};

TEST_F(register_target_test, conforms) {
  device target("device");
  test_initiator initiator("initiator");
  initiator.socket.bind(target.socket);
  run([&] { testing_support::check_target_conformance(initiator, {0, 0xC0, 0, false}); });
}

TEST_F(register_target_test, adds_latency_reports_errors_and_keeps_them_from_the_register) {
  device target("device");
  std::vector<std::pair<std::uint64_t, response_status>> errors;
  target.socket.on_error([&](std::uint64_t offset, response_status status) { errors.emplace_back(offset, status); });
  protocol_checker checker("checker");
  test_initiator initiator("initiator");
  initiator.socket.bind(checker.from_initiator);
  checker.to_target.bind(target.socket);
  payload_pool pool;
  run([&] {
    payload& good = pool.take(::tlm::TLM_WRITE_COMMAND, registers::accelerator_register::ring_size, 4, 0, 0);
    std::fill_n(good.get_data_ptr(), 4, static_cast<unsigned char>(2));
    sc_core::sc_time delay(1, sc_core::SC_NS);
    initiator.blocking(good, delay);
    EXPECT_TRUE(good.is_response_ok());
    EXPECT_EQ(delay, sc_core::sc_time(5, sc_core::SC_NS));
    EXPECT_EQ(target.bank.value(registers::accelerator_register::ring_size), 0x02020202U);
    good.release();
    payload& bad = pool.take(::tlm::TLM_WRITE_COMMAND, registers::accelerator_register::ring_head, 4, 0, 0);
    initiator.blocking(bad, delay);
    EXPECT_EQ(bad.get_response_status(), ::tlm::TLM_COMMAND_ERROR_RESPONSE);
    bad.release();
  });
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].first, registers::accelerator_register::ring_head);
  EXPECT_EQ(errors[0].second, ::tlm::TLM_COMMAND_ERROR_RESPONSE);
}

}  // namespace
}  // namespace cimbalom::transport
