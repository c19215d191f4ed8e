#include "sw/codesign/image_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace cimbalom::codesign {
namespace {

image_set numbered(std::size_t count, const graph::shape_t& shape) {
  image_set made;
  made.shape = shape;
  const auto values = static_cast<std::size_t>(graph::element_count(shape));
  for (std::size_t i = 0; i < count; ++i) {
    made.labels.push_back(static_cast<int>(i));
    for (std::size_t k = 0; k < values; ++k) made.pixels.push_back(static_cast<float>(100 * (i + 1) + k));
  }
  return made;
}

TEST(image_set, shuffling_is_a_permutation_of_the_seed) {
  const auto a = shuffled(100, 1);
  EXPECT_EQ(a, shuffled(100, 1));
  EXPECT_NE(a, shuffled(100, 2));
  EXPECT_EQ(std::set<std::size_t>(a.begin(), a.end()).size(), 100U);
}

TEST(image_set, validation_images_are_taken_out_of_the_training_images) {
  const index_split cut = cut_validation(50, 0.2, 7);
  EXPECT_EQ(cut.validation.size(), 10U);
  std::set<std::size_t> all(cut.train.begin(), cut.train.end());
  all.insert(cut.validation.begin(), cut.validation.end());
  EXPECT_EQ(all.size(), 50U);
  EXPECT_EQ(cut_validation(3, 0.01, 1).validation.size(), 1U);
}

TEST(image_set, a_batch_without_a_seed_is_as_it_was) {
  const image_set set = numbered(4, {1, 2, 2, 2});
  const image_batch batch = make_batch(set, {3, 1, 0, 2}, 1, 2, {true, 4, false}, 0);
  EXPECT_EQ(batch.labels, (std::vector<int>{1, 0}));
  EXPECT_EQ(batch.images.shape(), (graph::shape_t{2, 2, 2, 2}));
  EXPECT_EQ(batch.images.data<float>()[0], 200);
  EXPECT_EQ(batch.images.data<float>()[8], 100);
}

TEST(image_set, moves_are_a_shift_and_a_mirror_with_zeros_moving_in) {
  const image_set set = numbered(1, {1, 1, 1, 5});
  std::set<std::vector<float>> seen;
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    const image_batch batch = make_batch(set, {0}, 0, 1, {true, 1, false}, seed);
    const float* x = batch.images.data<float>();
    seen.insert({x, x + 5});
  }
  // Three shifts, mirrored or not; a shift down leaves nothing of a map of one row.
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(seen.count({100, 101, 102, 103, 104}), 1U);
  EXPECT_EQ(seen.count({104, 103, 102, 101, 100}), 1U);
  EXPECT_EQ(seen.count({0, 100, 101, 102, 103}), 1U);
  EXPECT_EQ(seen.count({0, 0, 0, 0, 0}), 1U);
}

TEST(image_set, channels_move_together_in_both_orders) {
  const image_set first = numbered(1, {1, 3, 4, 4}), last = numbered(1, {1, 4, 4, 3});
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const image_batch a = make_batch(first, {0}, 0, 1, {true, 2, false}, seed);
    const image_batch b = make_batch(last, {0}, 0, 1, {true, 2, true}, seed);
    const float* x = a.images.data<float>();
    const float* y = b.images.data<float>();
    for (int p = 0; p < 16; ++p) {
      EXPECT_EQ(x[p] == 0, y[3 * p] == 0);
      if (x[p] != 0) {
        EXPECT_EQ(x[p + 16] - x[p], 16);
        EXPECT_EQ(y[3 * p] - 100, 3 * (x[p] - 100));
      }
    }
  }
}

}  // namespace
}  // namespace cimbalom::codesign
