#include "models/interconnect/data_fabric.hpp"

#include <numeric>

#include "models/tlm/memory_port.hpp"
#include "models/tlm/process.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/counting_sink.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/target_conformance.hpp"
#include "tests/support/test_initiator.hpp"
#include "tests/support/test_target.hpp"

namespace cimbalom::interconnect {
namespace {

using testing_support::counting_sink;
using testing_support::test_initiator;
using testing_support::test_target;
using transport::protocol_checker;

sc_core::sc_time ns(int value) {
  return {static_cast<double>(value), sc_core::SC_NS};
}

interconnect_config two_by_two() {
  interconnect_config config;
  config.initiators = {"a", "b"};
  config.targets = {{"low", 0x1000, 0x900}, {"high", 0x8000'0000, 0x10000}};
  return config;
}

template <typename Initiator>
struct bench : sc_core::sc_module {
  template <typename... Arguments>
  explicit bench(const sc_core::sc_module_name& name, const interconnect_config& config, const Arguments&... arguments)
      : sc_core::sc_module(name),
        fabric("fabric", config, sink),
        a("a", arguments..., 0U),
        b("b", arguments..., 1U),
        low("low", 0x1000),
        high("high", 0x10000),
        a_link("a_link", {false, true, true}),
        b_link("b_link", {false, true, true}),
        low_link("low_link", {false, true, true}),
        high_link("high_link", {false, true, true}) {
    socket_of(a).bind(a_link.from_initiator);
    socket_of(b).bind(b_link.from_initiator);
    a_link.to_target.bind(fabric.from(0));
    b_link.to_target.bind(fabric.from(1));
    fabric.to(0).bind(low_link.from_initiator);
    fabric.to(1).bind(high_link.from_initiator);
    low_link.to_target.bind(low.socket);
    high_link.to_target.bind(high.socket);
    std::iota(high.memory.begin(), high.memory.end(), static_cast<unsigned char>(0));
  }
  static ::tlm::tlm_initiator_socket<32>& socket_of(test_initiator& who) { return who.socket; }
  static ::tlm::tlm_initiator_socket<32>& socket_of(transport::memory_port& who) { return who; }

  counting_sink sink;
  data_fabric fabric;
  Initiator a, b;
  test_target low, high;
  protocol_checker a_link, b_link, low_link, high_link;
};

class data_fabric_test : public testing_support::simulation_test {};

TEST_F(data_fabric_test, an_unloaded_access_takes_the_cycles_of_the_cost_function) {
  bench<test_initiator> b("bench", two_by_two());
  b.high.response_time = ns(20);
  run([&] {
    sc_core::wait(ns(101));  // between edges 50 and 51 (500 MHz)
    const auto read = b.a.read(0x8000'0010, 64);
    EXPECT_EQ(read.status, ::tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(read.data[0], 0x10);
    EXPECT_EQ(read.request_ended, ns(104)) << "granted at 102, one cycle";
    EXPECT_EQ(read.response_begun, ns(102 + 2 + 20 + 8)) << "request 1 cycle, target 20 ns, 64 bytes 4 cycles";
    sc_core::wait(ns(200) - sc_core::sc_time_stamp());
    const auto write = b.a.write(0x8000'0010, std::vector<unsigned char>(64, 9));
    EXPECT_EQ(write.request_ended, ns(208)) << "the data holds the request channel 4 cycles";
    EXPECT_EQ(write.response_begun, ns(208 + 20 + 2));
  });
  EXPECT_EQ(b.high.log[0].address, 0x10U) << "rebased";
  const initiator_statistics& who = b.fabric.statistics().initiators[0];
  EXPECT_EQ(who.requests, 2U);
  EXPECT_EQ(who.read_bytes, 64U);
  EXPECT_EQ(who.write_bytes, 64U);
  EXPECT_EQ(who.latency.max_ps(), 31'000U);
  EXPECT_EQ(who.request_stall_ps + who.response_stall_ps, 0U);
  EXPECT_EQ(b.fabric.open(), 0U);
}

TEST_F(data_fabric_test, books_events_and_traffic_to_the_layer) {
  bench<test_initiator> b("bench", two_by_two());
  run([&] {
    b.a.layer = 3;
    b.a.read(0x1000, 32);
    b.b.read(0x1000, 8);
  });
  using energy::event;
  EXPECT_EQ((b.sink.counts[{event::interconnect_byte, 3}]), 32U);
  EXPECT_EQ((b.sink.counts[{event::interconnect_transaction, energy::no_layer}]), 1U);
  EXPECT_EQ(b.fabric.statistics().initiators[0].by_layer.at(3).bytes, 32U);
}

TEST_F(data_fabric_test, refuses_what_no_target_holds) {
  bench<test_initiator> b("bench", two_by_two());
  run([&] {
    EXPECT_EQ(b.a.read(0x4000, 4).status, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(b.a.write(0x18FE, {1, 2, 3, 4}).status, ::tlm::TLM_ADDRESS_ERROR_RESPONSE) << "straddles the end";
    EXPECT_EQ(b.a.read(0x18FC, 4).status, ::tlm::TLM_OK_RESPONSE);
  });
  EXPECT_TRUE(b.low.memory[0x8FE] == 0 && b.low.log.size() == 1);
  EXPECT_EQ(b.fabric.statistics().unmapped, 2U);
  EXPECT_EQ(b.fabric.statistics().initiators[0].errors, 2U);
}

TEST_F(data_fabric_test, conforms_as_a_target) {
  struct pair : sc_core::sc_module {
    explicit pair(const sc_core::sc_module_name& name)
        : sc_core::sc_module(name), fabric("fabric", config(), sink), initiator("initiator"), target("target", 0x1000) {
      initiator.socket.bind(fabric.from(0));
      fabric.to(0).bind(target.socket);
    }
    static interconnect_config config() {
      interconnect_config one;
      one.initiators = {"i"};
      one.targets = {{"t", 0x4000, 0x1000}};
      return one;
    }
    energy::null_sink sink;
    data_fabric fabric;
    test_initiator initiator;
    test_target target;
  } p("pair");
  run([&] { testing_support::check_target_conformance(p.initiator, {0x4000, 0x1000, 0x4010, true}); });
}

struct traffic_case {
  const char* name;
  test_target::answer_style style;
  arbitration_policy policy;
  int latency;
};
class data_fabric_traffic : public testing_support::simulation_test,
                            public ::testing::WithParamInterface<traffic_case> {};

TEST_P(data_fabric_traffic, two_busy_initiators_get_all_their_data) {
  interconnect_config config = two_by_two();
  config.arbitration = GetParam().policy;
  config.request_latency_cycles = config.response_latency_cycles = GetParam().latency;
  bench<transport::memory_port> b("bench", config, transport::memory_port_config{});
  b.high.style = b.low.style = GetParam().style;
  b.high.response_time = ns(31);
  std::vector<unsigned char> a_data(4096), b_data(4096);
  int running = 2;
  sc_core::sc_event finished;
  transport::spawn_thread("reader", [&] {
    EXPECT_TRUE(b.a.read(0x8000'0000 + 0x100, a_data.data(), a_data.size()).ok());
    --running;
    finished.notify();
  });
  transport::spawn_thread("writer", [&] {
    std::vector<unsigned char> pattern(2048, 0xA5);
    EXPECT_TRUE(b.b.write(0x8000'8000, pattern.data(), pattern.size()).ok());
    EXPECT_TRUE(b.b.write(0x1000, pattern.data(), pattern.size()).ok());
    EXPECT_TRUE(b.b.read(0x8000'7F00, b_data.data(), b_data.size()).ok());
    --running;
    finished.notify();
  });
  run([&] {
    while (running > 0) sc_core::wait(finished);
  });
  for (std::size_t i = 0; i < a_data.size(); ++i) ASSERT_EQ(a_data[i], static_cast<unsigned char>(0x100 + i));
  for (std::size_t i = 0; i < b_data.size(); ++i) {
    const auto expected = i >= 0x100 && i < 0x900 ? static_cast<unsigned char>(0xA5) : static_cast<unsigned char>(i);
    ASSERT_EQ(b_data[i], expected) << i;
  }
  EXPECT_EQ(b.fabric.open(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    styles, data_fabric_traffic,
    ::testing::Values(
        traffic_case{"plain", test_target::answer_style::four_phase, arbitration_policy::round_robin, 1},
        traffic_case{"priority_latency", test_target::answer_style::four_phase, arbitration_policy::priority, 3},
        traffic_case{"no_end_request", test_target::answer_style::skip_end_request, arbitration_policy::round_robin, 2},
        traffic_case{"updated_request", test_target::answer_style::updated_request, arbitration_policy::round_robin, 1},
        traffic_case{"early_completion", test_target::answer_style::completed, arbitration_policy::priority, 1}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(data_fabric_test, a_busy_channel_carries_data_every_cycle) {
  bench<transport::memory_port> b("bench", two_by_two(), transport::memory_port_config{});
  b.high.response_time = ns(20);
  std::vector<unsigned char> data(4096);
  sc_core::sc_time took;
  run([&] {
    const sc_core::sc_time start = sc_core::sc_time_stamp();
    b.a.read(0x8000'0000, data.data(), data.size());
    took = sc_core::sc_time_stamp() - start;
    sc_core::wait(ns(2) - sc_core::sc_time::from_value(sc_core::sc_time_stamp().value() % 2000));
    const sc_core::sc_time write_start = sc_core::sc_time_stamp();
    b.a.write(0x8000'0000, data.data(), data.size());
    // 64 bursts of 4 cycles, then the last one's response.
    EXPECT_EQ(sc_core::sc_time_stamp() - write_start, ns(64 * 8 + 20 + 2));
  });
  EXPECT_EQ(took, ns(2 + 20 + 64 * 8)) << "first request, then 64 bursts back to back";
}

TEST_F(data_fabric_test, round_robin_shares_a_target_evenly) {
  bench<transport::memory_port> b("bench", two_by_two(), transport::memory_port_config{});
  b.high.response_time = ns(2);
  std::vector<unsigned char> data(2048);
  std::vector<sc_core::sc_time> ends;
  int left = 2;
  sc_core::sc_event finished;
  for (transport::memory_port* port : {&b.a, &b.b}) {
    transport::spawn_thread(port == &b.a ? "writer_a" : "writer_b", [&, port] {
      port->write(0x8000'0000, data.data(), data.size());
      ends.push_back(sc_core::sc_time_stamp());
      --left;
      finished.notify();
    });
  }
  run([&] {
    while (left > 0) sc_core::wait(finished);
  });
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[1] - ends[0], ns(8)) << "they end one burst apart";
  EXPECT_EQ(ends[1], ns(64 * 8 + 2 + 2));
  EXPECT_GT(b.fabric.statistics().initiators[0].request_stall_ps, 0U);
}

TEST_F(data_fabric_test, credits_bound_what_is_outstanding) {
  interconnect_config config = two_by_two();
  config.max_outstanding = 2;
  bench<transport::memory_port> b("bench", config, transport::memory_port_config{});
  b.high.response_time = ns(200);
  std::vector<unsigned char> data(1024);
  run([&] { b.a.read(0x8000'0000, data.data(), data.size()); });
  EXPECT_EQ(b.high.most_open, 2U);
}

TEST_F(data_fabric_test, back_pressure_of_a_target_holds_its_channel) {
  bench<transport::memory_port> b("bench", two_by_two(), transport::memory_port_config{});
  b.high.request_time = ns(100);
  std::vector<unsigned char> data(64 * 4);
  run([&] { b.a.read(0x8000'0000, data.data(), data.size()); });
  for (std::size_t i = 1; i < b.high.log.size(); ++i) {
    EXPECT_GE(b.high.log[i].at - b.high.log[i - 1].at, ns(100)) << "END_REQ ends the occupancy";
  }
}

TEST_F(data_fabric_test, debug_access_restores_the_address) {
  bench<test_initiator> b("bench", two_by_two());
  run([&] {
    transport::payload_pool pool;
    transport::payload& transaction = pool.take(::tlm::TLM_READ_COMMAND, 0x8000'0020, 4, 0, 0);
    EXPECT_EQ(b.a.debug(transaction), 4U);
    EXPECT_EQ(transaction.get_data_ptr()[0], 0x20);
    EXPECT_EQ(transaction.get_address(), 0x8000'0020U);
    transaction.set_address(0x0);
    EXPECT_EQ(b.a.debug(transaction), 0U);
    transaction.release();
  });
}

}  // namespace
}  // namespace cimbalom::interconnect
