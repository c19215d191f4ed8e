#include "tests/models/cim/accelerator_bench.hpp"

namespace cimbalom::cim {
namespace {

namespace reg = registers::accelerator_register;
using testing_support::accelerator_bench;
using testing_support::fence;
using testing_support::run_untimed;
using testing_support::tiny_layer;

class dice {
 public:
  explicit dice(std::uint32_t seed) : state_(seed * 2654435761U + 1) {}
  std::uint32_t roll(std::uint32_t sides) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 12) % sides;
  }
  int pick(std::initializer_list<int> from) { return *(from.begin() + roll(static_cast<std::uint32_t>(from.size()))); }

 private:
  std::uint32_t state_;
};

accelerator_config random_config(dice& d) {
  accelerator_config config;
  config.clock_mhz = d.pick({200, 333, 500, 1000});
  config.memory_side_bits = d.pick({64, 128, 512, 1024});
  config.compute_side_bits = d.pick({8, 16});
  config.lanes = d.pick({1, 4, 16});
  config.fifo_depth = d.pick({1, 2, 3, 16});
  config.max_outstanding = d.pick({1, 2, 8});
  config.burst_bytes = d.pick({32, 64, 256});
  config.command_queue_depth = d.pick({1, 2, 16});
  config.post_lanes = d.pick({1, 16});
  config.input_buffer_read_bits = d.pick({0, 0, 64, 1024});
  config.ping_pong = d.roll(4) != 0;
  return config;
}

std::vector<tiny_layer> random_layers(dice& d) {
  std::vector<tiny_layer> layers(1 + d.roll(3));
  std::uint64_t at = accelerator_bench::memory_base;
  std::uint16_t position = 0;
  for (tiny_layer& layer : layers) {
    layer.tiles = d.pick({1, 2, 4});
    layer.rows = layer.tiles * (1 + static_cast<int>(d.roll(6)));
    layer.columns = 1 + static_cast<int>(d.roll(7));
    layer.filters = 1 + static_cast<int>(d.roll(12));
    layer.copies = d.pick({1, 3, 16});
    layer.layer = static_cast<std::int16_t>(&layer - layers.data());
    layer.first_position = position++;
    layer.descriptor_at = at;
    layer.weights_at = at + 0x1000 + d.roll(64);  // any alignment
    layer.input_at = at + 0x2000 + d.roll(64);
    layer.output_at = at + 0x8000 + d.roll(64);
    at += 0x10000;
  }
  return layers;
}

// Any configuration, any memory, several layers in one job: the bytes of evaluate, an account without a gap, and a
// protocol without a finding.
class accelerator_random_test : public testing_support::simulation_test, public ::testing::WithParamInterface<int> {};

TEST_P(accelerator_random_test, gives_the_bytes_of_evaluate_and_a_complete_account) {
  dice d(static_cast<std::uint32_t>(GetParam()));
  const accelerator_config config = random_config(d);
  const std::vector<tiny_layer> layers = random_layers(d);
  accelerator_bench bench("bench", config);
  bench.memory.latency = sc_core::sc_time(1 + d.roll(200), sc_core::SC_NS);
  bench.memory.request_time = sc_core::sc_time(1 + d.roll(9), sc_core::SC_NS);
  std::vector<registers::command> commands;
  for (const tiny_layer& layer : layers) {
    layer.place(bench.memory.bytes, {}, d.roll(1000));
    const auto more = layer.commands();
    commands.insert(commands.end(), more.begin(), more.end());
    if (d.roll(2) == 0) commands.push_back(fence(d.roll(100)));
  }
  commands.push_back(fence(1000));
  const auto expected = run_untimed(commands, bench.memory.bytes, config, {});
  run([&] {
    bench.set_up_ring(128);
    bench.submit(commands);
    while (bench.read(reg::fence_sequence) != 1000) {
      ASSERT_EQ(bench.read(reg::error_code), 0U);
      sc_core::wait(1, sc_core::SC_US);
    }
    EXPECT_EQ(bench.read(reg::commands_done), commands.size());
    EXPECT_FALSE(bench.accelerator.busy());
  });
  for (const tiny_layer& layer : layers) {
    const auto begin = static_cast<std::ptrdiff_t>(layer.output_at - accelerator_bench::memory_base);
    const auto end = begin + static_cast<std::ptrdiff_t>(layer.output_bytes());
    EXPECT_TRUE(std::equal(expected.begin() + begin, expected.begin() + end, bench.memory.bytes.begin() + begin))
        << "layer " << layer.layer;
  }
  const accelerator_statistics& statistics = bench.accelerator.statistics();
  EXPECT_EQ(statistics.busy_ps() + statistics.stalls().total(), statistics.job_ps);
  EXPECT_LE(statistics.paths[0].highest_fill, static_cast<std::uint64_t>(config.fifo_depth));
  EXPECT_LE(statistics.paths[1].highest_fill, static_cast<std::uint64_t>(config.fifo_depth));
  for (const auto& [number, layer] : statistics.layers) {
    EXPECT_GE(layer.busy_ps + layer.stalls.total(), layer.compute_bound_ps) << "layer " << number;
    EXPECT_EQ(layer.busiest_bank_ps + layer.pipeline_ps + layer.vector_ps, layer.busy_ps) << "layer " << number;
    EXPECT_LE(layer.last_command_ps, sc_core::sc_time_stamp().value());
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, accelerator_random_test, ::testing::Range(0, 40));

}  // namespace
}  // namespace cimbalom::cim
