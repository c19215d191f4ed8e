#include "sw/datasets/preprocess.hpp"

#include <gmock/gmock.h>

#include "sw/datasets/array_dataset.hpp"
#include "tests/sw/datasets/test_files.hpp"

namespace cimbalom::datasets {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class preprocessing : public folder_test {};

TEST_F(preprocessing, reads_scale_mean_and_std) {
  const std::string file = write("m.yaml", std::string("input:\n  scale: 0.5\n  mean: [1, 2, 3]\n  std: 2\n"));
  const preprocess steps = read_preprocess(file);
  EXPECT_EQ(steps.scale, 0.5F);
  EXPECT_EQ(steps.mean, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(steps.std, (std::vector<float>{2}));
  EXPECT_EQ(steps.file, file);
}

TEST_F(preprocessing, is_found_beside_the_model) {
  write("net.yaml", std::string("input: {scale: 4}\n"));
  const std::string other = write("other.yaml", std::string("input: {scale: 8}\n"));
  EXPECT_EQ(find_preprocess("", path("net.onnx")).scale, 4.0F);
  EXPECT_EQ(find_preprocess(other, path("net.onnx")).scale, 8.0F);
  const preprocess none = find_preprocess("", path("absent.onnx"));
  EXPECT_EQ(none.scale, 1.0F);
  EXPECT_TRUE(none.file.empty());
}

TEST_F(preprocessing, names_file_line_and_key) {
  const auto refused = [&](const std::string& text) {
    const std::string file = write("bad.yaml", text);
    const std::string line = refusal([&] { read_preprocess(file); });
    EXPECT_THAT(line, HasSubstr("bad.yaml"));
    return line;
  };
  EXPECT_THAT(refused("input:\n  scale: 1\n  gain: 2\n"),
              AllOf(HasSubstr(":3: input.gain"), HasSubstr("scale, mean, std")));
  EXPECT_THAT(refused("other: 1\n"), AllOf(HasSubstr(":1: other"), HasSubstr("input")));
  EXPECT_THAT(refused("input:\n  scale: fast\n"), HasSubstr(":2: input.scale = fast: a number"));
  EXPECT_THAT(refused("input:\n  scale: .inf\n"), HasSubstr("a finite number"));
  EXPECT_THAT(refused("input:\n  std: [1, 0]\n"), HasSubstr(":2: input.std"));
  EXPECT_THAT(refused("input:\n  mean: {a: 1}\n"), HasSubstr("input.mean"));
  EXPECT_THAT(refused("input: 3\n"), HasSubstr("a map"));
  EXPECT_THAT(refused("input: [1\n"), HasSubstr("not YAML"));
  EXPECT_THAT(refusal([&] { read_preprocess(path("none.yaml")); }), HasSubstr("cannot be opened"));
}

class pipeline : public testing::Test {
 protected:
  array_dataset<std::uint8_t> data_{{2, 1, 2}, {10, 20, 30, 40, 1, 2, 3, 4}, {}};
};

TEST_F(pipeline, applies_channel_by_channel) {
  preprocess steps;
  steps.scale = 0.5F;
  steps.mean = {5, 10};
  steps.std = {1, 2};
  const input_pipeline pipe(data_, "npy:x", steps, {1, 2, 1, 2}, "input");
  EXPECT_EQ(pipe.fetch(0), (std::vector<float>{0, 5, 2.5F, 5}));
}

TEST_F(pipeline, reorders_for_channels_last_inputs) {
  const input_pipeline pipe(data_, "npy:x", {}, {1, 1, 2, 2}, "input");
  EXPECT_EQ(pipe.fetch(1), (std::vector<float>{1, 3, 2, 4}));
  const input_pipeline flat(data_, "npy:x", {}, {1, 4}, "input");
  EXPECT_EQ(flat.fetch(1), (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(pipeline, names_shapes_that_do_not_match) {
  EXPECT_THAT(refusal([&] {
                input_pipeline(data_, "npy:x", {}, {1, 3, 32, 32}, "image");
              }),
              AllOf(HasSubstr("npy:x"), HasSubstr("[2, 1, 2]"), HasSubstr("[3, 32, 32]"), HasSubstr("'image'")));
  preprocess steps;
  steps.mean = {1, 2, 3};
  EXPECT_THAT(refusal([&] {
                input_pipeline(data_, "npy:x", steps, {1, 2, 1, 2}, "image");
              }),
              AllOf(HasSubstr("input.mean = 3 entries"), HasSubstr("1 or 2")));
}

}  // namespace
}  // namespace cimbalom::datasets
