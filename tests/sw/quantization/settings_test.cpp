#include "sw/quantization/settings.hpp"

#include <gmock/gmock.h>

#include "sw/quantization/calibration.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

using testing::HasSubstr;

TEST(settings, name_what_is_out_of_range) {
  const auto refused = [](auto change) {
    quantization_settings s;
    change(s);
    return refusal([&] { s.validate(); });
  };
  EXPECT_THAT(refused([](auto& s) { s.weight_bits = 0; }), HasSubstr("quantization.weight_bits = 0: 1..16"));
  EXPECT_THAT(refused([](auto& s) { s.layer_bits["conv1"] = 17; }), HasSubstr("layer_bits.conv1 = 17: 1..16"));
  EXPECT_THAT(refused([](auto& s) { s.activation_bits = 1; }), HasSubstr("activation_bits = 1: 2..16"));
  EXPECT_THAT(refused([](auto& s) { s.calibration_images = 0; }), HasSubstr("calibration_images = 0"));
  EXPECT_THAT(refused([](auto& s) { s.percentile = 101; }), HasSubstr("percentile"));
  EXPECT_THAT(refusal([] { calibration_method_of("best"); }), HasSubstr("min_max, percentile or mse"));
  EXPECT_EQ(calibration_method_of("percentile"), calibration_method::percentile);
  quantization_settings().validate();
}

TEST(histogram, methods_differ_on_an_outlier) {
  std::vector<float> values = noise(20000, 1);
  values[7] = 50;
  histogram counts(-1, 50);
  counts.add(values.data(), values.size());
  quantization_settings s;
  s.method = calibration_method::min_max;
  EXPECT_EQ(counts.range(s).high, 50);
  s.method = calibration_method::percentile;
  s.percentile = 99.9;
  EXPECT_NEAR(counts.range(s).high, 1, 0.1);
  EXPECT_NEAR(counts.range(s).low, -1, 0.1);
  s.method = calibration_method::mse;
  s.activation_bits = 4;
  EXPECT_LT(counts.range(s).high, 20);
}

TEST(histogram, contains_zero_and_takes_constants) {
  histogram counts(3, 5);
  const std::vector<float> values = {3, 4, 5};
  counts.add(values.data(), values.size());
  quantization_settings s;
  EXPECT_EQ(counts.range(s).low, 0);
  EXPECT_NEAR(counts.range(s).high, 5, 0.1);
  EXPECT_EQ(histogram(0, 0).range(s).high, 0);
}

}  // namespace
}  // namespace cimbalom::quantization
