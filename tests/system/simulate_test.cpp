#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "models/registers/memory_map.hpp"
#include "sw/driver/inference_driver.hpp"
#include "sw/runtime/run_to_end.hpp"
#include "tests/system/child_process.hpp"
#include "tests/system/simulation_check.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::network;

class system_test : public testing_support::simulation_test {};

TEST_F(system_test, residual_network_computes_what_evaluate_does) {
  const simulation got = expect_as_evaluated(test::residual_network(1, 16, 8), default_platform());
  EXPECT_GT(got.result.latency_ps, got.result.compute_bound_ps);
  EXPECT_GT(got.result.batch_ps, 2 * got.result.compute_bound_ps);
  EXPECT_LT(got.result.batch_ps, 2 * got.result.latency_ps);
}

TEST_F(system_test, weights_streamed_and_maps_tiled) {
  expect_as_evaluated(
      test::residual_network(1, 16, 16),
      default_platform({"platform.accelerator.macros=1", "platform.macro.rows=128",
                        "platform.accelerator.input_buffer_bytes=2048", "platform.accelerator.output_buffer_bytes=2048",
                        "platform.accelerator.parameter_buffer_bytes=4096",
                        "platform.accelerator.weight_buffer_bytes=8192"}));
}

TEST_F(system_test, without_ping_pong_the_result_is_the_same) {
  expect_as_evaluated(test::residual_network(1, 8, 16),
                      default_platform({"platform.accelerator.macros=1", "platform.accelerator.ping_pong=false",
                                        "platform.macro.rows=256", "platform.accelerator.fifo_depth=1",
                                        "platform.accelerator.command_queue_depth=1"}));
}

TEST_F(system_test, rounds_wait_in_the_accumulators) {
  test::network_builder b;
  test::network_builder::conv_options o;
  o.filters = 30;
  const int x = b.conv(b.input(8, 8, 64), o);
  expect_as_evaluated(b.finish({x}),
                      default_platform({"platform.accelerator.macros=1", "platform.macro.banks=1",
                                        "platform.macro.rows=32", "platform.accelerator.accumulator_bytes=2048"}));
}

TEST_F(system_test, a_small_ring_wraps_around) {
  compiler::compile_options how;
  how.ring_entries = 16;
  expect_as_evaluated(test::residual_network(1, 8, 8), default_platform(), 5, 4, how);
}

TEST_F(system_test, noise_is_that_of_the_image) {
  expect_as_evaluated(test::residual_network(1, 8, 8),
                      default_platform({"platform.nonideality.adc_noise_lsb=0.7", "platform.nonideality.seed=5"}), 5,
                      4);
}

TEST_F(system_test, a_digital_macro_converts_nothing) {
  const simulation got =
      expect_as_evaluated(test::residual_network(1, 8, 8), default_platform({"platform.macro.kind=digital"}));
  for (const layer_result& layer : got.result.layers) {
    EXPECT_EQ(layer.conversions, 0U) << layer.name;
    EXPECT_EQ(layer.activity.conversions, 0U) << layer.name;
  }
}

TEST_F(system_test, host_layers_at_the_end) {
  test::network_builder b;
  test::network_builder::conv_options o;
  int x = b.conv(b.input(8, 8, 3), o);
  x = b.dense(x, 10);
  const int scores = b.host(x, graph::op::softmax, true);  // codes again, as QDQ graphs end
  expect_as_evaluated(b.finish({b.host(scores, graph::op::softmax, false), scores, x}), default_platform(), 5, 4);
}

TEST_F(system_test, host_layers_between_accelerator_layers) {
  test::network_builder b;
  test::network_builder::conv_options o;
  int x = b.conv(b.input(8, 8, 3), o);
  x = b.host(x, graph::op::sigmoid, true);
  x = b.conv(x, o);
  x = b.host(x, graph::op::tanh, false);
  x = b.host(x, graph::op::sigmoid, true);
  expect_as_evaluated(b.finish({b.dense(x, 10)}), default_platform(), 3, 2);
}

// The dense 8-bit baseline must be good itself: what it loses against its operations has to be small and explained.
TEST_F(system_test, resnet20_batch_is_within_its_bound) {
  const network net = test::residual_network();
  const platform::platform_config platform = default_platform();
  const compiler::program program = compiler::compile(net, platform);
  simulate_options options;
  options.timing_only = true;
  const simulation got = simulate(net, program, platform, random_images(net, 16), options);
  const double image_us = static_cast<double>(got.result.batch_ps) / 16e6;
  const double bound_us = static_cast<double>(got.result.compute_bound_ps) / 1e6;
  RecordProperty("image_us", std::to_string(image_us));
  RecordProperty("bound_us", std::to_string(bound_us));
  EXPECT_LT(image_us, 1.25 * bound_us);
}

// Every number of a result that time decides.
std::string times_of(const simulation& s) {
  const run_result& r = s.result;
  std::string text =
      fmt::format("{} {} {} {} {}", r.latency_ps, r.end_to_end_latency_ps, r.batch_ps, r.counted_ps, r.total_ps);
  for (const std::uint64_t ps : r.phase_ps) text += fmt::format(" {}", ps);
  for (const auto& [cause, ps] : r.stall_ps) text += fmt::format(" {}={}", cause, ps);
  for (const layer_result& l : r.layers)
    text += fmt::format("\n{} {} {} {}", l.name, l.start_ps, l.end_ps, l.bank_busy_ps);
  for (const initiator_result& i : r.initiators) {
    text += fmt::format("\n{} {} {} {} {}", i.name, i.requests, i.bytes, i.latency_mean_ns, i.stall_ps);
  }
  return text;
}

std::string times_of_run(bool timing_only) {
  return test::in_child([timing_only] {
    const network net = test::residual_network(1, 16, 8);
    simulate_options options;
    options.timing_only = timing_only;
    options.batch = 3;
    return times_of(
        simulate(net, compiler::compile(net, default_platform()), default_platform(), random_images(net, 3), options));
  });
}

TEST_F(system_test, times_do_not_depend_on_data_or_on_the_run) {
  const std::string with_function = times_of_run(false);
  EXPECT_GT(with_function.size(), 200U) << with_function;
  EXPECT_EQ(times_of_run(false), with_function);
  EXPECT_EQ(times_of_run(true), with_function);
}

TEST_F(system_test, a_broken_descriptor_is_reported_with_its_command) {
  const network net = test::residual_network(1, 8, 8);
  compiler::program program = compiler::compile(net, default_platform());
  const registers::command first =
      *std::find_if(program.segments[0].commands.begin(), program.segments[0].commands.end(),
                    [](const registers::command& c) { return c.op == registers::opcode::compute; });
  const std::uint64_t offset = program.setup[0].memory_address - program.image_region.address +
                               (first.descriptor - registers::parameter_buffer_offset);
  program.memory_image[static_cast<std::size_t>(offset) + 4] ^= 0xFF;
  const std::string message = failure_of([&] { simulate(net, program, default_platform(), random_images(net, 1)); });
  EXPECT_TRUE(contains(message, "bad_descriptor")) << message;
  EXPECT_TRUE(contains(message, "compute layer 0")) << message;
}

TEST_F(system_test, an_address_outside_memory_is_reported_with_its_command) {
  const network net = test::residual_network(1, 8, 8);
  compiler::program program = compiler::compile(net, default_platform());
  for (registers::command& one : program.segments[0].commands) {
    if (one.op == registers::opcode::store) one.memory_address = 0x7000'0000;
  }
  const std::string message = failure_of([&] { simulate(net, program, default_platform(), random_images(net, 1)); });
  EXPECT_TRUE(contains(message, "memory_response")) << message;
  EXPECT_TRUE(contains(message, "store")) << message;
  EXPECT_TRUE(contains(message, "0x70000000")) << message;
}

// After an error the driver resets the devices, loads again, and the system works.
TEST_F(system_test, recovers_from_an_error_by_reset) {
  const network net = test::residual_network(1, 8, 8);
  const compiler::program program = compiler::compile(net, default_platform());
  driver::driver_memory memory;
  memory.descriptors = program.dram_end;
  memory.descriptor_bytes = 4096;
  memory.package = program.dram_end + 4096;
  compiler::program broken = program;
  for (registers::command& one : broken.segments[0].commands) {
    if (one.op == registers::opcode::compute) one.output = registers::output_buffer_offset + 65535;
  }
  std::string message;
  std::uint64_t working_ps = 0;
  energy::null_sink sink;
  platform::system system("system", default_platform(), sink, [&](registers::host_port& port) {
    driver::inference_driver bad(port, broken, memory);
    bad.start();
    bad.load();
    bad.queue(0, 0);
    message = failure_of([&] { bad.run_queued(); });
    driver::inference_driver good(port, program, memory);
    good.recover();
    good.queue(0, 0);
    working_ps = good.run_queued();
  });
  system.preload(memory.package, program.memory_image.data(), program.memory_image.size());
  run_to_end(system);
  EXPECT_TRUE(contains(message, "buffer_range")) << message;
  EXPECT_TRUE(contains(message, "compute layer 0")) << message;
  EXPECT_GT(working_ps, 0U);
  EXPECT_EQ(system.accelerator(0).statistics().resets, 2U);
}

TEST_F(system_test, stops_when_asked) {
  const network net = test::residual_network(1, 8, 8);
  const compiler::program program = compiler::compile(net, default_platform());
  std::atomic<bool> stop{false};
  simulate_options options;
  options.stop = &stop;
  options.progress = [&](std::size_t) { stop = true; };
  const std::string message =
      failure_of([&] { simulate(net, program, default_platform(), random_images(net, 400), options); });
  EXPECT_TRUE(contains(message, "stopped at")) << message;
}

TEST_F(system_test, a_hang_names_the_state_of_every_unit) {
  energy::null_sink sink;
  platform::system system("system", default_platform(), sink,
                          [](registers::host_port& port) { (void)port.wait_interrupt(registers::dma_interrupt_line); });
  const std::string message = failure_of([&] { run_to_end(system); });
  EXPECT_TRUE(contains(message, "hangs")) << message;
  for (const char* unit : {"processor", "dma", "dram", "accelerator0"}) EXPECT_TRUE(contains(message, unit)) << unit;
}

TEST_F(system_test, refuses_a_batch_beyond_the_slots) {
  const network net = test::residual_network(1, 8, 8);
  const compiler::program program = compiler::compile(net, default_platform());
  simulate_options options;
  options.batch = 17;
  EXPECT_THROW(simulate(net, program, default_platform(), random_images(net, 1), options), input_error);
}

}  // namespace
}  // namespace cimbalom::runtime
