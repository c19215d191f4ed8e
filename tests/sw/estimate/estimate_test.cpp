#include "sw/estimate/estimate.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/estimate/memory_model.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::estimate {
namespace {

estimation estimated(const quantization::network& net, const std::vector<std::string>& settings = {},
                     std::uint64_t batch = 16) {
  const platform::platform_config platform = platform::read_platform("", settings);
  estimate_options options;
  options.batch = batch;
  return estimate(net, compiler::compile(net, platform), platform, options);
}

TEST(estimate_test, every_preset_takes_a_network) {
  const quantization::network net = test::residual_network(1, 16, 8);
  for (const std::string& name : platform::preset_names()) {
    const platform::platform_config platform = platform::read_platform(name);
    estimation result;
    EXPECT_NO_THROW(result = estimate(net, compiler::compile(net, platform), platform, {})) << name;
    EXPECT_GT(result.result.latency_ps, 0U) << name;
  }
}

TEST(estimate_test, values_of_weights_do_not_matter) {
  const quantization::network net = test::residual_network(1, 16, 8);
  quantization::network empty = net;
  for (quantization::layer& l : empty.layers) std::fill(l.mvm.weights.begin(), l.mvm.weights.end(), std::int16_t{0});
  const estimation with = estimated(net), without = estimated(empty);
  EXPECT_EQ(with.result.latency_ps, without.result.latency_ps);
  EXPECT_EQ(with.result.batch_ps, without.result.batch_ps);
  EXPECT_EQ(with.happened.counted(energy::event::adc_conversion),
            without.happened.counted(energy::event::adc_conversion));
}

TEST(estimate_test, refuses_memories_that_it_does_not_follow) {
  const quantization::network net = test::residual_network(1, 16, 8);
  const auto complaint = [&net](const std::vector<std::string>& settings) -> std::string {
    try {
      estimated(net, settings);
    } catch (const input_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint({"platform.dram.page_policy=closed"}),
            "dram.page_policy: estimate follows open rows only; run simulates the others");
  EXPECT_EQ(complaint({"platform.dram.mapping=ro-co-ra-ba-bg"}),
            "dram.mapping = ro-co-ra-ba-bg: estimate follows mappings with ro, ra and ba above co only");
  EXPECT_EQ(complaint({"platform.dram.mapping=ch-ro-ra-ba-co-bg", "platform.dram.channels=2"}),
            "dram.mapping = ch-ro-ra-ba-co-bg: estimate follows mappings with ch below co only");
  for (const char* good : {"ro-ra-bg-ba-co", "ra-ro-ba-co-ch-bg", "ch-ro-ra-ba-co-bg"}) {
    EXPECT_EQ(complaint({std::string("platform.dram.mapping=") + good}), "") << good;
  }
}

TEST(estimate_test, the_same_twice) {
  const quantization::network net = test::residual_network(1, 16, 8);
  const estimation first = estimated(net), second = estimated(net);
  EXPECT_EQ(first.result.latency_ps, second.result.latency_ps);
  EXPECT_EQ(first.result.batch_ps, second.result.batch_ps);
  for (std::size_t e = 0; e < energy::event_count; ++e) {
    const auto what = static_cast<energy::event>(e);
    EXPECT_EQ(first.happened.counted(what), second.happened.counted(what));
  }
}

TEST(estimate_test, faster_hardware_is_not_slower) {
  const quantization::network net = test::residual_network(1, 16, 8);
  const std::uint64_t usual = estimated(net).result.batch_ps;
  EXPECT_GE(estimated(net, {"platform.accelerator.macros=1"}).result.batch_ps, usual);
  EXPECT_GE(estimated(net, {"platform.interconnect.data_bits=16"}).result.batch_ps, usual);
  EXPECT_LE(estimated(net, {"platform.dram.preset=ideal"}).result.batch_ps, usual);
}

TEST(estimate_test, a_batch_grows_by_its_images) {
  const quantization::network net = test::residual_network(1, 16, 8);
  const std::uint64_t one = estimated(net, {}, 1).result.batch_ps, four = estimated(net, {}, 4).result.batch_ps,
                      sixteen = estimated(net, {}, 16).result.batch_ps;
  EXPECT_EQ(one, estimated(net, {}, 1).result.latency_ps);
  EXPECT_GT(four, one);
  EXPECT_NEAR(static_cast<double>(sixteen - four) / 12, static_cast<double>(four - one) / 3,
              0.05 * static_cast<double>(one));
}

TEST(estimate_test, bound_is_below_latency) {
  const estimation got = estimated(test::residual_network(1, 16, 8));
  EXPECT_GE(got.result.latency_ps, got.result.compute_bound_ps);
  std::uint64_t last = 0;
  for (const runtime::layer_result& l : got.result.layers) {
    EXPECT_LE(l.start_ps, l.end_ps) << l.name;
    EXPECT_GE(l.end_ps, last) << l.name;
    last = l.end_ps;
  }
}

TEST(estimate_test, visits_to_the_host_are_counted) {
  test::network_builder b;
  int x = b.input(8, 8, 8);
  x = b.conv(x, {});
  x = b.host(x, graph::op::sigmoid, true);
  x = b.conv(x, {});
  const quantization::network net = b.finish({x});
  const estimation got = estimated(net, {}, 2);
  EXPECT_GT(got.happened.counted(energy::event::processor_instruction), 8U * 8U * 8U * 2U);
  EXPECT_GT(got.result.batch_ps, 2 * got.result.latency_ps) << "the host reads one image's outputs before the next";
  EXPECT_GE(got.result.counted_ps, got.result.batch_ps);
}

TEST(estimate_test, batch_beyond_the_slots_is_refused) {
  const quantization::network net = test::residual_network(1, 16, 8);
  const platform::platform_config platform = platform::read_platform("");
  const compiler::program program = compiler::compile(net, platform);
  for (const std::uint64_t batch : {std::uint64_t{0}, std::uint64_t{program.image_slots} + 1}) {
    estimate_options options;
    options.batch = batch;
    EXPECT_THROW(estimate(net, program, platform, options), input_error) << batch;
  }
}

TEST(estimate_test, profile_is_what_was_counted) {
  const cim::macro_config macro;
  arithmetic::activity one;
  one.operations = 10;
  one.wordline_ones = 10 * 16 * 8 / 2;
  one.column_sums = one.conversions = 100;
  one.column_sum = 100 * 12;  // of 48
  const std::vector<cim::activity_profile> made = profile_of({one, {}}, {8, 0}, macro);
  EXPECT_DOUBLE_EQ(made[0].wordline_ones, 0.5);
  EXPECT_DOUBLE_EQ(made[0].column_sum, 0.25);
  EXPECT_DOUBLE_EQ(made[1].wordline_ones, cim::activity_profile{}.wordline_ones);
}

TEST(memory_model_test, pieces_and_words_of_a_transfer) {
  const platform::platform_config platform = platform::read_platform("");
  const memory_model memory(platform);
  cim::transfer what;
  what.memory_address = 0x8000'0000 + 48;
  what.row_bytes = 40;
  what.rows = 3;
  what.memory_stride = 128;
  what.buffer_stride = 40;
  const transfer_cost cost = memory.cost(path::vector, what, false);
  EXPECT_EQ(cost.bytes, 120U);
  EXPECT_EQ(cost.pieces, 6U);  // each row crosses a multiple of 64
  EXPECT_EQ(cost.transactions, 6U);
  EXPECT_EQ(cost.memory_words, 6U);
  EXPECT_EQ(cost.device_bursts, 6U);
  EXPECT_EQ(cost.lane_words, 60U);
}

TEST(memory_model_test, a_long_read_is_as_fast_as_the_slowest_part) {
  const platform::platform_config platform = platform::read_platform("");
  const memory_model memory(platform);
  const transfer_cost cost = memory.plain(path::command, 0x8000'0000, 64 * 1024, false);
  const double bytes_a_ns = 64 / (cost.interval_ps / 1000);
  EXPECT_LT(bytes_a_ns, 6.4);  // the pins
  EXPECT_GT(bytes_a_ns, 5.5);
  EXPECT_GT(cost.latency_ps, 30e3);
}

}  // namespace
}  // namespace cimbalom::estimate
