#include "models/tlm/memory_port.hpp"

#include <numeric>

#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/test_target.hpp"

namespace cimbalom::transport {
namespace {

using testing_support::test_target;

sc_core::sc_time ns(int value) {
  return {static_cast<double>(value), sc_core::SC_NS};
}

struct bench : sc_core::sc_module {
  explicit bench(const sc_core::sc_module_name& name, const memory_port_config& config = {})
      : sc_core::sc_module(name),
        port("port", config, 5),
        checker("checker", {false, true, true}),
        target("target", 0x10000) {
    port.bind(checker.from_initiator);
    checker.to_target.bind(target.socket);
    std::iota(target.memory.begin(), target.memory.end(), static_cast<unsigned char>(0));
  }

  memory_port port;
  protocol_checker checker;
  test_target target;
};

class memory_port_test : public testing_support::simulation_test,
                         public ::testing::WithParamInterface<test_target::answer_style> {};

TEST_P(memory_port_test, moves_any_length_against_any_legal_target) {
  bench b("bench");
  b.target.style = GetParam();
  b.target.request_time = ns(3);
  b.target.response_time = ns(10);
  run([&] {
    std::vector<unsigned char> data(300, 0xEE);
    ASSERT_TRUE(b.port.read(0xFF0, data.data(), 300, 4).ok());
    for (std::size_t i = 0; i < data.size(); ++i) ASSERT_EQ(data[i], static_cast<unsigned char>(0xFF0 + i)) << i;
    for (unsigned char& byte : data) byte = static_cast<unsigned char>(~byte);
    ASSERT_TRUE(b.port.write(0x2345, data.data(), data.size()).ok());
    ASSERT_TRUE(std::equal(data.begin(), data.end(), b.target.memory.begin() + 0x2345));
    EXPECT_TRUE(b.port.read(0, nullptr, 0).ok());
  });
  ASSERT_EQ(b.target.log.size(), 6U + 5U);
  EXPECT_EQ(b.target.log[0].length, 16U) << "to the first burst boundary";
  EXPECT_EQ(b.target.log[1].address, 0x1000U);
  EXPECT_EQ(b.target.log[1].length, 64U);
  EXPECT_EQ(b.target.log[0].layer, 4);
  EXPECT_EQ(b.port.statistics().read_bytes, 300U);
  EXPECT_EQ(b.port.statistics().write_bursts, 5U);
  EXPECT_TRUE(b.port.idle());
}

std::string style_name(const ::testing::TestParamInfo<test_target::answer_style>& one) {
  constexpr const char* names[] = {"four_phase", "skip_end_request", "updated_request", "updated_response",
                                   "completed"};
  return names[static_cast<int>(one.param)];
}

INSTANTIATE_TEST_SUITE_P(styles, memory_port_test,
                         ::testing::Values(test_target::answer_style::four_phase,
                                           test_target::answer_style::skip_end_request,
                                           test_target::answer_style::updated_request,
                                           test_target::answer_style::updated_response,
                                           test_target::answer_style::completed),
                         style_name);

class memory_port_sim : public testing_support::simulation_test {};

TEST_F(memory_port_sim, keeps_its_limit_of_outstanding_bursts) {
  memory_port_config config;
  config.max_outstanding_reads = 3;
  bench b("bench", config);
  b.target.response_time = ns(100);
  std::vector<unsigned char> data(64 * 20);
  run([&] { EXPECT_TRUE(b.port.read(0, data.data(), data.size()).ok()); });
  EXPECT_EQ(b.target.most_open, 3U);
}

TEST_F(memory_port_sim, reports_the_lowest_failing_burst_and_stops) {
  memory_port_config config;
  config.max_outstanding_reads = 2;
  bench b("bench", config);
  b.target.response_time = ns(10);
  b.target.errors[0x140] = ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  std::vector<unsigned char> data(64 * 20);
  run([&] {
    const memory_result result = b.port.read(0x100, data.data(), data.size());
    EXPECT_EQ(result.status, ::tlm::TLM_GENERIC_ERROR_RESPONSE);
    EXPECT_EQ(result.error_address, 0x140U);
    EXPECT_TRUE(b.port.read(0x100, data.data(), 64).ok()) << "the port goes on";
  });
  EXPECT_LE(b.target.log.size(), 5U);
  EXPECT_TRUE(b.port.idle());
}

TEST_F(memory_port_sim, completes_in_order_of_submission_within_a_path) {
  bench b("bench");
  b.target.response_time = ns(10);
  std::vector<int> order;
  std::vector<unsigned char> data(4096);
  run([&] {
    for (int i = 0; i < 4; ++i) {
      b.port.submit({::tlm::TLM_READ_COMMAND, static_cast<std::uint64_t>(i) * 512,
                     &data[static_cast<std::size_t>(i) * 512], i == 0 ? 512U : 8U, energy::no_layer,
                     [&order, i](const memory_result&) { order.push_back(i); }});
    }
    while (!b.port.idle()) sc_core::wait(b.port.idle_event());
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(memory_port_sim, abort_drains_and_answers_everyone) {
  bench b("bench");
  b.target.response_time = ns(50);
  std::vector<unsigned char> data(4096, 0x55);
  std::vector<response_status> answers;
  run([&] {
    for (int i = 0; i < 3; ++i) {
      b.port.submit({i == 2 ? ::tlm::TLM_WRITE_COMMAND : ::tlm::TLM_READ_COMMAND, 0, data.data(), 2048,
                     energy::no_layer, [&](const memory_result& result) { answers.push_back(result.status); }});
    }
    sc_core::wait(ns(5));
    EXPECT_GT(b.port.outstanding(), 0U);
    b.port.abort();
    while (!b.port.idle()) sc_core::wait(b.port.idle_event());
    EXPECT_EQ(answers, (std::vector<response_status>(3, ::tlm::TLM_INCOMPLETE_RESPONSE)));
    EXPECT_EQ(data, (std::vector<unsigned char>(4096, 0x55))) << "the data is discarded";
    EXPECT_EQ(b.checker.open(), 0U) << "no payload is abandoned";
    EXPECT_TRUE(b.port.read(0, data.data(), 64).ok()) << "and the port works again";
  });
}

}  // namespace
}  // namespace cimbalom::transport
