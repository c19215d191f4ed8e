#include "sw/quantization/adc_calibration.hpp"

#include <gmock/gmock.h>

#include "models/arithmetic/adc.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::quantization {
namespace {

network one_layer(double low, std::uint64_t channels = 16) {
  graph::graph g;
  const value_id x = input(g, {1, static_cast<std::int64_t>(channels), 6, 6});
  g.outputs = {conv(g, "c", x, {8, static_cast<std::int64_t>(channels), 3, 3}, {{"pads", ints{1, 1, 1, 1}}}, false)};
  return quantize(prepare(g), {}, wide_ranges(g, low, 1));
}

std::vector<std::vector<float>> images(const network& net, std::size_t count) {
  std::vector<std::vector<float>> result;
  for (std::size_t k = 0; k < count; ++k)
    result.push_back(noise(graph::element_count(net.tensors[static_cast<std::size_t>(net.input)].shape), 100 + k));
  return result;
}

TEST(adc_calibration, follows_the_rule_of_the_range) {
  network net = one_layer(0);
  const arithmetic::macro_shape shape;
  EXPECT_EQ(calibrate_adc(net, shape, cim::adc_range::full, 16, {})[0].step_sixteenths, 25);  // 48 / 31
  EXPECT_EQ(net.layers[0].mvm.adc_step_sixteenths, 25);
  EXPECT_EQ(calibrate_adc(net, shape, cim::adc_range::fixed, 20, {})[0].step_sixteenths, 20);
  EXPECT_THAT(refusal([&] { calibrate_adc(net, shape, cim::adc_range::calibrated, 16, {}); }),
              testing::HasSubstr("calibration images are needed"));
  arithmetic::macro_shape digital;
  digital.kind = arithmetic::macro_kind::digital;
  EXPECT_EQ(calibrate_adc(net, digital, cim::adc_range::full, 16, {})[0].step_sixteenths, 16);
}

// The calibrated step is the one with the smallest error that the reference executor measures on the same pixels.
TEST(adc_calibration, finds_the_least_error) {
  for (const double low : {0.0, -1.0})
    for (const int rows : {16, 64}) {
      network net = one_layer(low, 64);
      arithmetic::macro_shape shape;
      shape.rows_active = rows;
      shape.dac_bits = rows == 64 ? 1 : 2;
      const auto data = images(net, 2);
      const adc_choice chosen = calibrate_adc(net, shape, cim::adc_range::calibrated, 16, data, 1000)[0];
      reference_executor plain(net);
      const auto error = [&](int step) {
        network other = net;
        other.layers[0].mvm.adc_step_sixteenths = step;
        other.tensors[1].format.bits = 16;  // fine enough to see the error of y
        other.tensors[1].format.is_signed = true;
        other.tensors[1].format.zero_point = 0;
        other.tensors[1].scale = 1.0 / 1024;
        other.layers[0].clamp_low = -32768;
        other.layers[0].clamp_high = 32767;
        reference_executor exact(other), macro(other, shape);
        double sum = 0;
        for (const auto& image : data) {
          exact.run(image.data());
          macro.run(image.data());
          for (std::size_t k = 0; k < exact.codes(1).size(); ++k)
            sum += std::pow(exact.codes(1)[k] - macro.codes(1)[k], 2);
        }
        return sum;
      };
      const double least = error(chosen.step_sixteenths);
      for (int step = 16; step <= arithmetic::full_range_step_sixteenths(shape); ++step)
        EXPECT_GE(error(step) * 1.02 + 1000, least) << "step " << step << " against " << chosen.step_sixteenths;
    }
}

std::vector<std::vector<float>> bright_images(const network& net, std::size_t count) {
  std::vector<std::vector<float>> result = images(net, count);
  for (auto& image : result)
    for (float& value : image) value = 0.95F + 0.04F * std::abs(value);
  return result;
}

// 27 rows of bright pixels: 16 of them clip, 9 cannot (9 * 3 = 27 <= 31).
TEST(adc_calibration, splits_flattened_layers_that_clip) {
  network net = one_layer(0, 3);
  for (std::int16_t& weight : net.layers[0].mvm.weights) weight = static_cast<std::int16_t>(weight | 63);
  const arithmetic::macro_shape shape;
  const auto data = bright_images(net, 2);
  const adc_choice chosen = calibrate_adc(net, shape, cim::adc_range::calibrated, 16, data)[0];
  EXPECT_EQ(chosen.group_rows, 9);
  EXPECT_EQ(chosen.step_sixteenths, 16);
  EXPECT_EQ(chosen.relative_error, 0);
  EXPECT_EQ(chosen.clipped_fraction, 0);
  EXPECT_EQ(net.layers[0].mvm.group_rows, 9);
  reference_executor plain(net), macro(net, shape);
  plain.run(data[0].data());
  macro.run(data[0].data());
  EXPECT_EQ(plain.codes(1), macro.codes(1));
  EXPECT_EQ(macro.clipped(), 0U);
  // A rule leaves no split behind.
  EXPECT_EQ(calibrate_adc(net, shape, cim::adc_range::full, 16, {})[0].group_rows, 0);
  EXPECT_EQ(net.layers[0].mvm.group_rows, 0);
}

TEST(adc_calibration, splits_no_layer_that_need_not) {
  network dim = one_layer(0, 3);
  auto data = images(dim, 2);
  for (auto& image : data)
    for (float& value : image) value = 0.2F * std::abs(value);
  const arithmetic::macro_shape shape;
  EXPECT_EQ(calibrate_adc(dim, shape, cim::adc_range::calibrated, 16, data)[0].group_rows, 0);
  network channels = one_layer(0, 16);
  const auto bright = bright_images(channels, 2);
  EXPECT_EQ(calibrate_adc(channels, shape, cim::adc_range::calibrated, 16, bright)[0].group_rows, 0);
  arithmetic::macro_shape coarse;  // not even one row fits
  coarse.adc_bits = 1;
  network stem = one_layer(0, 3);
  EXPECT_EQ(calibrate_adc(stem, coarse, cim::adc_range::calibrated, 16, bright_images(stem, 2))[0].group_rows, 0);
}

TEST(adc_calibration, without_images_splits_what_flat_patches_clip) {
  network stem = one_layer(0, 3);
  for (std::int16_t& weight : stem.layers[0].mvm.weights) weight = static_cast<std::int16_t>(weight | 63);
  const arithmetic::macro_shape shape;
  group_rows_without_images(stem, shape, cim::adc_range::calibrated);
  EXPECT_EQ(stem.layers[0].mvm.group_rows, 9);
  group_rows_without_images(stem, shape, cim::adc_range::full);
  EXPECT_EQ(stem.layers[0].mvm.group_rows, 0) << "only calibration splits";
  arithmetic::macro_shape fine;
  fine.adc_bits = 8;
  group_rows_without_images(stem, fine, cim::adc_range::calibrated);
  EXPECT_EQ(stem.layers[0].mvm.group_rows, 0) << "nothing clips";
  network wide = one_layer(0, 16);
  group_rows_without_images(wide, shape, cim::adc_range::calibrated);
  EXPECT_EQ(wide.layers[0].mvm.group_rows, 0) << "whole channels";
}

TEST(adc_calibration, is_repeatable) {
  network a = one_layer(-1), b = one_layer(-1);
  const arithmetic::macro_shape shape;
  const auto data = images(a, 3);
  const adc_choice first = calibrate_adc(a, shape, cim::adc_range::calibrated, 16, data)[0];
  const adc_choice second = calibrate_adc(b, shape, cim::adc_range::calibrated, 16, data)[0];
  EXPECT_EQ(first.step_sixteenths, second.step_sixteenths);
  EXPECT_EQ(first.relative_error, second.relative_error);
}

}  // namespace
}  // namespace cimbalom::quantization
