#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>

#include "sw/graph/passes.hpp"
#include "sw/onnx/import.hpp"
#include "sw/torch/float_executor.hpp"
#include "tests/conformance/shared_data.hpp"

namespace cimbalom {
namespace {

constexpr std::int64_t images = 100;
constexpr std::size_t pixels = 1024;  // 32 x 32

/// The first test records, preprocessed: x = (pixel * scale - mean) / std, [images, 3, 32, 32] or [images, 32, 32, 3].
graph::tensor cifar_images(const std::string& preprocessing, bool channels_last, std::vector<int>& labels) {
  const YAML::Node input = YAML::LoadFile(preprocessing)["input"];
  const auto scale = input["scale"].as<double>();
  const auto mean = input["mean"].as<std::vector<double>>();
  const auto deviation = input["std"].as<std::vector<double>>();
  gzFile file = gzopen((tests::shared_data() + "/cifar10/test_batch.bin.gz").c_str(), "rb");
  graph::tensor made(graph::data_type::float32,
                     channels_last ? graph::shape_t{images, 32, 32, 3} : graph::shape_t{images, 3, 32, 32});
  std::vector<unsigned char> record(1 + 3 * pixels);
  for (std::size_t i = 0; i < images; ++i) {
    if (gzread(file, record.data(), static_cast<unsigned>(record.size())) != static_cast<int>(record.size())) break;
    labels.push_back(record[0]);
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t p = 0; p < pixels; ++p)
        made.data<float>()[i * 3 * pixels + (channels_last ? p * 3 + c : c * pixels + p)] =
            static_cast<float>((record[1 + c * pixels + p] * scale - mean[c]) / deviation[c]);
  }
  gzclose(file);
  return made;
}

std::vector<float> golden(const std::string& network) {
  std::ifstream file(tests::shared_data() + "/golden/" + network + ".out100.f32", std::ios::binary);
  std::vector<float> values(static_cast<std::size_t>(images) * 10);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  EXPECT_TRUE(file) << network;
  return values;
}

/// Images whose outputs are within 1e-4 of the golden ones, relative to the largest of the image's outputs.
int agreeing(const std::vector<float>& got, const std::vector<float>& wanted) {
  int count = 0;
  for (std::size_t i = 0; i < wanted.size(); i += 10) {
    double largest = 0;
    double worst = 0;
    for (std::size_t k = i; k < i + 10; ++k) {
      largest = std::max(largest, std::abs(static_cast<double>(wanted[k])));
      worst = std::max(worst, std::abs(static_cast<double>(got[k]) - static_cast<double>(wanted[k])));
    }
    count += worst <= 1e-4 * largest ? 1 : 0;
  }
  return count;
}

std::vector<float> outputs_of(const std::string& network, bool simplified, std::int64_t batch) {
  const std::string base = tests::shared_data() + "/networks/" + network;
  graph::graph g = onnx::import_file(base + ".onnx");
  if (simplified) graph::simplify(g);
  std::vector<int> labels;
  const bool channels_last = g.shape_of(g.inputs.at(0)).back() == 3;
  const graph::tensor all = cifar_images(base + ".yaml", channels_last, labels);
  const auto executor = torch::load_float_executor(g);
  std::vector<float> made;
  graph::shape_t shape = all.shape();
  shape[0] = batch;
  const auto step = static_cast<std::ptrdiff_t>(graph::element_count(shape));
  for (std::int64_t i = 0; i < images; i += batch) {
    const float* first = all.data<float>() + (i / batch) * step;
    const auto y = executor->run({graph::tensor::of<float>(shape, {first, first + step})});
    const std::vector<float> values = y.at(0).as_floats();
    made.insert(made.end(), values.begin(), values.end());
  }
  int right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = made.begin() + static_cast<std::ptrdiff_t>(i * 10);
    right += std::max_element(row, row + 10) - row == labels[i] ? 1 : 0;
  }
  std::printf("%s%s, batch %d: top-1 %d of %zu\n", network.c_str(), simplified ? " simplified" : "",
              static_cast<int>(batch), right, labels.size());
  return made;
}

void expect_golden(const std::string& network, int at_least) {
  const std::vector<float> wanted = golden(network);
  for (const auto& [simplified, batch] :
       {std::pair{false, images}, {false, std::int64_t{1}}, {true, std::int64_t{20}}}) {
    const int count = agreeing(outputs_of(network, simplified, batch), wanted);
    std::printf("%s, batch %d: %d of 100 images within 1e-4\n", network.c_str(), static_cast<int>(batch), count);
    EXPECT_GE(count, at_least) << network << ", batch " << batch;
  }
}

TEST(Golden, Resnet20WithBatchNorm) {
  CIMBALOM_NEEDS("golden");
  expect_golden("resnet20_bn", 100);
}

TEST(Golden, Resnet20FoldedAgreesWithItsOriginal) {
  CIMBALOM_NEEDS("golden");
  const std::vector<float> wanted = golden("resnet20_bn");
  EXPECT_EQ(agreeing(outputs_of("resnet20_folded", true, 50), wanted), 100);
  EXPECT_EQ(agreeing(outputs_of("resnet20_folded_convskip", true, 50), wanted), 100);
}

TEST(Golden, Resnet8) {
  CIMBALOM_NEEDS("golden");
  expect_golden("resnet8_cifar10_float", 100);
}

/// The order of a float32 sum decides how a value near one half is quantised, and it changes with batch and CPU:
/// a step of one code then travels through the rest of the network. So a few images may differ.
TEST(Golden, Resnet8Quantized) {
  CIMBALOM_NEEDS("golden");
  expect_golden("resnet8_cifar10_int8_qdq", 97);
}

/// Networks without images here: they must import, simplify, and give the same in a batch as one by one.
void expect_batch_agrees(const std::string& network) {
  graph::graph g = onnx::import_file(tests::shared_data() + "/networks/" + network + ".onnx");
  const auto whole = torch::load_float_executor(g);
  graph::simplify(g);
  const auto simplified = torch::load_float_executor(g);
  graph::shape_t shape = g.shape_of(g.inputs.at(0));
  const auto size = static_cast<std::size_t>(graph::element_count(shape));
  std::vector<float> values(3 * size);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 251) / 125.0F - 1.0F;
  shape[0] = 3;
  const std::vector<float> batch = whole->run({graph::tensor::of<float>(shape, values)}).at(0).as_floats();
  shape[0] = 1;
  const std::size_t row = batch.size() / 3;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    const std::vector<float> one(first, first + static_cast<std::ptrdiff_t>(size));
    const std::vector<float> y = simplified->run({graph::tensor::of<float>(shape, one)}).at(0).as_floats();
    for (std::size_t k = 0; k < row; ++k)
      EXPECT_NEAR(y[k], batch[i * row + k], 1e-4 * (1 + std::abs(static_cast<double>(y[k])))) << network;
  }
}

TEST(Golden, OtherNetworksRunInBatches) {
  CIMBALOM_NEEDS("networks");
  expect_batch_agrees("dscnn_kws_float");
  expect_batch_agrees("fcae_ad01_float");
}

}  // namespace
}  // namespace cimbalom
