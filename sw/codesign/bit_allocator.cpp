#include "sw/codesign/bit_allocator.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "sw/quantization/weight_rounding.hpp"

namespace cimbalom::codesign {
namespace {

double cost_at(const width_costs& costs, int bits) {
  return costs.at(static_cast<std::size_t>(bits - 1));
}

/// Weighted squared error of rounding a filter to each width.
width_costs rounding_costs(const float* weights, const float* curvature, std::size_t length, int most_bits) {
  const std::vector<double> real(weights, weights + length);
  std::vector<std::int16_t> codes(length);
  width_costs made{};
  for (int bits = 1; bits <= most_bits; ++bits) {
    const double scale = quantization::round_weights(real.data(), length, bits, codes.data());
    double sum = 0;
    for (std::size_t k = 0; k < length; ++k) {
      const double error = real[k] - scale * codes[k];
      sum += (curvature == nullptr ? 1.0 : static_cast<double>(curvature[k])) * error * error / 2;
    }
    made[static_cast<std::size_t>(bits - 1)] = sum;
  }
  return made;
}

class sensitivity : public bit_allocator {
  width_costs costs(const float* weights, const float* curvature, std::size_t length, int most_bits) const override {
    return rounding_costs(weights, curvature, length, most_bits);
  }
};

class distortion : public bit_allocator {
  width_costs costs(const float* weights, const float*, std::size_t length, int most_bits) const override {
    return rounding_costs(weights, nullptr, length, most_bits);
  }
};

/// Slots of a pass: filters 2k and 2k + 1 of `order` share one for k < pairs, the rest stand alone.
class pass_solution {
 public:
  pass_solution(const std::vector<width_costs>& filters, const pass_budget& budget)
      : filters_(filters), whole_(budget.slot_bits), least_(budget.least_bits), bits_(filters.size()) {
    const std::size_t count = filters.size();
    const auto slots = static_cast<std::size_t>(budget.slots);
    pairs_ = count > slots ? count - slots : 0;
    order_.resize(count);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    // Those that lose least at half a slot are paired.
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return gain(a) < gain(b); });
    for (std::size_t k = 0; k < count; ++k)
      bits_[k] = k >= 2 * pairs_ ? whole_ : k % 2 == 0 ? whole_ / 2 : whole_ - whole_ / 2;
  }

  /// Moves bits within a slot and filters between slots while that lowers the cost.
  void improve() {
    for (bool better = true; better;) {
      better = false;
      for (std::size_t k = 0; k < 2 * pairs_; k += 2) better = try_split(k) || better;
      for (std::size_t a = 0; a < order_.size(); ++a)
        for (std::size_t b = a + 1; b < order_.size(); ++b) better = try_exchange(a, b) || better;
      for (std::size_t a = 0; a < 2 * pairs_; a += 2) {
        for (std::size_t b = a + 2; b < 2 * pairs_; b += 2) better = try_partners(a, b) || better;
        for (std::size_t b = 2 * pairs_; b < order_.size(); ++b) better = try_alone(b, a) || better;
      }
    }
  }

  /// Narrows filters, the cheapest first, until the widths sum to `most`.
  void narrow_to(int most) {
    while (std::accumulate(bits_.begin(), bits_.end(), 0) > most) {
      std::size_t best = bits_.size();
      for (std::size_t k = 0; k < bits_.size(); ++k)
        if (bits_[k] > least_ && (best == bits_.size() || loss(k) < loss(best))) best = k;
      if (best == bits_.size()) return;
      --bits_[best];
    }
  }

  std::vector<std::uint8_t> widths() const {
    std::vector<std::uint8_t> made(bits_.size());
    for (std::size_t k = 0; k < bits_.size(); ++k) made[order_[k]] = static_cast<std::uint8_t>(bits_[k]);
    return made;
  }

 private:
  double gain(std::size_t f) const { return cost_at(filters_[f], whole_ / 2) - cost_at(filters_[f], whole_); }
  double at(std::size_t place, int bits) const { return cost_at(filters_[order_[place]], bits); }
  double now(std::size_t place) const { return at(place, bits_[place]); }
  double loss(std::size_t place) const { return at(place, bits_[place] - 1) - now(place); }

  static bool lower(double made, double before) { return made < before - 1e-12 * (before > 0 ? before : 0); }

  /// The cheapest widths of two filters that share a slot.
  struct split {
    int bits = 1;  // of the first
    double cost = 0;
  };
  split best_split(std::size_t f, std::size_t g) const {
    split best{least_, at(f, least_) + at(g, whole_ - least_)};
    for (int bits = least_ + 1; bits <= whole_ - least_; ++bits)
      if (const double cost = at(f, bits) + at(g, whole_ - bits); cost < best.cost) best = {bits, cost};
    return best;
  }

  bool try_split(std::size_t k) {
    const split made = best_split(k, k + 1);
    if (!lower(made.cost, now(k) + now(k + 1))) return false;
    bits_[k] = made.bits;
    bits_[k + 1] = whole_ - made.bits;
    return true;
  }

  bool try_exchange(std::size_t a, std::size_t b) {
    if (bits_[a] == bits_[b] || !lower(at(a, bits_[b]) + at(b, bits_[a]), now(a) + now(b))) return false;
    std::swap(order_[a], order_[b]);
    return true;
  }

  /// Two slots change partners.
  bool try_partners(std::size_t a, std::size_t b) {
    for (std::size_t j = 0; j < 2; ++j) {
      const std::size_t g = b + j, rest = b + 1 - j;
      const split first = best_split(a, g), second = best_split(a + 1, rest);
      if (!lower(first.cost + second.cost, now(a) + now(a + 1) + now(b) + now(b + 1))) continue;
      const std::size_t moved[] = {order_[a], order_[g], order_[a + 1], order_[rest]};
      order_[a] = moved[0];
      order_[a + 1] = moved[1];
      order_[b] = moved[2];
      order_[b + 1] = moved[3];
      bits_[a] = first.bits;
      bits_[a + 1] = whole_ - first.bits;
      bits_[b] = second.bits;
      bits_[b + 1] = whole_ - second.bits;
      return true;
    }
    return false;
  }

  /// The filter that stands alone changes places with one of a slot, whose widths follow.
  bool try_alone(std::size_t single, std::size_t a) {
    for (std::size_t i = 0; i < 2; ++i) {
      const split made = best_split(single, a + 1 - i);
      if (!lower(made.cost + at(a + i, whole_), now(single) + now(a) + now(a + 1))) continue;
      std::swap(order_[single], order_[a + i]);
      bits_[a + i] = made.bits;
      bits_[a + 1 - i] = whole_ - made.bits;
      return true;
    }
    return false;
  }

  const std::vector<width_costs>& filters_;
  int whole_, least_;
  std::size_t pairs_ = 0;
  std::vector<std::size_t> order_;  // filter of each place
  std::vector<int> bits_;           // by place
};

}  // namespace

std::vector<std::uint8_t> bit_allocator::allocate(const std::vector<width_costs>& filters,
                                                  const pass_budget& budget) const {
  if (filters.empty() || budget.slot_bits < 2 || budget.slot_bits > 8 || budget.slots < 1 || budget.least_bits < 1 ||
      2 * budget.least_bits > budget.slot_bits || filters.size() > 2 * static_cast<std::size_t>(budget.slots))
    throw std::logic_error("allocate: filters do not fit a pass");
  pass_solution solution(filters, budget);
  solution.improve();
  // Filters that cannot fill the slots at the mean leave bits unused: below half a slot each.
  if (budget.mean_bits < budget.slot_bits / 2.0)
    solution.narrow_to(static_cast<int>(budget.mean_bits * static_cast<double>(filters.size())));
  return solution.widths();
}

std::unique_ptr<bit_allocator> make_allocator(allocation_method method) {
  if (method == allocation_method::distortion) return std::make_unique<distortion>();
  return std::make_unique<sensitivity>();
}

int slots_needed(std::vector<std::uint8_t> bits, int slot_bits) {
  std::sort(bits.begin(), bits.end());
  // The widest takes the widest that still fits beside it.
  int slots = 0;
  while (!bits.empty()) {
    const int room = slot_bits - bits.back();
    bits.pop_back();
    ++slots;
    const auto fits = std::upper_bound(bits.begin(), bits.end(), room);
    if (fits != bits.begin()) bits.erase(fits - 1);
  }
  return slots;
}

}  // namespace cimbalom::codesign
