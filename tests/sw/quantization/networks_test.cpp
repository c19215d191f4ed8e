// Every real network: quantised, compared with the float executor; skipped without the shared data.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "sw/datasets/builtin_network.hpp"
#include "sw/datasets/dataset.hpp"
#include "sw/datasets/preprocess.hpp"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/adc_calibration.hpp"
#include "sw/quantization/qdq_graph.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/torch/float_executor.hpp"

namespace cimbalom::quantization {
namespace {

std::string shared() {
  const char* given = std::getenv("CIMBALOM_SHARED");
  return given != nullptr ? given : CIMBALOM_SHARED_DIR;
}

struct subject {
  graph::graph graph;
  std::unique_ptr<torch::float_executor> real;
  std::unique_ptr<datasets::dataset> test, train;
  std::unique_ptr<datasets::input_pipeline> test_input, train_input;

  subject(const graph::graph& imported, const std::string& spec, const datasets::preprocess& steps)
      : graph(prepare(imported)), real(torch::load_float_executor(graph)) {
    const graph::value_info& in = graph.info(graph.inputs[0]);
    test = datasets::open_dataset(spec);
    train = datasets::open_dataset(spec, datasets::split::train);
    test_input = std::make_unique<datasets::input_pipeline>(*test, spec, steps, in.shape, in.name);
    train_input = std::make_unique<datasets::input_pipeline>(*train, spec, steps, in.shape, in.name);
  }

  network quantised(const quantization_settings& settings = {}) {
    if (is_quantized(graph)) return quantize(graph, settings, {});
    const image_source source = [this](std::size_t i, float* out) { train_input->fetch(i, out); };
    return quantize(graph, settings, calibrate(graph, *real, source, train->size(), settings));
  }

  graph::tensor input(std::size_t i) const {
    return graph::tensor::of<float>(graph.shape_of(graph.inputs[0]), test_input->fetch(i));
  }
};

subject cifar_subject(const std::string& name) {
  const std::string model = shared() + "/data/networks/" + name + ".onnx";
  return {onnx::import_file(model), "cifar10:" + shared() + "/data/cifar10", datasets::find_preprocess("", model)};
}

int top(const std::vector<float>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

struct score {
  int float_right = 0, integer_right = 0, agree = 0;
};

score compare(subject& s, const network& net, std::size_t images) {
  reference_executor integers(net);
  score result;
  for (std::size_t i = 0; i < images; ++i) {
    const int real = top(s.real->run({s.input(i)}).at(0).as_floats());
    const int integer = top(integers.run(s.test_input->fetch(i).data()).at(0));
    result.float_right += real == *s.test->label(i) ? 1 : 0;
    result.integer_right += integer == *s.test->label(i) ? 1 : 0;
    result.agree += real == integer ? 1 : 0;
  }
  return result;
}

// Out as QDQ and back: the same integers on test images. The float executor, which knows nothing of the integer
// network, runs the file too: its float32 sums may only decide ties otherwise.
void expect_export_round_trips(subject& s, const network& net, std::size_t images) {
  const std::string bytes = onnx::export_bytes(qdq_graph(net));
  const graph::graph read = prepare(onnx::import_bytes(bytes, "exported.onnx"));
  const network back = quantize(read, {}, {});
  const std::unique_ptr<torch::float_executor> other = torch::load_float_executor(read);
  reference_executor one(net), two(back);
  std::size_t agree = 0;
  for (std::size_t i = 0; i < images; ++i) {
    const std::vector<float> x = s.test_input->fetch(i), expected = one.run(x.data()).at(0);
    ASSERT_EQ(two.run(x.data()).at(0), expected) << net.name << " image " << i;
    const graph::tensor input = graph::tensor::of<float>(read.shape_of(read.inputs[0]), x);
    agree += top(other->run({input}).at(0).as_floats()) == top(expected) ? 1 : 0;
  }
  std::printf("%s as QDQ in float32: the same answer on %zu of %zu images\n", net.name.c_str(), agree, images);
  EXPECT_GE(agree, images - images / 20 - 1) << net.name;
}

class networks : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared() + "/data/networks")) GTEST_SKIP() << "no shared data at " << shared();
  }
};

TEST_F(networks, float_networks_keep_their_answers) {
  for (const char* name : {"resnet20_bn", "resnet20_folded_convskip", "resnet8_cifar10_float"}) {
    subject s = cifar_subject(name);
    const score result = compare(s, s.quantised(), 60);
    EXPECT_GE(result.agree, 57) << name;
    EXPECT_GE(result.integer_right, result.float_right - 2) << name;
  }
}

TEST_F(networks, every_calibration_method_works) {
  for (const calibration_method method :
       {calibration_method::min_max, calibration_method::percentile, calibration_method::mse}) {
    subject s = cifar_subject("resnet8_cifar10_float");
    quantization_settings settings;
    settings.method = method;
    EXPECT_GE(compare(s, s.quantised(settings), 40).agree, 37) << name_of(method);
  }
}

TEST(builtin, embedded_network_reaches_its_accuracy) {
  subject s(onnx::import_bytes(std::string(datasets::builtin_onnx()), "builtin.onnx"), "builtin",
            datasets::parse_preprocess(std::string(datasets::builtin_preprocess()), "builtin.yaml"));
  const network net = s.quantised();
  const score result = compare(s, net, 200);
  EXPECT_GE(result.float_right, 190);
  EXPECT_GE(result.integer_right, 190);
}

TEST(builtin, exported_network_comes_back_to_the_same_integers) {
  subject s(onnx::import_bytes(std::string(datasets::builtin_onnx()), "builtin.onnx"), "builtin",
            datasets::parse_preprocess(std::string(datasets::builtin_preprocess()), "builtin.yaml"));
  quantization_settings settings;
  expect_export_round_trips(s, s.quantised(settings), 100);
  settings.activation_bits = 6;
  settings.weight_bits = 5;
  expect_export_round_trips(s, s.quantised(settings), 100);
}

TEST_F(networks, exported_networks_come_back_to_the_same_integers) {
  quantization_settings narrow;
  narrow.activation_bits = 6;
  for (const char* name : {"resnet20_bn", "resnet8_cifar10_float", "resnet8_cifar10_int8_qdq"}) {
    subject s = cifar_subject(name);
    expect_export_round_trips(s, s.quantised(narrow), 20);
  }
}

// Every layer of the QDQ network on the inputs that the float executor has there. The executor evaluates Q, DQ and
// float operators one by one; its float32 sums decide a few exact ties the other way.
TEST_F(networks, qdq_layers_equal_onnx_semantics) {
  subject s = cifar_subject("resnet8_cifar10_int8_qdq");
  const network net = s.quantised();
  reference_executor integers(net);
  std::size_t compared = 0, different = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    std::map<std::string, std::vector<float>> seen;
    s.real->run_all({s.input(i)}, [&](graph::value_id id, const graph::tensor& t) {
      if (t.type() == graph::data_type::float32) seen[s.graph.info(id).name] = t.as_floats();
    });
    for (std::size_t k = 0; k < net.layers.size(); ++k) {
      const layer& l = net.layers[k];
      const tensor& out = net.tensors[static_cast<std::size_t>(l.output)];
      if (seen.count(out.name + ".dq") == 0) continue;  // the output, which has the graph's own name
      for (const int in : l.inputs)
        integers.set_values(in, seen.at(net.tensors[static_cast<std::size_t>(in)].name + ".dq"));
      integers.run_layer(k);
      const std::vector<float>& wanted = seen.at(out.name + ".dq");
      const std::vector<float> made = integers.values(l.output);
      ASSERT_EQ(made.size(), wanted.size());
      for (std::size_t e = 0; e < made.size(); ++e) {
        const double steps = std::fabs(static_cast<double>(made[e] - wanted[e])) / out.scale;
        EXPECT_LT(steps, 1.5) << out.name << " element " << e;
        different += steps > 0.5 ? 1 : 0;
      }
      compared += made.size();
    }
  }
  std::printf("QDQ codes compared %zu, ties decided otherwise %zu\n", compared, different);
  EXPECT_GT(compared, 1000000U);
  EXPECT_LT(different, compared / 20000);
}

TEST_F(networks, adc_of_the_default_macro_keeps_the_answers) {
  subject s = cifar_subject("resnet8_cifar10_float");
  network net = s.quantised();
  std::vector<std::vector<float>> images;
  for (std::size_t i = 0; i < 4; ++i) images.push_back(s.train_input->fetch(i));
  const arithmetic::macro_shape shape;
  const auto choices = calibrate_adc(net, shape, cim::adc_range::calibrated, 16, images);
  EXPECT_EQ(choices.size(), 10U);
  for (const adc_choice& choice : choices) {
    EXPECT_EQ(choice.step_sixteenths, 16);
    EXPECT_LT(choice.clipped_fraction, 0.01);
  }
  reference_executor plain(net), macro(net, shape);
  int agree = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    const std::vector<float> x = s.test_input->fetch(i);
    agree += top(plain.run(x.data()).at(0)) == top(macro.run(x.data()).at(0)) ? 1 : 0;
  }
  EXPECT_GE(agree, 9);
}

// ONNX's own vectors of the integer operators, as matrix layers. Everything but the first operand is bound as constant.
TEST_F(networks, integer_operators_equal_the_conformance_vectors) {
  const std::map<std::string, std::vector<std::string>> cases = {
      {"test_qlinearconv", {"x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point"}},
      {"test_qlinearmatmul_2D",
       {"a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point"}},
      {"test_basic_convinteger", {"x", "w", "x_zero_point"}},
      {"test_matmulinteger", {"A", "B", "a_zero_point", "b_zero_point"}}};
  for (const auto& [name, inputs] : cases) {
    const std::string folder = shared() + "/data/onnx_conformance/node/" + name;
    std::ifstream file(folder + "/model.onnx", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string vectors = folder + "/test_data_set_0/";
    std::map<std::string, graph::tensor> bound;
    for (std::size_t k = 1; k < inputs.size(); ++k)
      bound[inputs[k]] = onnx::import_tensor(vectors + "input_" + std::to_string(k) + ".pb");
    const network net = quantize(prepare(onnx::import_bytes(bytes, folder + "/model.onnx", bound)), {}, {});
    ASSERT_EQ(net.layers.size(), 1U) << name;
    EXPECT_EQ(net.layers[0].kind, layer_kind::mvm);

    const tensor& in = net.tensors[static_cast<std::size_t>(net.input)];
    const tensor& out = net.tensors[static_cast<std::size_t>(net.outputs[0])];
    std::vector<float> x = onnx::import_tensor(vectors + "input_0.pb").as_floats();
    for (float& value : x) value = (value - static_cast<float>(in.format.zero_point)) * static_cast<float>(in.scale);
    reference_executor integers(net);
    const std::vector<float> y = integers.run(x.data()).at(0);
    const std::vector<float> wanted = onnx::import_tensor(vectors + "output_0.pb").as_floats();
    ASSERT_EQ(y.size(), wanted.size()) << name;
    for (std::size_t k = 0; k < y.size(); ++k) {
      const float code =
          std::nearbyint(y[k] / static_cast<float>(out.scale)) + static_cast<float>(out.format.zero_point);
      EXPECT_EQ(code, wanted[k]) << name << " element " << k;
    }
  }
}

TEST_F(networks, speech_and_autoencoder_stay_close) {
  for (const char* name : {"dscnn_kws_float", "fcae_ad01_float"}) {
    const graph::graph g = prepare(onnx::import_file(shared() + "/data/networks/" + name + ".onnx"));
    const auto real = torch::load_float_executor(g);
    const graph::shape_t shape = g.shape_of(g.inputs[0]);
    const image_source source = [&](std::size_t i, float* out) {
      for (std::int64_t k = 0; k < graph::element_count(shape); ++k)
        out[k] = static_cast<float>((i * 7919 + static_cast<std::size_t>(k) * 104729) % 2001) / 1000.0F - 1.0F;
    };
    const network net = quantize(g, {}, calibrate(g, *real, source, 32, {}));
    std::vector<float> x(static_cast<std::size_t>(graph::element_count(shape)));
    source(40, x.data());
    reference_executor integers(net);
    const std::vector<float> made = integers.run(x.data()).at(0);
    const std::vector<float> wanted = real->run({graph::tensor::of<float>(shape, x)}).at(0).as_floats();
    double error = 0, power = 0;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      error += std::pow(static_cast<double>(made[k] - wanted[k]), 2);
      power += std::pow(static_cast<double>(wanted[k]), 2);
    }
    EXPECT_LT(std::sqrt(error / power), 0.06) << name;
  }
}

}  // namespace
}  // namespace cimbalom::quantization
