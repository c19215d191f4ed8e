#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/evaluate.hpp"
#include "sw/runtime/simulate.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::runtime {

using quantization::network;

inline image_source random_images(const network& net, std::size_t count) {
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

inline platform::platform_config default_platform(const std::vector<std::string>& settings = {}) {
  return platform::read_platform("", settings);
}

inline evaluation evaluated(const network& net, const compiler::program& program,
                            const platform::platform_config& platform, const image_source& images) {
  evaluate_options options;
  options.keep_outputs = true;
  return evaluate(net, program, platform.accelerator, platform.macro, platform.nonideality, images, options);
}

/// Nothing of the latency is without a cause, and the phases are the whole simulation.
inline void expect_whole_account(const run_result& r) {
  std::uint64_t accounted_ps = r.compute_bound_ps, phases_ps = 0, bound_ps = 0;
  for (const auto& [cause, ps] : r.stall_ps) accounted_ps += ps;
  EXPECT_EQ(accounted_ps, r.latency_ps);
  std::map<std::string, std::uint64_t> of_layers;
  for (const layer_result& l : r.layers) {
    bound_ps += l.compute_bound_ps;
    for (const auto& [cause, ps] : l.stall_ps) of_layers[cause] += ps;
    EXPECT_EQ(l.activity.conversions, l.conversions * r.timed_images) << l.name;
  }
  EXPECT_EQ(bound_ps, r.compute_bound_ps);
  for (const auto& [cause, ps] : r.stall_ps) {
    EXPECT_EQ(cause == "host" ? ps : of_layers[cause], ps) << cause;
  }
  for (const std::uint64_t ps : r.phase_ps) phases_ps += ps;
  EXPECT_EQ(phases_ps, r.total_ps);
  EXPECT_LE(r.batch_ps, r.counted_ps);
  EXPECT_GE(r.end_to_end_latency_ps, r.latency_ps);
  // The initiators' bytes are those of the window that the memory's are of.
  std::uint64_t bytes = 0;
  for (const initiator_result& i : r.initiators) bytes += i.bytes;
  EXPECT_EQ(bytes, r.dram.read_bytes + r.dram.write_bytes);
}

/// Simulates, and holds outputs against evaluate.
inline simulation expect_as_evaluated(const network& net, const platform::platform_config& platform,
                                      std::size_t count = 3, std::uint64_t batch = 2,
                                      const compiler::compile_options& how = {}) {
  const compiler::program program = compiler::compile(net, platform, how);
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
  expect_whole_account(got.result);
  return got;
}

inline std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const run_error& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace cimbalom::runtime
