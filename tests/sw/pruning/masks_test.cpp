#include "sw/pruning/masks.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace cimbalom::pruning {
namespace {

TEST(masks, density_falls_from_one_to_the_target) {
  EXPECT_DOUBLE_EQ(density_at(0, 0.4), 1);
  EXPECT_DOUBLE_EQ(density_at(1, 0.4), 0.4);
  EXPECT_DOUBLE_EQ(density_at(7, 0.4), 0.4);
  for (double t = 0; t < 1; t += 0.1) EXPECT_GE(density_at(t, 0.4), density_at(t + 0.1, 0.4));
}

TEST(masks, saliency_sums_curvature_times_square) {
  EXPECT_EQ(saliency_of({1, -2, 3, 0}, {2, 1, 1, 9}, {0, 0, 1, 1}, 2), (std::vector<double>{3, 4.5}));
}

TEST(masks, the_cheapest_saliency_goes_first) {
  // The second layer's units cost four times as much: its saliency counts a quarter.
  const std::vector<candidate_layer> layers = {{{1, 5, 2, 9}, 1}, {{3, 30}, 4}};
  const auto made = choose_masks(layers, 7.0 / 12, 0);
  EXPECT_EQ(made[0], (mask{0, 1, 1, 1}));
  EXPECT_EQ(made[1], (mask{0, 1}));
  EXPECT_DOUBLE_EQ(density_of(layers, made), 7.0 / 12);
}

TEST(masks, every_layer_keeps_its_least_part) {
  const std::vector<candidate_layer> layers = {{{0, 0, 0, 0}, 1}, {{8, 9, 7, 6}, 1}};
  const auto made = choose_masks(layers, 0.25, 0.5);
  EXPECT_EQ(std::count(made[0].begin(), made[0].end(), 1), 2);
  EXPECT_EQ(made[1], (mask{1, 1, 0, 0}));
  const auto least = choose_masks(layers, 0.001, 0);
  EXPECT_EQ(std::count(least[0].begin(), least[0].end(), 1), 1);
  EXPECT_EQ(std::count(least[1].begin(), least[1].end(), 1), 1);
}

TEST(masks, density_one_keeps_all) {
  const auto made = choose_masks({{{0, 0, 1}, 2}}, 1, 0);
  EXPECT_EQ(made[0], (mask{1, 1, 1}));
}

}  // namespace
}  // namespace cimbalom::pruning
