#include "sw/codesign/pairing/slot_packing.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/max_cardinality_matching.hpp>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>

namespace cimbalom::codesign {

namespace {

std::size_t divide_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

// Items over half a slot never share one; the rest is bounded by area and by number.
std::size_t bound_of(const std::vector<int>& columns, const packing_limits& limits) {
  const auto sum = static_cast<std::size_t>(std::accumulate(columns.begin(), columns.end(), 0));
  const auto large = static_cast<std::size_t>(
      std::count_if(columns.begin(), columns.end(), [&](int c) { return 2 * c > limits.capacity; }));
  std::size_t bound = std::max({large, divide_up(sum, static_cast<std::size_t>(limits.capacity)),
                                divide_up(columns.size(), static_cast<std::size_t>(limits.per_slot))});
  // Martello and Toth: items above capacity - k stand alone, those above half need what they leave.
  for (int k = 1; 2 * k <= limits.capacity; ++k) {
    std::size_t alone = 0, halves = 0;
    long area = 0, left = 0;
    for (const int c : columns) {
      if (c > limits.capacity - k) {
        ++alone;
      } else if (2 * c > limits.capacity) {
        ++halves;
        left += limits.capacity - c;
      } else if (c >= k) {
        area += c;
      }
    }
    const long more = std::max(0L, area - left);
    bound = std::max(
        bound, alone + halves + divide_up(static_cast<std::size_t>(more), static_cast<std::size_t>(limits.capacity)));
  }
  return bound;
}

std::vector<slot_items> slots_of_mates(const std::vector<std::size_t>& mates) {
  std::vector<slot_items> slots;
  for (std::size_t i = 0; i < mates.size(); ++i) {
    if (mates[i] >= mates.size()) {
      slots.push_back({static_cast<int>(i)});
    } else if (mates[i] > i) {
      slots.push_back({static_cast<int>(i), static_cast<int>(mates[i])});
    }
  }
  return slots;
}

template <class Graph, class Connect>
void add_edges(const std::vector<int>& columns, int capacity, Graph& g, Connect connect) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = i + 1; j < columns.size(); ++j) {
      if (columns[i] + columns[j] <= capacity) connect(g, i, j);
    }
  }
}

std::vector<slot_items> match(const std::vector<int>& columns, int capacity) {
  using graph_type = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
  graph_type g(columns.size());
  add_edges(columns, capacity, g, [](graph_type& to, std::size_t i, std::size_t j) { boost::add_edge(i, j, to); });
  std::vector<std::size_t> mates(columns.size());
  boost::edmonds_maximum_cardinality_matching(g, mates.data());
  return slots_of_mates(mates);
}

// Exchanges between two slots, as long as one lowers the risk: the matching stays as large as it is.
class risk_exchange {
 public:
  risk_exchange(const std::vector<int>& columns, const std::vector<double>& sensitivity, int capacity)
      : columns_(columns), sensitivity_(sensitivity), capacity_(capacity) {}

  void run(std::vector<slot_items>& slots) const {
    constexpr int rounds = 16;
    bool better = true;
    for (int round = 0; better && round < rounds; ++round) {
      better = false;
      for (std::size_t i = 0; i < slots.size(); ++i) {
        for (std::size_t j = i + 1; j < slots.size(); ++j) better |= improve(slots[i], slots[j]);
      }
    }
  }

 private:
  double risk(const slot_items& slot) const {
    if (slot.size() < 2) return 0;
    return sensitivity_[static_cast<std::size_t>(slot[0])] * sensitivity_[static_cast<std::size_t>(slot[1])];
  }
  bool fits(const slot_items& slot) const {
    int sum = 0;
    for (const int item : slot) sum += columns_[static_cast<std::size_t>(item)];
    return sum <= capacity_;
  }
  bool improve(slot_items& a, slot_items& b) const {
    const double now = risk(a) + risk(b);
    if (now <= 0) return false;
    for (int& mine : a) {
      for (int& other : b) {
        std::swap(mine, other);
        if (fits(a) && fits(b) && risk(a) + risk(b) < now * (1 - 1e-12)) return true;
        std::swap(mine, other);
      }
    }
    return false;
  }

  const std::vector<int>& columns_;
  const std::vector<double>& sensitivity_;
  int capacity_;
};

std::vector<slot_items> best_fit(const std::vector<int>& columns, const packing_limits& limits) {
  std::vector<int> order(columns.size());
  std::iota(order.begin(), order.end(), 0);
  const auto of = [&](int item) { return columns[static_cast<std::size_t>(item)]; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return of(a) > of(b); });
  std::vector<slot_items> slots;
  std::vector<int> left;
  for (const int item : order) {
    std::size_t best = slots.size();
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (left[s] < of(item) || slots[s].size() == static_cast<std::size_t>(limits.per_slot)) continue;
      if (best == slots.size() || left[s] < left[best]) best = s;
    }
    if (best == slots.size()) {
      slots.emplace_back();
      left.push_back(limits.capacity);
    }
    slots[best].push_back(item);
    left[best] -= of(item);
  }
  return slots;
}

// Items of equal columns are alike: the search works on how many there are of each. The largest that is left opens a
// slot, and everything that can be put beside it is tried.
class exact_search {
 public:
  exact_search(const std::vector<int>& columns, const packing_limits& limits, std::size_t known, std::size_t bound)
      : limits_(limits), counts_(static_cast<std::size_t>(limits.capacity) + 1), best_(known), bound_(bound) {
    for (const int c : columns) ++counts_[static_cast<std::size_t>(c)];
    area_ = std::accumulate(columns.begin(), columns.end(), 0);
    items_ = static_cast<int>(columns.size());
  }

  /// Columns of the items of every slot; empty: nothing better than what was known.
  std::vector<std::vector<int>> run() {
    open();
    return found_;
  }

 private:
  bool done() const { return best_ <= bound_ || nodes_ >= limits_.search_nodes; }

  void open() {
    if (done()) return;
    if (items_ == 0) {
      best_ = chosen_.size();
      found_ = chosen_;
      return;
    }
    const auto rest = std::max(divide_up(static_cast<std::size_t>(area_), static_cast<std::size_t>(limits_.capacity)),
                               divide_up(static_cast<std::size_t>(items_), static_cast<std::size_t>(limits_.per_slot)));
    if (chosen_.size() + rest >= best_) return;
    int largest = limits_.capacity;
    while (counts_[static_cast<std::size_t>(largest)] == 0) --largest;
    chosen_.emplace_back();
    take(largest);
    fill(limits_.capacity - largest, largest);
    give_back();
    chosen_.pop_back();
  }

  // Puts more into the open slot, none larger than `most`; a slot is closed when nothing more fits.
  void fill(int left, int most) {
    if (done()) return;
    ++nodes_;
    bool closed = true;
    if (chosen_.back().size() < static_cast<std::size_t>(limits_.per_slot)) {
      for (int c = std::min(left, most); c >= 1; --c) {
        if (counts_[static_cast<std::size_t>(c)] == 0) continue;
        closed = false;
        take(c);
        fill(left - c, c);
        give_back();
        if (done()) return;
      }
    }
    if (!closed) return;
    open();
  }

  void take(int c) {
    --counts_[static_cast<std::size_t>(c)];
    --items_;
    area_ -= c;
    chosen_.back().push_back(c);
  }
  void give_back() {
    const int c = chosen_.back().back();
    chosen_.back().pop_back();
    ++counts_[static_cast<std::size_t>(c)];
    ++items_;
    area_ += c;
  }

  const packing_limits& limits_;
  std::vector<int> counts_;
  int area_ = 0, items_ = 0;
  std::size_t best_, bound_;
  std::uint64_t nodes_ = 0;
  std::vector<std::vector<int>> chosen_, found_;
};

std::vector<slot_items> pack_many(const std::vector<int>& columns, const packing_limits& limits, std::size_t bound) {
  std::vector<slot_items> slots = best_fit(columns, limits);
  if (slots.size() <= bound) return slots;
  const std::vector<std::vector<int>> better = exact_search(columns, limits, slots.size(), bound).run();
  if (better.empty()) return slots;
  std::vector<std::vector<int>> items(static_cast<std::size_t>(limits.capacity) + 1);  // of each width, last first
  for (std::size_t i = columns.size(); i-- > 0;)
    items[static_cast<std::size_t>(columns[i])].push_back(static_cast<int>(i));
  slots.clear();
  for (const std::vector<int>& widths : better) {
    slot_items& slot = slots.emplace_back();
    for (const int c : widths) {
      slot.push_back(items[static_cast<std::size_t>(c)].back());
      items[static_cast<std::size_t>(c)].pop_back();
    }
  }
  return slots;
}

}  // namespace

packing pack_slots(const std::vector<int>& columns, const std::vector<double>& sensitivity,
                   const packing_limits& limits) {
  for (const int c : columns) {
    if (c < 1 || c > limits.capacity) {
      throw std::invalid_argument("columns = " + std::to_string(c) + ": 1 to " + std::to_string(limits.capacity));
    }
  }
  packing result;
  if (columns.empty()) return result;
  result.bound = bound_of(columns, limits);
  if (limits.per_slot == 1) {
    for (std::size_t i = 0; i < columns.size(); ++i) result.slots.push_back({static_cast<int>(i)});
  } else if (limits.per_slot > 2) {
    result.slots = pack_many(columns, limits, result.bound);
  } else {
    result.slots = match(columns, limits.capacity);
    if (!sensitivity.empty()) risk_exchange(columns, sensitivity, limits.capacity).run(result.slots);
  }
  if (limits.per_slot <= 2) result.bound = result.slots.size();  // a maximum matching is the bound itself
  for (slot_items& slot : result.slots) {
    std::sort(slot.begin(), slot.end(), [&](int a, int b) {
      const int ca = columns[static_cast<std::size_t>(a)], cb = columns[static_cast<std::size_t>(b)];
      return ca != cb ? ca > cb : a < b;
    });
  }
  std::sort(result.slots.begin(), result.slots.end());
  return result;
}

}  // namespace cimbalom::codesign
