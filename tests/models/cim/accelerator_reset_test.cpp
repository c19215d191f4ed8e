#include "tests/models/cim/accelerator_bench.hpp"

namespace cimbalom::cim {
namespace {

namespace reg = registers::accelerator_register;
using testing_support::accelerator_bench;
using testing_support::run_untimed;
using testing_support::tiny_layer;

class accelerator_reset_test : public testing_support::simulation_test, public ::testing::WithParamInterface<int> {};

// A reset at any moment of a job: everything outstanding comes back (the protocol checkers see to it), and the next job
// gives the right result.
TEST_P(accelerator_reset_test, drains_and_starts_afresh) {
  accelerator_config config;
  config.fifo_depth = 4;
  accelerator_bench bench("bench", config);
  tiny_layer layer;
  layer.rows = 16;
  layer.tiles = 4;
  layer.place(bench.memory.bytes, {}, 1);
  const auto expected = run_untimed(layer.commands(), bench.memory.bytes, config, {});
  run([&] {
    reset_in_the_middle(bench, layer, {static_cast<double>(GetParam()), sc_core::SC_NS});
    EXPECT_EQ(bench.read(reg::control), 0U);
    EXPECT_EQ(bench.read(reg::ring_head), 0U);
    EXPECT_EQ(bench.read(reg::commands_done), 0U);
    EXPECT_EQ(bench.read(reg::macros), 4U) << "capabilities stay";
    EXPECT_FALSE(bench.accelerator.busy());
    const std::uint64_t requests = bench.memory.requests;
    sc_core::wait(5, sc_core::SC_US);
    EXPECT_EQ(bench.memory.requests, requests) << "nothing goes on after RESET_DONE";
    bench.clear_interrupt();
    bench.set_up_ring(32);
    bench.submit(fenced(layer, 2));
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::error_code), 0U);
    EXPECT_EQ(bench.read(reg::fence_sequence), 2U);
  });
  EXPECT_EQ(bench.accelerator.statistics().resets, 1U);
  const auto begin = static_cast<std::ptrdiff_t>(layer.output_at - accelerator_bench::memory_base);
  const auto end = begin + static_cast<std::ptrdiff_t>(layer.output_bytes());
  EXPECT_TRUE(
      std::equal(bench.memory.bytes.begin() + begin, bench.memory.bytes.begin() + end, expected.begin() + begin));
  EXPECT_EQ(bench.accelerator.statistics().busy_ps() + bench.accelerator.statistics().stalls().total(),
            bench.accelerator.statistics().job_ps);
}

INSTANTIATE_TEST_SUITE_P(moments, accelerator_reset_test,
                         ::testing::Values(1, 20, 45, 60, 90, 130, 200, 301, 402, 555, 700, 900, 1100, 1500, 2000,
                                           4000));

}  // namespace
}  // namespace cimbalom::cim
