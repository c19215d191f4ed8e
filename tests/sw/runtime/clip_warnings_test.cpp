#include "sw/runtime/clip_warnings.hpp"

#include <gmock/gmock.h>

#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

quantization::network stem() {
  test::network_builder b(9);
  quantization::network net = b.finish({b.conv(b.input(8, 8, 3), {})});
  net.layers[0].name = "stem";
  return net;
}

arithmetic::activity clipped(std::uint64_t of_100000) {
  arithmetic::activity activity;
  activity.conversions = 100'000;
  activity.clipped = of_100000;
  return activity;
}

TEST(clip_warnings, rare_clips_are_no_news) {
  EXPECT_THAT(clip_warnings(stem(), {clipped(0)}, {}), IsEmpty());
  EXPECT_THAT(clip_warnings(stem(), {clipped(100)}, {}), IsEmpty());
  EXPECT_THAT(clip_warnings(stem(), {}, {}), IsEmpty());
  EXPECT_THAT(clip_warnings(stem(), {arithmetic::activity{}}, {}), IsEmpty());
}

TEST(clip_warnings, say_what_to_change) {
  EXPECT_THAT(clip_warnings(stem(), {clipped(158)}, {}),
              ElementsAre("layer stem clips 0.158 % of its conversions: raise platform.macro.adc_bits to 6, lower "
                          "platform.macro.rows_active to 8, lower platform.macro.dac_bits, or set "
                          "platform.macro.adc_range to full, with less resolution"));
}

TEST(clip_warnings, follow_the_range_and_the_rows) {
  cim::macro_config macro;
  macro.adc_range = cim::adc_range::fixed;
  quantization::network net = stem();
  EXPECT_THAT(clip_warnings(net, {clipped(200)}, macro), ElementsAre(HasSubstr("adc_range to calibrated")));
  macro.adc_range = cim::adc_range::calibrated;
  net.layers[0].mvm.group_rows = 9;  // cannot clip: something else pushes codes out of range
  EXPECT_THAT(clip_warnings(net, {clipped(200)}, macro), ElementsAre(HasSubstr("platform.nonideality")));
  net.layers[0].mvm.group_rows = 0;
  macro.adc_bits = 1;
  EXPECT_THAT(clip_warnings(net, {clipped(200)}, macro),
              ElementsAre(AllOf(HasSubstr("adc_bits to 6"), Not(HasSubstr("rows_active")))));
}

}  // namespace
}  // namespace cimbalom::runtime
