#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/runtime/simulate.hpp"
#include "sw/runtime/untimed_machine.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/system/trained_networks.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::network;
using testing_support::network_file;
using testing_support::noise_images;

class networks_test : public testing_support::simulation_test {
 protected:
  // Every layer of the accelerator against the reference, then the whole in time against evaluate.
  void check(const std::string& name, std::size_t count = 2) {
    if (!std::filesystem::exists(network_file(name))) GTEST_SKIP() << network_file(name) << " is not there";
    const network net = testing_support::quantized(onnx::import_file(network_file(name).string()));
    check_layers(net);
    check_layers(with_odd_steps(net));
    check_simulation(net, count);
  }

  // As calibration may choose: steps between codes, and a flattened layer in smaller row groups.
  static network with_odd_steps(network net) {
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
      quantization::layer& l = net.layers[i];
      if (l.kind != quantization::layer_kind::mvm) continue;
      l.mvm.adc_step_sixteenths = 16 + static_cast<int>(i % 10);
      if (i == 0) l.mvm.group_rows = 9;
    }
    return net;
  }

  void check_layers(network net) {
    net.outputs.clear();
    for (const quantization::layer& l : net.layers) net.outputs.push_back(l.output);
    const compiler::program program = compiler::compile(net, platform_);
    untimed_machine machine(net, program, platform_.accelerator, platform_.macro);
    quantization::reference_executor reference(net, platform_.macro.shape());
    const image_source images = noise_images(net, 1);
    std::vector<float> image(images.values);
    images.fetch(0, image.data());
    const auto outputs = machine.run(image.data(), 0);
    reference.run(image.data());
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      EXPECT_EQ(outputs[o], reference.values(net.outputs[o])) << net.layers[o].name;
    }
  }

  void check_simulation(const network& net, std::size_t count) {
    const compiler::program program = compiler::compile(net, platform_);
    const image_source images = noise_images(net, count);
    simulate_options options;
    options.batch = count;
    options.keep_outputs = true;
    options.check_protocol = true;
    const simulation got = simulate(net, program, platform_, images, options);
    evaluate_options quick;
    quick.keep_outputs = true;
    const evaluation expected =
        evaluate(net, program, platform_.accelerator, platform_.macro, platform_.nonideality, images, quick);
    EXPECT_EQ(got.outputs, expected.outputs);
    EXPECT_EQ(got.protocol_findings, std::vector<std::string>{});
    EXPECT_GE(got.result.latency_ps, got.result.compute_bound_ps);
    RecordProperty("latency_us", std::to_string(static_cast<double>(got.result.latency_ps) / 1e6));
    RecordProperty("bound_us", std::to_string(static_cast<double>(got.result.compute_bound_ps) / 1e6));
    RecordProperty("image_us",
                   std::to_string(static_cast<double>(got.result.batch_ps) / 1e6 / static_cast<double>(count)));
  }

  platform::platform_config platform_ = platform::read_platform("");
};

TEST_F(networks_test, resnet20) {
  check("resnet20_bn");
}
TEST_F(networks_test, resnet20_folded) {
  check("resnet20_folded");
}
TEST_F(networks_test, resnet20_with_convolutions_as_shortcuts) {
  check("resnet20_folded_convskip");
}
TEST_F(networks_test, resnet8) {
  check("resnet8_cifar10_float");
}
TEST_F(networks_test, resnet8_with_its_own_scales) {
  check("resnet8_cifar10_int8_qdq");
}
TEST_F(networks_test, keyword_spotting) {
  check("dscnn_kws_float");
}
TEST_F(networks_test, anomaly_detection) {
  check("fcae_ad01_float");
}

}  // namespace
}  // namespace cimbalom::runtime
