#include <numeric>

#include "tests/models/dma/dma_bench.hpp"
#include "tests/support/target_conformance.hpp"
#include "tests/support/test_target.hpp"

namespace cimbalom::dma {
namespace {

namespace reg = registers::dma_register;
namespace event = registers::dma_event;
using registers::dma_descriptor;
using testing_support::ns;
using testing_support::test_initiator;
using testing_support::test_target;

struct bench : testing_support::dma_bench {
  explicit bench(const sc_core::sc_module_name& name, const dma_config& config = {})
      : dma_bench(name, config), memory_link("memory_link", {false, true, true}), target("memory", 1 << 16) {
    unit.memory.bind(memory_link.from_initiator);
    memory_link.to_target.bind(target.socket);
    target.response_time = ns(40);
    std::iota(target.memory.begin(), target.memory.begin() + 0x4000, static_cast<unsigned char>(1));
  }

  void place(std::uint64_t address, const dma_descriptor& descriptor) {
    const auto bytes = registers::encode(descriptor);
    std::copy(bytes.begin(), bytes.end(), target.memory.begin() + static_cast<std::ptrdiff_t>(address));
  }
  bool equal(std::size_t source, std::size_t destination, std::size_t length) const {
    return std::equal(target.memory.begin() + static_cast<std::ptrdiff_t>(source),
                      target.memory.begin() + static_cast<std::ptrdiff_t>(source + length),
                      target.memory.begin() + static_cast<std::ptrdiff_t>(destination));
  }

  transport::protocol_checker memory_link;
  test_target target;
};

/// Bursts of 64 bytes, whose addresses the cases below count on.
dma_config small_bursts() {
  dma_config config;
  config.burst_bytes = 64;
  config.fifo_bytes = 1024;
  return config;
}

constexpr std::uint16_t last = dma_descriptor::flag_last;

class dma_test : public testing_support::simulation_test {};

TEST_F(dma_test, walks_a_scatter_gather_chain) {
  bench b("bench");
  b.place(0x8000, {0x003, 0x9005, 0x8020, 500, dma_descriptor::flag_interrupt, 4});
  b.place(0x8020, {0x1000, 0xA000, 0, 4096, last, 5});
  run([&] {
    b.write(reg::interrupt_enable, event::done);
    EXPECT_EQ(b.start(0, 0x8000), ::tlm::TLM_OK_RESPONSE);
    b.wait_line();
    EXPECT_TRUE(b.equal(0x003, 0x9005, 500)) << "the first interrupt comes after the first descriptor";
    EXPECT_EQ(b.channel(0, reg::channel_status), registers::dma_channel_status::busy);
    EXPECT_EQ(b.write(reg::status, event::done), ::tlm::TLM_OK_RESPONSE);
    sc_core::wait(ns(1));
    EXPECT_FALSE(b.line.read());
    b.wait_line();
    EXPECT_EQ(b.channel(0, reg::channel_status), registers::dma_channel_status::done);
    EXPECT_EQ(b.channel(0, reg::bytes_done_low), 4596U);
    EXPECT_EQ(b.channel(0, reg::descriptors_done), 2U);
    EXPECT_EQ(b.read(reg::status), event::done);
  });
  EXPECT_TRUE(b.equal(0x1000, 0xA000, 4096));
  EXPECT_EQ(b.target.memory[0x9005 + 500], 0) << "and nothing beyond";
  EXPECT_EQ((b.sink.counts[{energy::event::dma_byte, 5}]), 4096U);
  EXPECT_EQ((b.sink.counts[{energy::event::dma_descriptor, 4}]), 1U);
  EXPECT_EQ(b.unit.statistics().channels[0].bytes_by_layer.at(4), 500U);
  EXPECT_FALSE(b.unit.busy());
}

TEST_F(dma_test, channels_run_side_by_side) {
  bench b("bench");
  b.place(0x8000, {0x0000, 0x9000, 0, 4096, last, -1});
  b.place(0x8020, {0x1000, 0xB000, 0, 2048, last, -1});
  run([&] {
    const std::uint32_t second = event::of_channel(event::done, 1);
    b.write(reg::interrupt_enable, second);
    b.start(0, 0x8000);
    b.start(1, 0x8020);
    EXPECT_EQ(b.start(1, 0x8020), ::tlm::TLM_GENERIC_ERROR_RESPONSE) << "busy";
    b.wait_line();
    EXPECT_EQ(b.channel(0, reg::channel_status), registers::dma_channel_status::busy);
    EXPECT_EQ(b.read(reg::interrupt_raw), second);
  });
  EXPECT_TRUE(b.equal(0x0000, 0x9000, 4096));
  EXPECT_TRUE(b.equal(0x1000, 0xB000, 2048));
}

TEST_F(dma_test, keeps_the_memory_busy) {
  bench b("bench", small_bursts());
  b.place(0x8000, {0x0000, 0x9000, 0, 4096, last, -1});
  sc_core::sc_time took;
  run([&] {
    b.write(reg::interrupt_enable, event::done);
    b.start(0, 0x8000);
    const sc_core::sc_time start = sc_core::sc_time_stamp();
    b.wait_line();
    took = sc_core::sc_time_stamp() - start;
  });
  // 8 reads outstanding at 40 ns each: 64 bursts in 8 rounds; writes overlap with the next reads.
  EXPECT_LT(took, ns(8 * 40 + 40 + 40 + 60));
  EXPECT_LE(b.target.most_open, 16U);
}

TEST_F(dma_test, every_channel_has_credits_of_its_own) {
  dma_config config = small_bursts();
  config.max_outstanding = 2;
  bench b("bench", config);
  b.place(0x8000, {0x0000, 0x9000, 0, 4096, last, -1});
  b.place(0x8020, {0x1000, 0xB000, 0, 4096, last, -1});
  std::vector<sc_core::sc_time> took;
  const std::uint32_t both = event::done | event::of_channel(event::done, 1);
  run([&] {
    for (const int channels : {1, 2}) {
      const sc_core::sc_time start = sc_core::sc_time_stamp();
      for (int c = 0; c < channels; ++c) b.start(c, c == 0 ? 0x8000 : 0x8020);
      const std::uint32_t awaited = channels == 1 ? std::uint32_t{event::done} : both;
      while ((b.read(reg::interrupt_raw) & awaited) != awaited) sc_core::wait(ns(10));
      took.push_back(sc_core::sc_time_stamp() - start);
      EXPECT_LE(b.target.most_open, 4U * static_cast<unsigned>(channels)) << "two reads and two writes a channel";
      b.write(reg::status, both);
      EXPECT_EQ(b.read(reg::interrupt_raw), 0U);
    }
  });
  EXPECT_GT(took.at(0), ns(64 / 2 * 40)) << "two reads at a time";
  EXPECT_LT(took.at(1), took.at(0) + ns(200)) << "neither channel waits for the other's credits";
  EXPECT_GT(b.target.most_open, 4U);
}

TEST_F(dma_test, bursts_are_long_and_end_at_their_boundary) {
  bench b("bench");
  b.place(0x8000, {0x0F80, 0x9F80, 0, 1024, last, -1});
  run([&] {
    b.write(reg::interrupt_enable, event::done);
    b.start(0, 0x8000);
    b.wait_line();
  });
  EXPECT_TRUE(b.equal(0x0F80, 0x9F80, 1024));
  EXPECT_EQ(b.unit.memory.statistics().write_bursts, 5U) << "128 bytes to the boundary, three of 256, and 128";
  EXPECT_EQ(b.unit.memory.statistics().read_bursts, 6U) << "and the descriptor";
}

struct error_case {
  const char* name;
  std::uint64_t bad_address;  // answered with an error; 0: none
  dma_descriptor descriptor;
  registers::dma_error error;
  std::uint64_t error_address;
};
class dma_errors : public testing_support::simulation_test, public ::testing::WithParamInterface<error_case> {};

TEST_P(dma_errors, are_sticky_reported_and_cleared_by_reset) {
  bench b("bench", small_bursts());
  const error_case& given = GetParam();
  b.place(0x8000, given.descriptor);
  b.place(0x8040, {0x0000, 0x9000, 0, 64, last, -1});
  if (given.bad_address != 0) b.target.errors[given.bad_address] = ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  run([&] {
    b.write(reg::interrupt_enable, event::error | event::reset_done);
    b.start(0, 0x8000);
    b.wait_line();
    EXPECT_EQ(b.read(reg::status), event::error);
    EXPECT_EQ(b.channel(0, reg::error_code), static_cast<std::uint32_t>(given.error));
    EXPECT_EQ(b.channel(0, reg::error_address_low), given.error_address);
    EXPECT_EQ(b.channel(0, reg::channel_status), registers::dma_channel_status::error);
    EXPECT_EQ(b.start(0, 0x8040), ::tlm::TLM_GENERIC_ERROR_RESPONSE) << "not before a reset";
    b.write(registers::dma_channel_at(0) + reg::channel_control, registers::dma_control::reset);
    b.write(reg::status, event::error);
    sc_core::wait(ns(10));
    EXPECT_EQ(b.read(reg::status), event::reset_done);
    EXPECT_EQ(b.channel(0, reg::error_code), 0U);
    b.target.errors.clear();
    EXPECT_EQ(b.start(0, 0x8040), ::tlm::TLM_OK_RESPONSE);
    sc_core::wait(ns(1000));
    EXPECT_EQ(b.channel(0, reg::channel_status), registers::dma_channel_status::done);
  });
  EXPECT_EQ(b.unit.statistics().channels[0].errors, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    kinds, dma_errors,
    ::testing::Values(
        error_case{"descriptor", 0x8000, {0, 0x9000, 0, 64, last, -1}, registers::dma_error::descriptor_read, 0x8000},
        error_case{"malformed", 0, {0, 0x9000, 0, 0, last, -1}, registers::dma_error::bad_descriptor, 0x8000},
        error_case{"source", 0x0100, {0, 0x9000, 0, 4096, last, -1}, registers::dma_error::source_read, 0x100},
        error_case{"unmapped", 0, {0x20000, 0x9000, 0, 64, last, -1}, registers::dma_error::source_read, 0x20000},
        error_case{
            "destination", 0x9140, {0, 0x9000, 0, 4096, last, -1}, registers::dma_error::destination_write, 0x9140}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(dma_test, reset_in_the_middle_drains_and_spares_the_other_channel) {
  bench b("bench", small_bursts());
  b.place(0x8000, {0x0000, 0x9000, 0, 4096, last, -1});
  b.place(0x8020, {0x1000, 0xB000, 0, 4096, last, -1});
  run([&] {
    b.write(reg::interrupt_enable, event::reset_done | event::of_channel(event::done, 1));
    b.start(0, 0x8000);
    b.start(1, 0x8020);
    sc_core::wait(ns(150));
    b.write(registers::dma_channel_at(0) + reg::channel_control, registers::dma_control::reset);
    EXPECT_NE(b.channel(0, reg::channel_status) & registers::dma_channel_status::resetting, 0U);
    EXPECT_EQ(b.start(0, 0x8000), ::tlm::TLM_GENERIC_ERROR_RESPONSE) << "not while it drains";
    b.wait_line();
    EXPECT_EQ(b.read(reg::status), event::reset_done);
    EXPECT_EQ(b.channel(0, reg::channel_status), 0U);
    const std::size_t seen = b.target.log.size();
    EXPECT_GT(seen, 4U);
    b.write(reg::status, event::reset_done);
    sc_core::wait(ns(1));
    b.wait_line();
    EXPECT_TRUE(b.equal(0x1000, 0xB000, 4096)) << "the other channel finished";
    EXPECT_FALSE(b.equal(0x0000, 0x9000, 4096));
    b.write(reg::status, event::of_channel(event::done, 1));
    b.write(reg::interrupt_enable, event::done);
    b.start(0, 0x8000);
    b.wait_line();
    EXPECT_TRUE(b.equal(0x0000, 0x9000, 4096)) << "the channel works again";
  });
  EXPECT_EQ(b.memory_link.open(), 0U) << "no payload is abandoned";
}

TEST_F(dma_test, reset_while_idle_answers) {
  bench b("bench");
  run([&] {
    b.write(registers::dma_channel_at(1) + reg::channel_control, registers::dma_control::reset);
    sc_core::wait(ns(1));
    EXPECT_EQ(b.read(reg::interrupt_raw), event::of_channel(event::reset_done, 1));
  });
}

TEST_F(dma_test, registers_conform) {
  struct direct : sc_core::sc_module {
    explicit direct(const sc_core::sc_module_name& name)
        : sc_core::sc_module(name),
          initiator("initiator"),
          unit("dma", {}, sink),
          target("memory", 4096),
          line("line") {
      initiator.socket.bind(unit.control);
      unit.memory.bind(target.socket);
      unit.interrupt.bind(line);
    }
    energy::null_sink sink;
    test_initiator initiator;
    dma unit;
    test_target target;
    sc_core::sc_signal<bool> line;
  } d("direct");
  run([&] { testing_support::check_target_conformance(d.initiator, {0, 0x168, 0, false}); });
}

}  // namespace
}  // namespace cimbalom::dma
