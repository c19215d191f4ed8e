#include "models/dram/dram.hpp"
#include "models/interconnect/data_fabric.hpp"
#include "tests/models/cim/accelerator_bench.hpp"

namespace cimbalom::cim {
namespace {

namespace reg = registers::accelerator_register;
using testing_support::accelerator_bench;
using testing_support::run_untimed;
using testing_support::tiny_layer;

// The real way to memory: one fabric, one DRAM, four ports that contend.
class shared_memory final : public testing_support::memory_system {
 public:
  explicit shared_memory(energy::event_sink& sink)
      : fabric_("fabric", fabric_config(), sink), dram_("dram", dram_config(), sink) {
    using initiator = ::tlm::tlm_initiator_socket<32>;
    using target = ::tlm::tlm_target_socket<32>;
    static_cast<initiator&>(fabric_.to(0)).bind(static_cast<target&>(dram_.memory));
  }

  ::tlm::tlm_target_socket<32>& port(std::size_t number) override { return fabric_.from(number); }
  void poke(std::uint64_t address, const std::uint8_t* bytes, std::size_t length) override {
    dram_.storage().write(address - accelerator_bench::memory_base, bytes, length);
  }
  std::vector<std::uint8_t> peek(std::uint64_t address, std::size_t length) {
    std::vector<std::uint8_t> bytes(length);
    dram_.storage().read(address - accelerator_bench::memory_base, bytes.data(), length);
    return bytes;
  }
  std::size_t open() const { return fabric_.open() + dram_.open(); }

 private:
  static interconnect::interconnect_config fabric_config() {
    interconnect::interconnect_config config;
    config.initiators = {"parameter", "vector", "result", "command"};
    config.targets = {{"dram", accelerator_bench::memory_base, dram_config().size_bytes()}};
    return config;
  }
  static dram::dram_config dram_config() { return dram::make_dram_config("lpddr4-3200"); }

  interconnect::data_fabric fabric_;
  dram::dram dram_;
};

class accelerator_fabric_test : public testing_support::simulation_test, public ::testing::WithParamInterface<int> {
 protected:
  accelerator_fabric_test() : memory(energy), bench("bench", {}, {}, {}, &memory), image(0x100000) {
    layer.rows = 64;
    layer.tiles = 8;
    layer.place(image, {}, 1);
    memory.poke(accelerator_bench::memory_base, image.data(), 0x10000);
    const auto after = run_untimed(layer.commands(), image, {}, {});
    const auto begin = after.begin() + static_cast<std::ptrdiff_t>(layer.output_at - accelerator_bench::memory_base);
    expected.assign(begin, begin + static_cast<std::ptrdiff_t>(layer.output_bytes()));
  }

  void run_once(std::uint32_t sequence) {
    bench.submit(fenced(layer, sequence));
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::error_code), 0U);
    EXPECT_EQ(bench.read(reg::fence_sequence), sequence);
    EXPECT_EQ(memory.open(), 0U) << "a fence means that everything is in memory";
    EXPECT_EQ(memory.peek(layer.output_at, layer.output_bytes()), expected);
    bench.clear_interrupt();
  }

  testing_support::counting_sink energy;
  shared_memory memory;
  accelerator_bench bench;
  tiny_layer layer;
  std::vector<std::uint8_t> image, expected;
};

TEST_F(accelerator_fabric_test, computes_the_same_over_a_shared_fabric_and_dram) {
  run([&] {
    bench.set_up_ring(64);
    run_once(1);
    run_once(2);
  });
  const accelerator_statistics& statistics = bench.accelerator.statistics();
  EXPECT_EQ(statistics.busy_ps() + statistics.stalls().total(), statistics.job_ps);
  EXPECT_GT(statistics.stalls()[stall_cause::memory], 0U);
  EXPECT_GT(statistics.stalls()[stall_cause::command_fetch], 0U);
}

TEST_P(accelerator_fabric_test, drains_through_the_fabric_on_a_reset) {
  run([&] {
    reset_in_the_middle(bench, layer, {static_cast<double>(GetParam()), sc_core::SC_NS});
    EXPECT_EQ(memory.open(), 0U) << "RESET_DONE means that nothing is outstanding";
    bench.clear_interrupt();
    bench.set_up_ring(64);
    run_once(2);
  });
}

INSTANTIATE_TEST_SUITE_P(moments, accelerator_fabric_test,
                         ::testing::Values(30, 100, 150, 222, 333, 444, 600, 1000, 1500, 2500));

}  // namespace
}  // namespace cimbalom::cim
