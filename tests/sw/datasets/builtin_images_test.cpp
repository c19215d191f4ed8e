#include "sw/datasets/builtin_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <set>

#include "sw/datasets/builtin_network.hpp"

namespace cimbalom::datasets {
namespace {

std::uint64_t checksum(split part, std::size_t records) {
  const builtin_images data(part);
  std::uint64_t hash = 1469598103934665603ULL;
  for (std::size_t i = 0; i < records; ++i)
    for (const std::uint8_t byte : data.draw(i)) hash = (hash ^ byte) * 1099511628211ULL;
  return hash;
}

TEST(builtin_images, same_bytes_everywhere) {
  EXPECT_EQ(checksum(split::train, 50), 16988836152213474417ULL);
  EXPECT_EQ(checksum(split::test, 50), 14752927548582561546ULL);
}

TEST(builtin_images, splits_differ_and_classes_are_balanced) {
  std::set<builtin_images::image> seen;
  for (const split part : {split::train, split::validation, split::test}) {
    const builtin_images data(part);
    std::vector<int> counts(10, 0);
    for (std::size_t i = 0; i < 100; ++i) {
      EXPECT_TRUE(seen.insert(data.draw(i)).second);
      ++counts[static_cast<std::size_t>(*data.label(i))];
    }
    EXPECT_EQ(counts, std::vector<int>(10, 10));
    EXPECT_EQ(data.size() % 10, 0U);
  }
}

TEST(builtin_images, pixels_are_the_bytes_drawn) {
  const builtin_images data(split::test);
  const builtin_images::image bytes = data.draw(3);
  const std::vector<float> values = data.pixels(3);
  ASSERT_EQ(values.size(), bytes.size());
  for (std::size_t k = 0; k < bytes.size(); ++k) EXPECT_EQ(values[k], static_cast<float>(bytes[k]));
}

// Softmax regression by stochastic gradient descent: the best that a linear classifier of the pixels does.
class linear_classifier {
 public:
  static constexpr std::size_t inputs = builtin_images::image_bytes;

  int predict(const std::vector<float>& x, std::vector<float>& p) const {
    for (std::size_t c = 0; c < 10; ++c)
      p[c] =
          std::inner_product(x.begin(), x.end(), weights_.begin() + static_cast<std::ptrdiff_t>(c * inputs), bias_[c]);
    return static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin());
  }
  void learn(const std::vector<float>& x, int label, float rate) {
    std::vector<float> p(10);
    predict(x, p);
    const float largest = *std::max_element(p.begin(), p.end());
    float sum = 0;
    for (float& value : p) sum += value = std::exp(value - largest);
    for (std::size_t c = 0; c < 10; ++c) {
      const float error = p[c] / sum - (static_cast<int>(c) == label ? 1.0F : 0.0F);
      float* w = weights_.data() + c * inputs;
      for (std::size_t k = 0; k < inputs; ++k) w[k] -= rate * error * x[k];
      bias_[c] -= rate * error;
    }
  }

 private:
  std::vector<float> weights_ = std::vector<float>(10 * inputs, 0.0F);
  std::vector<float> bias_ = std::vector<float>(10, 0.0F);
};

std::vector<float> normalised(const builtin_images& data, std::size_t i) {
  std::vector<float> x = data.pixels(i);
  for (float& value : x) value = (value / 255 - 0.5F) / 0.25F;
  return x;
}

TEST(builtin_images, a_linear_classifier_stays_under_60_percent) {
  const builtin_images train(split::train), test(split::test);
  std::vector<std::vector<float>> images;
  for (std::size_t i = 0; i < 4000; ++i) images.push_back(normalised(train, i));
  linear_classifier classifier;
  for (int epoch = 0; epoch < 4; ++epoch)
    for (std::size_t i = 0; i < images.size(); ++i)
      classifier.learn(images[(i * 1237) % images.size()], static_cast<int>((i * 1237) % images.size() % 10),
                       0.002F / static_cast<float>(1 + epoch));
  const auto top1 = [&](const builtin_images& data, std::size_t count) {
    std::size_t right = 0;
    std::vector<float> p(10);
    for (std::size_t i = 0; i < count; ++i)
      right += classifier.predict(normalised(data, i), p) == *data.label(i) ? 1 : 0;
    return 100.0 * static_cast<double>(right) / static_cast<double>(count);
  };
  RecordProperty("linear_test_top1", std::to_string(top1(test, 1000)));
  std::printf("linear classifier: train %.1f %%, test %.1f %%\n", top1(train, 1000), top1(test, 1000));
  EXPECT_LT(top1(test, 1000), 60);
}

TEST(builtin_network, is_embedded) {
  EXPECT_GT(builtin_onnx().size(), 100000U);
  EXPECT_LT(builtin_onnx().size(), 1U << 20);
  EXPECT_NE(builtin_onnx().find("BatchNormalization"), std::string_view::npos);
  EXPECT_NE(builtin_preprocess().find("mean"), std::string_view::npos);
}

}  // namespace
}  // namespace cimbalom::datasets
