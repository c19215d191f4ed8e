#include "models/tlm/protocol_checker.hpp"

#include "models/tlm/payload_pool.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/test_target.hpp"

namespace cimbalom::transport {
namespace {

/// Sends whatever the test wants.
struct rogue : sc_core::sc_module, ::tlm::tlm_bw_transport_if<> {
  explicit rogue(const sc_core::sc_module_name& name) : sc_core::sc_module(name), socket("socket") {
    socket.bind(*this);
  }
  ::tlm::tlm_sync_enum nb_transport_bw(payload&, phase&, sc_core::sc_time&) override { return ::tlm::TLM_ACCEPTED; }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
  void send(payload& transaction, phase at, const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) {
    sc_core::sc_time annotated = delay;
    socket->nb_transport_fw(transaction, at, annotated);
  }
  ::tlm::tlm_initiator_socket<32> socket;
};

class protocol_checker_test : public testing_support::simulation_test {
 protected:
  protocol_checker_test() {
    initiator.socket.bind(checker.from_initiator);
    checker.to_target.bind(target.socket);
    target.response_time = sc_core::sc_time(10, sc_core::SC_NS);
  }
  payload& take(std::uint64_t address = 0) { return pool.take(::tlm::TLM_READ_COMMAND, address, 64, 0, 0); }

  payload_pool pool;
  rogue initiator{"initiator"};
  protocol_checker checker{"checker", {true, true, false}};
  testing_support::test_target target{"target", 4096};
};

TEST_F(protocol_checker_test, finds_a_second_request_before_the_first_ended) {
  expect_reports(protocol_report_id, 2);
  target.request_time = sc_core::sc_time(5, sc_core::SC_NS);
  run(
      [&] {
        initiator.send(take(), ::tlm::BEGIN_REQ);
        initiator.send(take(), ::tlm::BEGIN_REQ);
      },
      sc_core::sc_time(8, sc_core::SC_NS));
  ASSERT_EQ(checker.findings().size(), 2U);
  EXPECT_NE(checker.findings()[0].find("BEGIN_REQ before the last request ended"), std::string::npos);
  EXPECT_NE(checker.findings()[1].find("2 transactions never ended"), std::string::npos);
}

TEST_F(protocol_checker_test, finds_bad_attributes_delays_and_errors) {
  expect_reports(protocol_report_id, 6);
  run([&] {
    payload& crossing = take(4064);
    crossing.set_streaming_width(0);
    crossing.set_response_status(::tlm::TLM_OK_RESPONSE);
    initiator.send(crossing, ::tlm::BEGIN_REQ, sc_core::sc_time(1, sc_core::SC_NS));
    sc_core::wait(30, sc_core::SC_NS);
    initiator.send(crossing, ::tlm::END_RESP);
    initiator.send(crossing, ::tlm::END_RESP);
  });
}

TEST_F(protocol_checker_test, finds_changed_attributes) {
  expect_reports(protocol_report_id, 2);
  run([&] {
    payload& transaction = take();
    initiator.send(transaction, ::tlm::BEGIN_REQ);
    sc_core::wait(5, sc_core::SC_NS);
    transaction.set_streaming_width(32);
    transaction.set_data_length(32);
    transaction.set_address(8);
    sc_core::wait(30, sc_core::SC_NS);
    initiator.send(transaction, ::tlm::END_RESP);
  });
}

}  // namespace
}  // namespace cimbalom::transport
