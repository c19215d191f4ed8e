#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cimbalom::codesign {

/// Items that lie in one slot, by index into the list that was packed.
using slot_items = std::vector<int>;

/// Slots of at most `per_slot` items, and how good that is.
struct packing {
  std::vector<slot_items> slots;  ///< items of a slot by falling columns, then by index; slots by their first item
  std::size_t bound = 0;          ///< no packing has fewer slots
};

struct packing_limits {
  int capacity = 8;                      ///< columns of a slot
  int per_slot = 2;                      ///< items that may share one
  std::uint64_t search_nodes = 100'000;  ///< of the exact search, for more than two items a slot
};

/// Puts items of `columns` (1 .. capacity) into as few slots as possible.
/// per_slot 1: one each. per_slot 2: a maximum matching of the items that fit together, so always the fewest slots;
/// with `sensitivity` (empty, or one an item, >= 0) partners are then exchanged while that lowers the sum of products
/// of the sensitivities that share a slot. More: best fit by falling columns, then an exact search over the multiset of
/// columns where that exceeds the bound; if the search ends at
/// `search_nodes`, the best so far. std::invalid_argument for an item that does not fit.
packing pack_slots(const std::vector<int>& columns, const std::vector<double>& sensitivity,
                   const packing_limits& limits);

}  // namespace cimbalom::codesign
