#include "sw/codesign/pairing/slot_packing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

namespace cimbalom::codesign {
namespace {

void check_packing(const packing& packed, const std::vector<int>& columns, const packing_limits& limits) {
  std::vector<int> seen(columns.size());
  for (const slot_items& slot : packed.slots) {
    RC_ASSERT(!slot.empty());
    RC_ASSERT(slot.size() <= static_cast<std::size_t>(limits.per_slot));
    int sum = 0;
    for (const int item : slot) {
      sum += columns.at(static_cast<std::size_t>(item));
      ++seen[static_cast<std::size_t>(item)];
    }
    RC_ASSERT(sum <= limits.capacity);
  }
  for (const int count : seen) RC_ASSERT(count == 1);
  RC_ASSERT(packed.slots.size() >= packed.bound);
}

// The fewest slots, by trying everything.
std::size_t fewest(const std::vector<int>& columns, const packing_limits& limits) {
  std::size_t best = columns.size();
  std::vector<std::pair<int, int>> slots;  // columns, items
  const std::function<void(std::size_t)> place = [&](std::size_t i) {
    if (slots.size() >= best) return;
    if (i == columns.size()) {
      best = slots.size();
      return;
    }
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (slots[s].first + columns[i] > limits.capacity || slots[s].second == limits.per_slot) continue;
      slots[s].first += columns[i];
      ++slots[s].second;
      place(i + 1);
      slots[s].first -= columns[i];
      --slots[s].second;
    }
    slots.emplace_back(columns[i], 1);
    place(i + 1);
    slots.pop_back();
  };
  place(0);
  return best;
}

TEST(slot_packing, complements_share) {
  const packing packed = pack_slots({6, 4, 2, 4, 7, 1}, {}, {});
  EXPECT_EQ(packed.slots, (std::vector<slot_items>{{0, 2}, {1, 3}, {4, 5}}));
  EXPECT_EQ(packed.bound, 3U);
}

TEST(slot_packing, one_each_without_pairing) {
  packing_limits limits;
  limits.per_slot = 1;
  EXPECT_EQ(pack_slots({1, 1, 1}, {}, limits).slots.size(), 3U);
}

TEST(slot_packing, three_in_a_slot) {
  packing_limits limits;
  limits.per_slot = 8;
  const packing packed = pack_slots({3, 3, 2, 3, 3, 2}, {}, limits);
  EXPECT_EQ(packed.slots.size(), 2U);
}

// Best fit takes four slots (6, 5, 3+3.., ..); the search finds three.
TEST(slot_packing, search_beats_best_fit) {
  packing_limits limits;
  limits.capacity = 10;
  limits.per_slot = 10;
  const packing packed = pack_slots({5, 4, 3, 3, 3, 2}, {}, limits);
  EXPECT_EQ(packed.slots.size(), 2U);
}

TEST(slot_packing, sensitive_filters_are_kept_apart) {
  const packing packed = pack_slots({4, 4, 4, 4}, {10, 10, 1, 1}, {});
  ASSERT_EQ(packed.slots.size(), 2U);
  for (const slot_items& slot : packed.slots) EXPECT_TRUE((slot[0] < 2) != (slot[1] < 2));
}

TEST(slot_packing, exchanges_keep_many_sensitive_filters_apart) {
  std::vector<double> sensitivity(400, 1.0);
  std::fill(sensitivity.begin(), sensitivity.begin() + 200, 5.0);
  const packing packed = pack_slots(std::vector<int>(400, 4), sensitivity, {});
  ASSERT_EQ(packed.slots.size(), 200U);
  for (const slot_items& slot : packed.slots) EXPECT_TRUE((slot[0] < 200) != (slot[1] < 200));
}

TEST(slot_packing, refuses_what_does_not_fit) {
  EXPECT_THROW(pack_slots({9}, {}, {}), std::invalid_argument);
  EXPECT_THROW(pack_slots({0}, {}, {}), std::invalid_argument);
}

RC_GTEST_PROP(slot_packing_property, every_item_once_within_the_slot, ()) {
  packing_limits limits;
  limits.capacity = *rc::gen::inRange(1, 17);
  limits.per_slot = *rc::gen::inRange(1, 9);
  const auto columns = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, limits.capacity + 1));
  check_packing(pack_slots(columns, {}, limits), columns, limits);
  std::vector<double> sensitivity;
  for (const int c : columns) sensitivity.push_back(c % 3);
  check_packing(pack_slots(columns, sensitivity, limits), columns, limits);
}

RC_GTEST_PROP(slot_packing_property, fewest_slots, ()) {
  packing_limits limits;
  limits.per_slot = *rc::gen::inRange(1, 5);
  const auto size = *rc::gen::inRange<std::size_t>(1, 9);
  const auto columns = *rc::gen::container<std::vector<int>>(size, rc::gen::inRange(1, limits.capacity + 1));
  const std::size_t best = fewest(columns, limits);
  const packing packed = pack_slots(columns, {}, limits);
  RC_ASSERT(packed.slots.size() == best);
  RC_ASSERT(packed.bound <= best);
}

}  // namespace
}  // namespace cimbalom::codesign
