#include "sw/runtime/simulate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/evaluate.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::network;

class system_test : public testing_support::simulation_test {};

image_source random_images(const network& net, std::size_t count) {
  const quantization::tensor& input = net.tensors[static_cast<std::size_t>(net.input)];
  const registers::tensor_format f = input.format;
  image_source images;
  images.count = count;
  images.values =
      static_cast<std::size_t>(f.height) * static_cast<std::size_t>(f.width) * static_cast<std::size_t>(f.channels);
  images.fetch = [f, scale = input.scale, values = images.values](std::size_t image, float* to) {
    test::network_builder draw(1000 + image);
    for (std::size_t i = 0; i < values; ++i) {
      to[i] = static_cast<float>(scale * (draw.random(1 << f.bits) + f.minimum() - f.zero_point));
    }
  };
  images.label = [](std::size_t image) { return static_cast<int>(image % 10); };
  return images;
}

platform::platform_config default_platform(const std::vector<std::string>& settings = {}) {
  return platform::read_platform("", settings);
}

evaluation evaluated(const network& net, const compiler::program& program, const platform::platform_config& platform,
                     const image_source& images) {
  evaluate_options options;
  options.keep_outputs = true;
  return evaluate(net, program, platform.accelerator, platform.macro, platform.nonideality, images, options);
}

// Simulates, and holds outputs against evaluate.
simulation expect_as_evaluated(const network& net, const platform::platform_config& platform, std::size_t count = 3,
                               std::uint64_t batch = 2) {
  const compiler::program program = compiler::compile(net, platform);
  const image_source images = random_images(net, count);
  simulate_options options;
  options.batch = batch;
  options.keep_outputs = true;
  options.check_protocol = true;
  simulation got = simulate(net, program, platform, images, options);
  const evaluation expected = evaluated(net, program, platform, images);
  EXPECT_EQ(got.outputs, expected.outputs);
  EXPECT_EQ(got.predicted, expected.predicted);
  EXPECT_EQ(got.result.accuracy.hardware_correct, expected.correct);
  EXPECT_EQ(got.protocol_findings, std::vector<std::string>{});
  return got;
}

TEST_F(system_test, residual_network_computes_what_evaluate_does) {
  const simulation got = expect_as_evaluated(test::residual_network(1, 16, 8), default_platform());
  EXPECT_GT(got.result.latency_ps, got.result.compute_bound_ps);
  EXPECT_GT(got.result.batch_ps, 2 * got.result.compute_bound_ps);
  EXPECT_LT(got.result.batch_ps, 2 * got.result.latency_ps);
}

}  // namespace
}  // namespace cimbalom::runtime
