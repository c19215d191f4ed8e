// The bound that docs/estimate.md states: latency, time of a batch and energy against simulate, network by network and
// platform by platform. Every test is one simulation.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "models/energy/roll_up.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/estimate/estimate.hpp"
#include "sw/runtime/simulate.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/system/trained_networks.hpp"

namespace cimbalom::estimate {
namespace {

using testing_support::network_file;

constexpr double bound_percent = 3;

struct agreement_case {
  std::string network;  ///< "": the embedded one
  std::string platform;
  std::vector<std::string> settings;
  std::uint64_t batch = 16;
  bool refreshes = true;
};

quantization::network load(const std::string& name) {
  if (name.empty()) {
    return testing_support::quantized(onnx::import_bytes(std::string(datasets::builtin_onnx()), "builtin.onnx"));
  }
  return testing_support::quantized(onnx::import_file(network_file(name).string()));
}

double energy_pj(const platform::platform_config& platform, const energy::ledger& happened, std::size_t layers) {
  const energy::breakdown table(platform::load_costs(platform), happened, static_cast<std::int32_t>(layers));
  return energy::to_double(table.total()) / 1e6;
}

double percent(double estimated, double simulated) {
  return 100 * (estimated / simulated - 1);
}

class agreement_test : public testing_support::simulation_test, public ::testing::WithParamInterface<agreement_case> {
 protected:
  void compare(const quantization::network& net, const platform::platform_config& platform, std::uint64_t batch,
               bool timing_only) {
    const compiler::program program = compiler::compile(net, platform);
    runtime::simulate_options how;
    how.batch = batch;
    how.timing_only = timing_only;
    const runtime::simulation simulated =
        runtime::simulate(net, program, platform, testing_support::noise_images(net, 1), how);
    estimate_options options;
    options.batch = batch;
    if (!timing_only) {
      std::vector<arithmetic::activity> measured;
      for (const runtime::layer_result& l : simulated.result.layers) measured.push_back(l.activity);
      options.layers = profile_of(measured, input_bits_of(net), platform.macro);
    }
    const estimation estimated = estimate(net, program, platform, options);
    const double latency = static_cast<double>(simulated.result.latency_ps);
    const double batch_time = static_cast<double>(simulated.result.batch_ps);
    const double latency_off = percent(static_cast<double>(estimated.result.latency_ps), latency);
    const double batch_off = percent(static_cast<double>(estimated.result.batch_ps), batch_time);
    const double energy_off = percent(energy_pj(platform, estimated.happened, net.layers.size()),
                                      energy_pj(platform, simulated.happened, net.layers.size()));
    fmt::print("| {} | {:.2f} us {:+.2f} % | {:.2f} us {:+.2f} % | {:+.2f} % |\n",
               ::testing::UnitTest::GetInstance()->current_test_info()->name(), latency / 1e6, latency_off,
               batch_time / 1e6, batch_off, energy_off);
    EXPECT_LE(std::abs(latency_off), bound_percent);
    EXPECT_LE(std::abs(batch_off), bound_percent);
    EXPECT_LE(std::abs(energy_off), bound_percent);
    EXPECT_EQ(estimated.result.compute_bound_ps, simulated.result.compute_bound_ps);
    EXPECT_EQ(estimated.result.bank_busy_ps, simulated.result.bank_busy_ps);
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
      const runtime::layer_result& e = estimated.result.layers[i];
      const runtime::layer_result& s = simulated.result.layers[i];
      EXPECT_EQ(e.name, s.name);
      EXPECT_EQ(e.executed_macs, s.executed_macs) << s.name;
      EXPECT_EQ(e.used_cell_bits, s.used_cell_bits) << s.name;
      EXPECT_EQ(e.driven_cell_bits, s.driven_cell_bits) << s.name;
      EXPECT_EQ(e.weight_writes_bits, s.weight_writes_bits) << s.name;
    }
  }
};

TEST_P(agreement_test, within_the_bound) {
  const agreement_case& one = GetParam();
  if (!one.network.empty() && !std::filesystem::exists(network_file(one.network))) {
    GTEST_SKIP() << network_file(one.network) << " is not there";
  }
  platform::platform_config platform = platform::read_platform("", one.settings);
  if (!one.refreshes) platform.dram.timing.refi = 0;
  compare(load(one.network), platform, one.batch, true);
}

std::vector<agreement_case> cases() {
  const std::vector<std::pair<std::string, std::vector<std::string>>> platforms = {
      {"default", {}},
      {"adc4", {"platform.macro.adc_bits=4"}},
      {"adc6", {"platform.macro.adc_bits=6"}},
      {"macros1", {"platform.accelerator.macros=1"}},
      {"macros8", {"platform.accelerator.macros=8"}},
      {"data32", {"platform.interconnect.data_bits=32"}},
      {"ddr4", {"platform.dram.preset=ddr4-2400"}},
      {"accelerators2", {"platform.accelerator.count=2"}},
      {"streamed2", {"platform.accelerator.count=2", "platform.accelerator.macros=1"}},
  };
  std::vector<agreement_case> all;
  for (const char* network :
       {"", "resnet20_bn", "resnet8_cifar10_float", "resnet8_cifar10_int8_qdq", "dscnn_kws_float", "fcae_ad01_float"}) {
    for (const auto& [name, settings] : platforms) all.push_back({network, name, settings, 16});
    all.push_back({network, "default", {}, 1});
    all.push_back({network, "macros8_without_refresh", {"platform.accelerator.macros=8"}, 16, false});
  }
  return all;
}

std::string case_name(const ::testing::TestParamInfo<agreement_case>& info) {
  const agreement_case& one = info.param;
  return (one.network.empty() ? "embedded" : one.network) + "_" + one.platform + "_batch" + std::to_string(one.batch);
}

INSTANTIATE_TEST_SUITE_P(networks, agreement_test, ::testing::ValuesIn(cases()), case_name);

// With the activity that a run has counted, energy is that of the data.
TEST_F(agreement_test, measured_activity) {
  compare(load(""), platform::read_platform(""), 4, false);
}

}  // namespace
}  // namespace cimbalom::estimate
