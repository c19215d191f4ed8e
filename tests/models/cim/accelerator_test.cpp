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
      run_fenced(bench, layer, sequence);
      EXPECT_EQ(bench.read(reg::error_code), 0U);
      EXPECT_EQ(bench.read(reg::fence_sequence), sequence);
      EXPECT_EQ(bench.read(reg::commands_done), layer.commands().size() + 1);
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

// Everything that a run shows, for comparisons.
struct seen {
  std::uint64_t finished_ps = 0;
  std::uint64_t job_ps = 0;
  std::uint64_t busy_ps = 0;
  stall_times stalls;
  std::vector<std::uint8_t> memory;
  std::map<std::pair<energy::event, std::int32_t>, std::uint64_t> energy;
};

TEST_F(accelerator_test, the_same_run_twice_gives_the_same_times_counts_and_bytes) {
  const tiny_layer layer;
  std::vector<seen> runs;
  accelerator_bench first("first", {});
  accelerator_bench second("second", {});
  for (accelerator_bench* bench : {&first, &second}) layer.place(bench->memory.bytes, {}, 1);
  run([&] {
    for (accelerator_bench* bench : {&first, &second}) {
      bench->set_up_ring(64);
      bench->put(fenced(layer));
      const std::uint64_t now = sc_core::sc_time_stamp().value();
      sc_core::wait(sc_core::sc_time::from_value((now / 1'000'000 + 1) * 1'000'000 - now));  // the same clock phase
      const std::uint64_t started = sc_core::sc_time_stamp().value();
      bench->submit({});
      bench->wait_interrupt();
      const accelerator_statistics& statistics = bench->accelerator.statistics();
      runs.push_back({sc_core::sc_time_stamp().value() - started, statistics.job_ps, statistics.busy_ps(),
                      statistics.stalls(), bench->memory.bytes, bench->energy.counts});
    }
  });
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].finished_ps, runs[1].finished_ps);
  EXPECT_EQ(runs[0].job_ps, runs[1].job_ps);
  EXPECT_EQ(runs[0].busy_ps, runs[1].busy_ps);
  EXPECT_EQ(runs[0].stalls.ps, runs[1].stalls.ps);
  EXPECT_EQ(runs[0].memory, runs[1].memory);
  EXPECT_EQ(runs[0].energy, runs[1].energy);
}

TEST_F(accelerator_test, a_job_lasts_from_the_doorbell_to_the_fence) {
  const tiny_layer layer;
  std::vector<std::string> told;
  std::vector<std::uint64_t> at_ps;
  const auto tell = [&](const char* what) {
    told.emplace_back(what);
    at_ps.push_back(sc_core::sc_time_stamp().value());
  };
  accelerator_options options;
  options.hooks.job_begun = [&] { tell("begun"); };
  options.hooks.job_ended = [&] { tell("ended"); };
  options.hooks.fence_reached = [&](std::uint32_t) { tell("fence"); };
  accelerator_bench bench("bench", {}, {}, options);
  layer.place(bench.memory.bytes, {}, 1);
  run([&] { run_fenced(bench, layer); });
  EXPECT_EQ(told, (std::vector<std::string>{"begun", "ended", "fence"}));
  ASSERT_EQ(at_ps.size(), 3U);
  EXPECT_EQ(at_ps[1], at_ps[2]);
  EXPECT_EQ(at_ps[1] - at_ps[0], bench.accelerator.statistics().job_ps);
}

TEST_F(accelerator_test, timing_only_takes_the_same_time_and_computes_nothing) {
  const tiny_layer layer;
  accelerator_options timing_only;
  timing_only.timing_only = true;
  accelerator_bench full("full", {});
  accelerator_bench timed("timed", {}, {}, timing_only);
  std::vector<std::uint64_t> took;
  for (accelerator_bench* bench : {&full, &timed}) layer.place(bench->memory.bytes, {}, 1);
  run([&] {
    for (accelerator_bench* bench : {&full, &timed}) {
      took.push_back(run_fenced(*bench, layer));
      EXPECT_EQ(bench->read(reg::error_code), 0U);
    }
  });
  EXPECT_EQ(took.at(0), took.at(1));
  EXPECT_EQ(full.accelerator.statistics().stalls().ps, timed.accelerator.statistics().stalls().ps);
  EXPECT_EQ(full.accelerator.statistics().bank_busy_ps, timed.accelerator.statistics().bank_busy_ps);
  EXPECT_GT(full.accelerator.statistics().layers.at(0).activity.conversions, 0U);
  EXPECT_EQ(timed.accelerator.statistics().layers.at(0).activity.conversions, 0U);
  EXPECT_EQ(full.energy.total(energy::event::adc_conversion), timed.energy.total(energy::event::adc_conversion));
  EXPECT_GT(timed.energy.total(energy::event::array_wordline_bit), 0U) << "from the activity profile";
}

TEST_F(accelerator_test, a_computation_takes_the_time_of_the_cost_function) {
  accelerator_bench bench("bench", {});
  tiny_layer layer;
  layer.tiles = 1;
  run_layer(bench, layer);
  // 32 pixels over 4 copies: 8 operations of 7.2 ns; 4 clocks before, the next edge, 6 clocks and the last pixels'
  // 4 x 12 outputs in 3 clocks of 16 lanes after.
  const layer_statistics& statistics = bench.accelerator.statistics().layers.at(0);
  EXPECT_EQ(statistics.last_end_ps - statistics.first_start_ps, 8000U + 58000U + 12000U + 6000U);
  EXPECT_EQ(statistics.busy_ps, statistics.last_end_ps - statistics.first_start_ps);
  EXPECT_EQ(bench.accelerator.statistics().bank_busy_ps[0], 57600U);
  EXPECT_EQ(bench.accelerator.statistics().bank_busy_ps[3], 57600U);
  EXPECT_EQ(bench.accelerator.statistics().bank_busy_ps[4], 0U);
  EXPECT_EQ(bench.accelerator.statistics().bank_program_ps[0], 32000U) << "16 rows of 2 ns";
}

TEST_F(accelerator_test, a_fifo_of_one_word_works_and_is_slower) {
  const tiny_layer layer;
  accelerator_config shallow;
  shallow.fifo_depth = 1;
  accelerator_bench deep("deep", {});
  run_layer(deep, layer);
  const stall_times deep_stalls = deep.accelerator.statistics().stalls();
  EXPECT_EQ(deep_stalls[stall_cause::fifo_full], 0U) << "16 words cover the latency";
  EXPECT_GT(deep_stalls[stall_cause::memory], 0U);
}

TEST_F(accelerator_test, a_shallow_fifo_is_named_as_the_cause) {
  const tiny_layer layer;
  accelerator_config shallow;
  shallow.fifo_depth = 1;
  accelerator_bench bench("bench", shallow);
  layer.place(bench.memory.bytes, {}, 1);
  const auto expected = run_untimed(layer.commands(), bench.memory.bytes, shallow, {});
  run_layer(bench, layer);
  EXPECT_GT(bench.accelerator.statistics().stalls()[stall_cause::fifo_full], 0U);
  EXPECT_EQ(bench.accelerator.statistics().paths[1].highest_fill, 1U);
  const auto begin = static_cast<std::ptrdiff_t>(layer.output_at - accelerator_bench::memory_base);
  EXPECT_TRUE(std::equal(expected.begin() + begin, expected.begin() + begin + 384, bench.memory.bytes.begin() + begin));
  expect_gap_free(bench.accelerator.statistics());
}

TEST_F(accelerator_test, the_ring_wraps) {
  accelerator_bench bench("bench", {});
  const tiny_layer layer;
  layer.place(bench.memory.bytes, {}, 1);
  run([&] {
    bench.set_up_ring(16);
    for (std::uint32_t image = 1; image <= 9; ++image) {  // 10 commands each, one entry stays unused
      auto commands = layer.commands();
      commands.push_back(fence(image));
      bench.submit(commands);
      bench.wait_interrupt();
      EXPECT_EQ(bench.read(reg::fence_sequence), image);
      EXPECT_EQ(bench.read(reg::ring_head), image * 10 % 16);
      bench.clear_interrupt();
    }
  });
  EXPECT_EQ(bench.accelerator.statistics().layers.at(0).compute_commands, 18U);
  EXPECT_EQ(bench.accelerator.statistics().fences, 9U);
  expect_gap_free(bench.accelerator.statistics());
}

TEST_F(accelerator_test, without_ping_pong_loads_wait_for_the_computation_before_them) {
  tiny_layer layer;
  layer.rows = 64;
  layer.tiles = 8;
  layer.copies = 1;
  accelerator_config serial;
  serial.ping_pong = false;
  std::vector<std::uint64_t> took;
  accelerator_bench with("with", {});
  accelerator_bench without("without", serial);
  for (accelerator_bench* bench : {&with, &without}) layer.place(bench->memory.bytes, {}, 1);
  run([&] {
    for (accelerator_bench* bench : {&with, &without}) {
      took.push_back(run_fenced(*bench, layer));
    }
  });
  EXPECT_LT(took.at(0), took.at(1));
  EXPECT_EQ(with.memory.bytes, without.memory.bytes);
  EXPECT_EQ(with.accelerator.statistics().busy_ps(), without.accelerator.statistics().busy_ps());
}

// Writing other positions of the same banks goes on beside a computation, which pays for it at its end.
TEST_F(accelerator_test, programming_beside_a_computation_takes_its_banks_time) {
  accelerator_bench bench("bench", {});
  tiny_layer first;
  first.rows = 64;
  first.tiles = 1;
  first.copies = 1;
  tiny_layer second = first;
  second.layer = 1;
  second.first_position = 5;
  first.place(bench.memory.bytes, {}, 1);
  std::uint64_t programmed_ps = 0;
  run([&] {
    bench.set_up_ring(64);
    auto commands = first.commands();
    auto next = second.commands();
    commands.insert(commands.end(), next.begin() + 1, next.begin() + 3);  // load_weights, program
    // Weights of the next layer: as soon as the parameter engine is free.
    commands[commands.size() - 2].lag.fill(registers::any_lag);
    commands[commands.size() - 1].lag.fill(registers::any_lag);
    commands[commands.size() - 1].lag[0] = 0;
    commands[commands.size() - 1].lag[1] = 0;  // with the computation, which waits for the same load
    commands.push_back(fence(1));
    bench.submit(commands);
    bench.wait_interrupt();
    programmed_ps = bench.accelerator.statistics().engines[2].busy_ps;
  });
  const layer_statistics& layer = bench.accelerator.statistics().layers.at(0);
  EXPECT_EQ(layer.stalls[stall_cause::array_busy] % 2000, 0U) << "whole clocks";
  EXPECT_GE(layer.stalls[stall_cause::array_busy], 30000U) << "16 rows of 2 ns";
  EXPECT_LE(layer.stalls[stall_cause::array_busy], 40000U);
  EXPECT_EQ(programmed_ps, 2 * (8000U + 32000U));
  expect_gap_free(bench.accelerator.statistics());
}

TEST_F(accelerator_test, hooks_see_every_command_and_finished_outputs) {
  accelerator_options options;
  std::vector<std::string> order;
  std::vector<std::uint8_t> first_outputs;
  accelerator_bench* there = nullptr;
  options.hooks.layer_done = [&](const registers::command& value) {
    if (first_outputs.empty()) {
      const std::uint8_t* bytes = there->accelerator.core().bytes(value.output, 192);
      first_outputs.assign(bytes, bytes + 192);
    }
  };
  options.hooks.command_done = [&](const registers::command& value, std::uint64_t start_ps, std::uint64_t end_ps) {
    EXPECT_LE(start_ps, end_ps);
    order.emplace_back(registers::to_string(value.op));
  };
  std::uint32_t fenced = 0;
  options.hooks.fence_reached = [&](std::uint32_t sequence) { fenced = sequence; };
  accelerator_bench bench("bench", {}, {}, options);
  there = &bench;
  run_layer(bench, tiny_layer{}, 42);
  EXPECT_EQ(order.size(), 10U);
  EXPECT_EQ(order.back(), "fence");
  EXPECT_EQ(fenced, 42U);
  const auto begin = static_cast<std::ptrdiff_t>(tiny_layer{}.output_at - accelerator_bench::memory_base);
  EXPECT_TRUE(std::equal(first_outputs.begin(), first_outputs.end(), bench.memory.bytes.begin() + begin));
}

TEST_F(accelerator_test, every_transaction_carries_its_layer) {
  accelerator_bench bench("bench", {});
  tiny_layer layer;
  layer.layer = 3;
  run_layer(bench, layer);
  std::map<std::int32_t, int> seen_layers;
  for (const std::int32_t number : bench.memory.layers_seen) ++seen_layers[number];
  EXPECT_EQ(seen_layers.size(), 2U);
  EXPECT_EQ(seen_layers[energy::no_layer], 10) << "the commands, one a burst";
  EXPECT_GT(seen_layers[3], 10);
}

TEST_F(accelerator_test, energy_events_are_those_of_the_work) {
  accelerator_bench bench("bench", {});
  const tiny_layer layer;
  run_layer(bench, layer);
  using energy::event;
  EXPECT_EQ(bench.energy.total(event::sequencer_command), 10U);
  EXPECT_EQ(bench.energy.total(event::adc_conversion), 32U * 4 * 96) << "pixels x slices x columns";
  EXPECT_EQ(bench.energy.total(event::array_row_write), 16U * 4);
  EXPECT_EQ(bench.energy.total(event::weight_buffer_write_byte), 192U);
  EXPECT_EQ(bench.energy.total(event::input_buffer_write_byte), layer.input_bytes());
  EXPECT_EQ(bench.energy.total(event::output_buffer_write_byte), layer.output_bytes());
  EXPECT_EQ(bench.energy.total(event::output_buffer_read_byte), layer.output_bytes());
}

TEST_F(accelerator_test, a_copy_between_buffers_needs_no_memory) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    std::uint8_t* from = bench.accelerator.core().bytes(registers::output_buffer_offset + 64, 128);
    for (int i = 0; i < 128; ++i) from[i] = static_cast<std::uint8_t>(i);
    registers::command copy;
    copy.op = registers::opcode::load_vector;
    copy.from_buffer = true;
    copy.source_buffer = registers::output_buffer_offset + 64;
    copy.buffer = registers::input_buffer_offset;
    copy.row_bytes = 32;
    copy.rows = 4;
    copy.memory_stride = 32;
    copy.buffer_stride_bytes = 64;
    bench.submit({copy, fence(1)});
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::error_code), 0U);
    EXPECT_EQ(bench.accelerator.core().bytes(registers::input_buffer_offset, 256)[64], 32U);
  });
  EXPECT_EQ(bench.accelerator.statistics().engines[1].busy_ps, 8000U + 4 * 2000U);
  EXPECT_EQ(bench.memory.requests, 2U) << "the commands only";
}

TEST_F(accelerator_test, the_state_dump_names_what_stands_still) {
  accelerator_bench bench("bench", {});
  std::string dump;
  run([&] {
    bench.memory.latency = sc_core::sc_time(1, sc_core::SC_MS);  // as good as never
    bench.set_up_ring(16);
    bench.submit({fence(1)});
    sc_core::wait(10, sc_core::SC_US);
    dump = bench.accelerator.dump_state();
    bench.wait_interrupt();
  });
  EXPECT_NE(dump.find("accelerator: busy"), std::string::npos) << dump;
  EXPECT_NE(dump.find("fetch fetching"), std::string::npos) << dump;
  EXPECT_NE(dump.find("1 reads and 0 writes outstanding"), std::string::npos) << dump;
}

}  // namespace
}  // namespace cimbalom::cim
