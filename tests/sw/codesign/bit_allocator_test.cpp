#include "sw/codesign/bit_allocator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace cimbalom::codesign {
namespace {

using widths = std::vector<std::uint8_t>;

/// Numbers that look random and are the same everywhere, in (0, 1].
double noise(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<double>((state >> 40) + 1) / 16777216.0;
}

/// Costs that fall fourfold a bit, as rounding errors do.
std::vector<width_costs> falling(std::size_t count, std::uint64_t seed) {
  std::vector<width_costs> made(count);
  for (width_costs& filter : made) {
    double cost = noise(seed) * noise(seed);
    for (double& at : filter) {
      at = cost;
      cost *= 0.2 + 0.1 * noise(seed);
    }
  }
  return made;
}

double total(const std::vector<width_costs>& costs, const widths& bits) {
  double sum = 0;
  for (std::size_t f = 0; f < bits.size(); ++f) sum += costs[f].at(bits[f] - 1U);
  return sum;
}

TEST(bit_allocator, a_pass_is_filled_to_the_last_column) {
  const auto allocator = make_allocator(allocation_method::sensitivity);
  for (const std::size_t filters : {13U, 16U, 21U, 22U, 24U})
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      const widths bits = allocator->allocate(falling(filters, seed), {12, 8, 96.0 / static_cast<double>(filters)});
      EXPECT_EQ(std::accumulate(bits.begin(), bits.end(), 0), 96) << filters;
      EXPECT_EQ(slots_needed(bits, 8), 12) << filters;
    }
}

TEST(bit_allocator, filters_that_fit_alone_get_whole_slots) {
  const auto allocator = make_allocator(allocation_method::distortion);
  EXPECT_EQ(allocator->allocate(falling(10, 3), {12, 8, 6}), widths(10, 8));
}

TEST(bit_allocator, a_mean_below_half_a_slot_is_kept) {
  const auto allocator = make_allocator(allocation_method::sensitivity);
  const widths bits = allocator->allocate(falling(24, 9), {12, 8, 3});
  EXPECT_LE(std::accumulate(bits.begin(), bits.end(), 0), 72);
  EXPECT_LE(slots_needed(bits, 8), 12);
  EXPECT_GE(*std::min_element(bits.begin(), bits.end()), 1);
}

TEST(bit_allocator, sensitive_filters_get_the_bits) {
  std::vector<width_costs> costs(4);
  for (std::size_t f = 0; f < 4; ++f)
    for (std::size_t b = 0; b < 8; ++b) costs[f][b] = (f == 2 ? 1000.0 : 1.0) / static_cast<double>(1U << (2 * b));
  const widths bits = make_allocator(allocation_method::sensitivity)->allocate(costs, {3, 8, 6});
  EXPECT_EQ(bits[2], 8);
  EXPECT_EQ(std::accumulate(bits.begin(), bits.end(), 0), 24);
}

/// Least cost over all ways to pair four or five filters into slots.
double least(const std::vector<width_costs>& costs, int slots) {
  double best = std::numeric_limits<double>::infinity();
  widths bits(costs.size(), 1);
  const std::function<void(std::size_t)> choose = [&](std::size_t f) {
    if (f == bits.size()) {
      if (slots_needed(bits, 8) <= slots) best = std::min(best, total(costs, bits));
      return;
    }
    for (std::uint8_t b = 1; b <= 8; ++b) {
      bits[f] = b;
      choose(f + 1);
    }
  };
  choose(0);
  return best;
}

TEST(bit_allocator, comes_close_to_exhaustive_search) {
  const auto allocator = make_allocator(allocation_method::sensitivity);
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    for (const int slots : {2, 3}) {
      const auto costs = falling(4, seed);
      const double found = total(costs, allocator->allocate(costs, {slots, 8, slots * 2.0}));
      EXPECT_LE(found, least(costs, slots) * 1.0001) << seed << " " << slots;
    }
}

TEST(bit_allocator, costs_are_weighted_rounding_errors) {
  const std::vector<float> weights = {0.5F, -1.0F, 0.25F, 0.8F};
  const std::vector<float> curvature = {0, 0, 0, 4};
  const auto by_loss = make_allocator(allocation_method::sensitivity)->costs(weights.data(), curvature.data(), 4, 8);
  const auto by_error = make_allocator(allocation_method::distortion)->costs(weights.data(), curvature.data(), 4, 8);
  for (std::size_t b = 1; b < 8; ++b) EXPECT_LE(by_error[b], by_error[b - 1]);
  EXPECT_GT(by_error[0], by_error[7] * 100);
  EXPECT_NE(by_loss[1], by_error[1]);
}

TEST(bit_allocator, slots_of_given_widths) {
  EXPECT_EQ(slots_needed({8, 8}, 8), 2);
  EXPECT_EQ(slots_needed({4, 4, 4}, 8), 2);
  EXPECT_EQ(slots_needed({5, 4, 3, 4}, 8), 2);
  EXPECT_EQ(slots_needed({7, 1, 6, 3}, 8), 3);
  EXPECT_EQ(slots_needed({}, 8), 0);
}

TEST(bit_allocator, too_many_filters_are_a_logic_error) {
  EXPECT_THROW(make_allocator(allocation_method::distortion)->allocate(falling(25, 1), {12, 8, 4}), std::logic_error);
}

}  // namespace
}  // namespace cimbalom::codesign
