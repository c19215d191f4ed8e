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
