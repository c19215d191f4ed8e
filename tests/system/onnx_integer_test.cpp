#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/runtime/evaluate.hpp"
#include "sw/runtime/simulate.hpp"
#include "tests/support/simulation_test.hpp"

namespace cimbalom::runtime {
namespace {

/// One of ONNX's backend node tests: the operands after the first are constants of the network.
struct node_case {
  std::string name;
  std::vector<std::string> inputs;
  friend std::ostream& operator<<(std::ostream& to, const node_case& one) { return to << one.name; }
};

class onnx_integer_test : public testing_support::simulation_test, public ::testing::WithParamInterface<node_case> {
 protected:
  static std::filesystem::path folder() {
    const char* chosen = std::getenv("CIMBALOM_SHARED");
    const std::filesystem::path root = chosen != nullptr ? chosen : CIMBALOM_SHARED_DIR;
    return root / "data" / "onnx_conformance" / "node" / GetParam().name;
  }
  static graph::tensor vector_of(const std::string& file) {
    return onnx::import_tensor((folder() / "test_data_set_0" / file).string());
  }
  static quantization::network load() {
    std::ifstream file(folder() / "model.onnx", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::map<std::string, graph::tensor> bound;
    for (std::size_t k = 1; k < GetParam().inputs.size(); ++k) {
      bound[GetParam().inputs[k]] = vector_of("input_" + std::to_string(k) + ".pb");
    }
    const std::string path = (folder() / "model.onnx").string();
    return quantization::quantize(quantization::prepare(onnx::import_bytes(bytes, path, bound)), {}, {});
  }
};

// The operator runs on the simulated accelerator, whose ADC converts without loss: ONNX's own output, exactly.
TEST_P(onnx_integer_test, accelerator_gives_the_vectors) {
  if (!std::filesystem::exists(folder())) GTEST_SKIP() << folder() << " is not there";
  platform::platform_config platform = platform::read_platform("lossless-28nm");
  const lossless_form exact = make_lossless(load(), platform.macro);
  platform.macro = exact.macro;
  const quantization::network& net = exact.network;
  const auto number = [](int tensor) { return static_cast<std::size_t>(tensor); };
  const quantization::tensor& in = net.tensors[number(net.input)];
  const quantization::tensor& out = net.tensors[number(net.outputs[0])];

  std::vector<float> x = vector_of("input_0.pb").as_floats();
  for (float& value : x) value = (value - static_cast<float>(in.format.zero_point)) * static_cast<float>(in.scale);
  image_source images;
  images.count = 1;
  images.values = x.size();
  images.fetch = [&x](std::size_t, float* to) { std::copy(x.begin(), x.end(), to); };
  simulate_options options;
  options.batch = 1;
  options.check_protocol = true;
  options.keep_outputs = true;
  const simulation done = simulate(net, compiler::compile(net, platform), platform, images, options);
  EXPECT_TRUE(done.protocol_findings.empty());
  EXPECT_GT(done.result.layers.at(0).executed_macs, 0U);

  const std::vector<float>& y = done.outputs.at(0).at(0);
  const std::vector<float> wanted = vector_of("output_0.pb").as_floats();
  ASSERT_EQ(y.size(), wanted.size());
  for (std::size_t k = 0; k < y.size(); ++k) {
    const float code = std::nearbyint(y[k] / static_cast<float>(out.scale)) + static_cast<float>(out.format.zero_point);
    EXPECT_EQ(code, wanted[k]) << "element " << k;
  }
}

INSTANTIATE_TEST_SUITE_P(node, onnx_integer_test,
                         ::testing::Values(node_case{"test_qlinearconv",
                                                     {"x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point",
                                                      "y_scale", "y_zero_point"}},
                                           node_case{"test_qlinearmatmul_2D",
                                                     {"a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point",
                                                      "y_scale", "y_zero_point"}},
                                           node_case{"test_basic_convinteger", {"x", "w", "x_zero_point"}},
                                           node_case{"test_matmulinteger", {"A", "B", "a_zero_point", "b_zero_point"}}),
                         [](const ::testing::TestParamInfo<node_case>& one) { return one.param.name; });

}  // namespace
}  // namespace cimbalom::runtime
