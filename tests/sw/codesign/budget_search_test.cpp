#include "sw/codesign/budget_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

namespace cimbalom::codesign {
namespace {

double noise(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<double>((state >> 40) + 1) / 16777216.0;
}

/// Layers in a chain, each fed by the value before it; fewer passes and slices lose more.
budget_problem chain(std::size_t layers, std::uint64_t seed, double part) {
  budget_problem made;
  double dense = 0;
  for (std::size_t l = 0; l < layers; ++l) {
    const double size = 0.2 + noise(seed);
    double loss = 0;
    layer_candidates c{l, {}};
    for (int passes = 3; passes > 0; --passes) {
      c.options.push_back({passes, loss, size * passes});
      loss = loss * 2 + noise(seed);
    }
    double value_loss = 0;
    value_candidates v;
    for (const int bits : {8, 6, 4}) {
      v.push_back({bits, bits / 2, value_loss});
      value_loss = value_loss * 3 + 0.5 * noise(seed);
    }
    dense += c.options[0].slice_cost * 4;
    made.layers.push_back(c);
    made.values.push_back(v);
  }
  made.most = part * dense;
  return made;
}

double exhaustive(const budget_problem& p) {
  double best = std::numeric_limits<double>::infinity();
  const std::function<void(std::size_t, double, double)> choose = [&](std::size_t l, double cost, double loss) {
    if (cost > p.most || loss >= best) return;
    if (l == p.layers.size()) {
      best = loss;
      return;
    }
    for (const layer_option& o : p.layers[l].options)
      for (const value_option& v : p.values[l]) choose(l + 1, cost + o.slice_cost * v.slices, loss + o.loss + v.loss);
  };
  choose(0, 0, 0);
  return best;
}

TEST(budget_search, keeps_the_budget_and_comes_close_to_exhaustive_search) {
  double found = 0, best = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const double part : {0.8, 0.5, 0.3}) {
      const budget_problem p = chain(5, seed, part);
      const budget_choice made = search(p);
      ASSERT_TRUE(made.met) << seed;
      EXPECT_LE(made.cost, p.most * (1 + 1e-9));
      const double least = exhaustive(p);
      EXPECT_GE(made.loss, least * (1 - 1e-9));
      EXPECT_LE(made.loss, least * 1.25) << seed << " " << part;
      found += made.loss;
      best += least;
    }
  EXPECT_LE(found, best * 1.02);
}

TEST(budget_search, changes_nothing_that_the_budget_allows) {
  const budget_choice made = search(chain(4, 3, 1));
  EXPECT_EQ(made.layers, std::vector<std::size_t>(4, 0));
  EXPECT_EQ(made.values, std::vector<std::size_t>(4, 0));
  EXPECT_EQ(made.loss, 0);
}

TEST(budget_search, tells_when_nothing_is_so_cheap) {
  const budget_problem p = chain(4, 3, 0.01);
  const budget_choice made = search(p);
  EXPECT_FALSE(made.met);
  EXPECT_EQ(made.layers, std::vector<std::size_t>(4, 2));
  EXPECT_EQ(made.values, std::vector<std::size_t>(4, 2));
  EXPECT_GT(made.cost, p.most);
}

TEST(budget_search, a_value_that_many_layers_read_counts_for_all) {
  // Two layers read one value: its width saves in both, so it goes first.
  budget_problem p;
  p.layers = {{0, {{2, 0, 2}, {1, 1, 1}}}, {0, {{2, 0, 2}, {1, 1, 1}}}};
  p.values = {{{8, 4, 0}, {4, 2, 1.5}}};
  p.most = 8;
  const budget_choice made = search(p);
  EXPECT_EQ(made.values, std::vector<std::size_t>{1});
  EXPECT_EQ(made.layers, std::vector<std::size_t>(2, 0));
}

}  // namespace
}  // namespace cimbalom::codesign
