#include "tests/models/cim/accelerator_bench.hpp"

namespace cimbalom::cim {
namespace {

namespace reg = registers::accelerator_register;
using testing_support::accelerator_bench;
using testing_support::fence;
using testing_support::run_untimed;
using testing_support::tiny_layer;

class accelerator_test : public testing_support::simulation_test {
 protected:
  // Runs the layer once, followed by a fence, on a bench with these settings.
  void run_layer(accelerator_bench& bench, const tiny_layer& layer, std::uint32_t sequence = 7) {
    layer.place(bench.memory.bytes, {}, 1);
    run([&] {
      bench.set_up_ring(64);
      auto commands = layer.commands();
      commands.push_back(fence(sequence));
      bench.submit(commands);
      bench.wait_interrupt();
      EXPECT_EQ(bench.read(reg::error_code), 0U);
      EXPECT_EQ(bench.read(reg::fence_sequence), sequence);
      EXPECT_EQ(bench.read(reg::commands_done), commands.size());
      finished_ps_ = sc_core::sc_time_stamp().value();
      bench.clear_interrupt();
      sc_core::wait(1, sc_core::SC_US);
      EXPECT_FALSE(bench.line.read());
    });
  }

  void expect_gap_free(const accelerator_statistics& statistics) {
    EXPECT_EQ(statistics.busy_ps() + statistics.stalls().total(), statistics.job_ps);
  }

  std::uint64_t finished_ps_ = 0;
};

TEST_F(accelerator_test, computes_what_evaluate_computes) {
  accelerator_bench bench("bench", {});
  const tiny_layer layer;
  layer.place(bench.memory.bytes, {}, 1);
  const auto expected = run_untimed(layer.commands(), bench.memory.bytes, {}, {});
  run_layer(bench, layer);
  const auto begin = static_cast<std::ptrdiff_t>(layer.output_at - accelerator_bench::memory_base);
  const auto end = begin + static_cast<std::ptrdiff_t>(layer.output_bytes());
  const std::vector<std::uint8_t> got(bench.memory.bytes.begin() + begin, bench.memory.bytes.begin() + end);
  const std::vector<std::uint8_t> wanted(expected.begin() + begin, expected.begin() + end);
  EXPECT_EQ(got, wanted);
  EXPECT_NE(got, std::vector<std::uint8_t>(got.size(), got[0])) << "the test has to show something";
  expect_gap_free(bench.accelerator.statistics());
  EXPECT_EQ(bench.accelerator.statistics().layers.at(0).loaded_bytes,
            192 + layer.input_bytes() + registers::encode(layer.descriptor()).size());
  EXPECT_EQ(bench.accelerator.statistics().layers.at(0).stored_bytes, layer.output_bytes());
}

}  // namespace
}  // namespace cimbalom::cim
