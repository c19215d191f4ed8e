#include <gtest/gtest.h>

#include "tests/system/child_process.hpp"
#include "tests/system/simulation_check.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::layer_kind;
using quantization::network;

class several_accelerators : public testing_support::simulation_test {};

const char* const two = "platform.accelerator.count=2";

TEST_F(several_accelerators, share_a_batch_and_compute_what_one_does) {
  const simulation got = expect_as_evaluated(test::residual_network(1, 16, 8), default_platform({two}), 5, 5);
  // Both have worked: a port of each has moved bytes.
  int busy = 0;
  for (const initiator_result& i : got.result.initiators) {
    if (i.name == "accelerator0_vector" || i.name == "accelerator1_vector") busy += i.bytes > 0 ? 1 : 0;
  }
  EXPECT_EQ(busy, 2);
}

TEST_F(several_accelerators, spill_their_maps_to_areas_of_their_own) {
  expect_as_evaluated(test::residual_network(1, 32, 8),
                      default_platform({two, "platform.accelerator.input_buffer_bytes=2048",
                                        "platform.accelerator.output_buffer_bytes=2048"}),
                      4, 4);
}

TEST_F(several_accelerators, four_with_noise_of_every_image) {
  expect_as_evaluated(test::residual_network(1, 8, 8),
                      default_platform({"platform.accelerator.count=4", "platform.nonideality.adc_noise_lsb=0.5"}), 6,
                      6);
}

TEST_F(several_accelerators, work_image_by_image_where_the_host_stands_between) {
  test::network_builder b;
  test::network_builder::conv_options o;
  int x = b.conv(b.input(8, 8, 3), o);
  x = b.host(x, graph::op::sigmoid, true);
  x = b.conv(x, o);
  expect_as_evaluated(b.finish({x}), default_platform({two}), 5, 5);
}

// Resident weights leave next to nothing to fetch; streamed ones come through the one channel of memory for both.
double speedup(const network& net, const std::vector<std::string>& settings) {
  std::vector<double> times;
  for (const char* count : {"1", "2"}) {
    std::vector<std::string> all = settings;
    all.push_back(std::string("platform.accelerator.count=") + count);
    times.push_back(std::stod(test::in_child([&] {
      const platform::platform_config platform = default_platform(all);
      simulate_options options;
      options.batch = 8;
      options.timing_only = true;
      const compiler::program program = compiler::compile(net, platform);
      return std::to_string(simulate(net, program, platform, random_images(net, 8), options).result.batch_ps);
    })));
  }
  return times[0] / times[1];
}

TEST_F(several_accelerators, gain_what_the_memory_lets_them) {
  const network net = test::residual_network();
  const double resident = speedup(net, {});
  const double streamed = speedup(net, {"platform.macro.rows=128"});
  RecordProperty("resident", std::to_string(resident));
  RecordProperty("streamed", std::to_string(streamed));
  EXPECT_GT(resident, 1.9);
  EXPECT_LT(resident, 2.0);
  EXPECT_GT(streamed, 1.0);
  EXPECT_LT(streamed, 0.95 * resident) << "no contention for the one channel of memory";
}

}  // namespace
}  // namespace cimbalom::runtime
