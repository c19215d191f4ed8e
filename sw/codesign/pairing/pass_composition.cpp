#include "sw/codesign/pairing/pass_composition.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace cimbalom::codesign {

namespace {

std::size_t union_size(const group_pattern& a, const group_pattern& b) {
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++common;
    const bool advance_a = a[i] <= b[j], advance_b = b[j] <= a[i];
    i += advance_a ? 1 : 0;
    j += advance_b ? 1 : 0;
  }
  return a.size() + b.size() - common;
}

group_pattern pattern_of(const composed_slot& slot) {
  group_pattern pattern;
  for (const filter_demand* f : slot.filters) pattern = pattern_union(pattern, f->pattern);
  return pattern;
}

void put(composed_slot slot, composed_pass& pass) {
  pass.pattern = pattern_union(pass.pattern, pattern_of(slot));
  pass.size += slot.size;
  pass.slots.push_back(std::move(slot));
}

}  // namespace

double risk_of(const composed_slot& slot) {
  double risk = 0;
  for (std::size_t i = 0; i < slot.filters.size(); ++i) {
    for (std::size_t j = i + 1; j < slot.filters.size(); ++j) {
      risk += slot.filters[i]->sensitivity * slot.filters[j]->sensitivity;
    }
  }
  return risk;
}

group_pattern pattern_union(const group_pattern& a, const group_pattern& b) {
  group_pattern both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

void composer::add_class(std::vector<composed_slot> slots, std::size_t bound) {
  if (slots.empty()) return;
  // Wide ones first: single slots fill what they leave.
  std::stable_sort(slots.begin(), slots.end(),
                   [](const composed_slot& a, const composed_slot& b) { return a.size > b.size; });
  std::vector<composed_pass> passes;
  for (composed_slot& slot : slots) {
    const auto fits = [&](const composed_pass& pass) { return pass.size + slot.size <= capacity_; };
    const auto found = std::find_if(passes.begin(), passes.end(), fits);
    composed_pass& pass = found == passes.end() ? passes.emplace_back() : *found;
    put(std::move(slot), pass);
  }
  bounds_.emplace_back(passes.front().pattern, bound);
  for (composed_pass& pass : passes) (pass.size == capacity_ ? full_ : open_).push_back(std::move(pass));
}

// Largest pattern first, each takes the partner that saves most until none saves anything.
void composer::join_leftovers() {
  std::stable_sort(open_.begin(), open_.end(),
                   [](const composed_pass& a, const composed_pass& b) { return a.pattern.size() > b.pattern.size(); });
  for (std::size_t i = 0; i < open_.size(); ++i) {
    while (true) {
      composed_pass& mine = open_[i];
      std::size_t best = open_.size(), most = 0;
      for (std::size_t j = i + 1; j < open_.size(); ++j) {
        if (mine.size + open_[j].size > capacity_) continue;
        const std::size_t apart = mine.pattern.size() + open_[j].pattern.size();
        const std::size_t saved = apart - union_size(mine.pattern, open_[j].pattern);
        if (saved > most) {
          most = saved;
          best = j;
        }
      }
      if (best == open_.size()) break;
      for (composed_slot& slot : open_[best].slots) put(std::move(slot), mine);
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(best));
    }
  }
}

// Slots of a pass that all find room in others for less than the pass costs.
void composer::dissolve() {
  constexpr std::size_t most_passes = 256;  // beyond that the gain is small and the search is not
  if (open_.size() > most_passes) return;
  for (std::size_t i = open_.size(); i-- > 0;) {
    std::vector<composed_pass> others = open_;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    std::size_t growth = 0;
    bool placed = true;
    for (const composed_slot& slot : open_[i].slots) {
      const group_pattern pattern = pattern_of(slot);
      composed_pass* best = nullptr;
      std::size_t least = 0;
      for (composed_pass& pass : others) {
        if (pass.size + slot.size > capacity_) continue;
        const std::size_t more = union_size(pass.pattern, pattern) - pass.pattern.size();
        if (best == nullptr || more < least) {
          best = &pass;
          least = more;
        }
      }
      placed = best != nullptr;
      if (!placed) break;
      growth += least;
      put(slot, *best);
    }
    if (placed && growth < open_[i].pattern.size()) open_ = std::move(others);
  }
}

void composer::spread_risk(composed_pass& pass) const {
  while (pass.size < capacity_) {
    const auto riskiest =
        std::max_element(pass.slots.begin(), pass.slots.end(),
                         [](const composed_slot& a, const composed_slot& b) { return risk_of(a) < risk_of(b); });
    if (riskiest == pass.slots.end() || risk_of(*riskiest) <= 0) return;
    auto& filters = riskiest->filters;
    const auto most = std::max_element(filters.begin(), filters.end(),
                                       [](const auto* a, const auto* b) { return a->sensitivity < b->sensitivity; });
    composed_slot own{{*most}, 1};
    filters.erase(most);
    pass.slots.push_back(std::move(own));
    ++pass.size;
  }
}

// A group is computed by as many passes at least as the slots of the filters that keep it fill.
std::uint64_t composer::bound() const {
  std::map<std::uint16_t, std::size_t> slots;
  for (const auto& [pattern, count] : bounds_) {
    for (const std::uint16_t code : pattern) slots[code] += count;
  }
  std::uint64_t sum = 0;
  const auto capacity = static_cast<std::size_t>(capacity_);
  for (const auto& [code, count] : slots) sum += (count + capacity - 1) / capacity;
  return sum;
}

composition composer::run(bool spread) {
  join_leftovers();
  dissolve();
  composition result;
  result.passes = std::move(full_);
  std::move(open_.begin(), open_.end(), std::back_inserter(result.passes));
  for (composed_pass& pass : result.passes) {
    if (spread) spread_risk(pass);
    std::sort(pass.slots.begin(), pass.slots.end(), [](const composed_slot& a, const composed_slot& b) {
      return a.filters.front()->filter < b.filters.front()->filter;
    });
    result.operations += pass.pattern.size();
  }
  std::sort(result.passes.begin(), result.passes.end(), [](const composed_pass& a, const composed_pass& b) {
    return a.slots.front().filters.front()->filter < b.slots.front().filters.front()->filter;
  });
  result.operations_bound = bound();
  return result;
}

}  // namespace cimbalom::codesign
