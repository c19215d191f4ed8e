#include "sw/runtime/evaluate.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "platform/configuration/error.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/runtime/untimed_machine.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::runtime {
namespace {

using quantization::network;

image_source random_images(const network& net, std::size_t count) {
  const quantization::tensor& input = net.tensors[static_cast<std::size_t>(net.input)];
  image_source images;
  images.count = count;
  images.values = static_cast<std::size_t>(input.format.height * input.format.width * input.format.channels);
  images.fetch = [scale = input.scale, values = images.values](std::size_t image, float* to) {
    test::network_builder draw(50 + image);
    for (std::size_t i = 0; i < values; ++i) to[i] = static_cast<float>(scale * (draw.random(256) - 128));
  };
  images.label = [](std::size_t image) { return static_cast<int>(image % 3); };
  return images;
}

class evaluation_test : public ::testing::Test {
 protected:
  evaluation run(int threads, std::size_t images) {
    evaluate_options options;
    options.threads = threads;
    options.keep_outputs = true;
    return evaluate(net_, program_, hardware_.accelerator, hardware_.macro, {}, random_images(net_, images), options);
  }

  network net_ = test::residual_network(1, 16, 8);
  compiler::target hardware_;
  compiler::program program_ = compiler::compile(net_, hardware_);
};

TEST_F(evaluation_test, threads_change_nothing) {
  const evaluation one = run(1, 9), four = run(4, 9);
  EXPECT_EQ(one.outputs, four.outputs);
  EXPECT_EQ(one.predicted, four.predicted);
  EXPECT_EQ(one.correct, four.correct);
  EXPECT_EQ(one.images, 9U);
  EXPECT_EQ(one.labelled, 9U);
  ASSERT_EQ(one.layers.size(), four.layers.size());
  for (std::size_t i = 0; i < one.layers.size(); ++i) EXPECT_EQ(one.layers[i], four.layers[i]);
  EXPECT_GT(one.layers[0].conversions, 0U);
}

TEST_F(evaluation_test, without_labels_nothing_is_counted) {
  image_source images = random_images(net_, 2);
  images.label = nullptr;
  const evaluation got = evaluate(net_, program_, hardware_.accelerator, hardware_.macro, {}, images, {});
  EXPECT_EQ(got.images, 2U);
  EXPECT_EQ(got.labelled, 0U);
}

TEST_F(evaluation_test, stops_when_asked) {
  std::atomic<bool> stop{true};
  evaluate_options options;
  options.stop = &stop;
  const evaluation got =
      evaluate(net_, program_, hardware_.accelerator, hardware_.macro, {}, random_images(net_, 5), options);
  EXPECT_EQ(got.images, 0U);
  EXPECT_EQ(got.predicted, std::vector<int>(5, -1));
}

TEST_F(evaluation_test, lossless_conversion_is_the_plain_integer_network) {
  const lossless_form form = make_lossless(net_, hardware_.macro);
  compiler::target hardware = hardware_;
  hardware.macro = form.macro;
  const compiler::program program = compiler::compile(form.network, hardware);
  untimed_machine machine(form.network, program, hardware.accelerator, hardware.macro);
  quantization::reference_executor plain(form.network);
  const image_source images = random_images(net_, 3);
  std::vector<float> image(images.values);
  for (std::size_t i = 0; i < images.count; ++i) {
    images.fetch(i, image.data());
    EXPECT_EQ(machine.run(image.data(), i), plain.run(image.data()));
  }
}

TEST_F(evaluation_test, an_adc_with_enough_bits_is_lossless_too) {
  hardware_.macro.adc_bits = 6;  // 16 rows of two input bits: sums up to 48
  const compiler::program program = compiler::compile(net_, hardware_);
  untimed_machine machine(net_, program, hardware_.accelerator, hardware_.macro);
  quantization::reference_executor plain(net_);
  const image_source images = random_images(net_, 2);
  std::vector<float> image(images.values);
  for (std::size_t i = 0; i < images.count; ++i) {
    images.fetch(i, image.data());
    EXPECT_EQ(machine.run(image.data(), i), plain.run(image.data()));
  }
}

TEST_F(evaluation_test, a_broken_program_is_reported_with_its_layer) {
  for (registers::command& one : program_.segments[0].commands) {
    if (one.op == registers::opcode::compute) one.descriptor += 4;
  }
  try {
    run(2, 3);
    FAIL() << "no error";
  } catch (const run_error& error) {
    EXPECT_NE(std::string(error.what()).find("conv0"), std::string::npos) << error.what();
  }
}

TEST(top_class, first_of_equals) {
  EXPECT_EQ(top_class({1, 3, 3, 2}), 1);
  EXPECT_EQ(top_class({}), -1);
}

}  // namespace
}  // namespace cimbalom::runtime
