#include "models/tlm/target_port.hpp"

#include <cstring>
#include <vector>

#include "models/tlm/process.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/target_conformance.hpp"
#include "tests/support/test_initiator.hpp"

namespace cimbalom::transport {
namespace {

using testing_support::test_initiator;

sc_core::sc_time ns(int value) {
  return {static_cast<double>(value), sc_core::SC_NS};
}

/// The smallest client: takes requests in order, one every 10 ns.
struct slow_memory : sc_core::sc_module, target_client {
  explicit slow_memory(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), port("port", *this), memory(4096) {
    SC_HAS_PROCESS(slow_memory);
    SC_THREAD(serve);
  }

  void request_begun(payload& transaction, unsigned) override {
    waiting.push_back(&transaction);
    arrived.notify(sc_core::SC_ZERO_TIME);
  }
  void response_ended(payload&, unsigned) override { ++ended; }
  unsigned debug_access(payload& transaction, unsigned) override {
    if (!inside(transaction.get_address(), transaction.get_data_length(), 0, memory.size())) return 0;
    move(transaction);
    return transaction.get_data_length();
  }
  void move(payload& transaction) {
    unsigned char* at = memory.data() + transaction.get_address();
    if (transaction.is_write()) {
      std::memcpy(at, transaction.get_data_ptr(), transaction.get_data_length());
    } else {
      std::memcpy(transaction.get_data_ptr(), at, transaction.get_data_length());
    }
  }
  void serve() {
    for (;;) {
      while (waiting.empty()) wait(arrived);
      payload& transaction = *waiting.front();
      waiting.erase(waiting.begin());
      port.end_request(transaction);
      wait(ns(10));
      response_status status = check_attributes(transaction);
      if (status == ::tlm::TLM_OK_RESPONSE &&
          !inside(transaction.get_address(), transaction.get_data_length(), 0, memory.size())) {
        status = ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
      }
      if (status == ::tlm::TLM_OK_RESPONSE) move(transaction);
      transaction.set_response_status(status);
      port.begin_response(transaction);
    }
  }

  target_port port;
  std::vector<unsigned char> memory;
  std::vector<payload*> waiting;
  sc_core::sc_event arrived;
  int ended = 0;
};

class target_port_test : public testing_support::simulation_test {};

TEST_F(target_port_test, every_way_to_end_a_response) {
  slow_memory target("target");
  protocol_checker checker("checker");
  test_initiator initiator("initiator");
  initiator.socket.bind(checker.from_initiator);
  checker.to_target.bind(target.port);
  run([&] {
    for (const auto style :
         {test_initiator::end_style::later, test_initiator::end_style::completed, test_initiator::end_style::updated}) {
      for (const int hold : {0, 7}) {
        initiator.style = style;
        initiator.response_hold = ns(hold);
        initiator.request_delay = ns(hold);
        EXPECT_EQ(initiator.write(0x10, {1, 2, 3}).status, ::tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(initiator.read(0x10, 3).data, (std::vector<unsigned char>{1, 2, 3}));
      }
    }
    sc_core::wait(ns(20));
  });
  EXPECT_EQ(target.ended, 12);
}

TEST_F(target_port_test, conforms_through_the_blocking_adapter) {
  slow_memory target("target");
  test_initiator initiator("initiator");
  initiator.socket.bind(target.port);
  run([&] { testing_support::check_target_conformance(initiator, {0, 4096, 0x20, true}); });
}

TEST_F(target_port_test, blocking_calls_queue_like_any_other) {
  slow_memory target("target");
  protocol_checker checker("checker");
  test_initiator initiator("initiator");
  initiator.socket.bind(checker.from_initiator);
  checker.to_target.bind(target.port);
  std::vector<sc_core::sc_time> finished;
  const auto foreign = [&](int delay_ns) {
    return [&, delay_ns] {
      std::vector<unsigned char> data(8);
      payload transaction;
      transaction.set_command(::tlm::TLM_READ_COMMAND);
      transaction.set_data_ptr(data.data());
      transaction.set_data_length(8);
      transaction.set_streaming_width(8);
      sc_core::sc_time delay = ns(delay_ns);
      initiator.blocking(transaction, delay);
      EXPECT_EQ(delay, sc_core::SC_ZERO_TIME) << "the annotated delay was waited for";
      EXPECT_TRUE(transaction.is_response_ok());
      finished.push_back(sc_core::sc_time_stamp());
    };
  };
  spawn_thread("foreign_0", foreign(0));
  spawn_thread("foreign_1", foreign(5));
  run([&] { EXPECT_EQ(initiator.read(0, 4).status, ::tlm::TLM_OK_RESPONSE); });
  EXPECT_EQ(finished, (std::vector<sc_core::sc_time>{ns(10), ns(30)}));
}

}  // namespace
}  // namespace cimbalom::transport
