#include "models/dram/dram_scheduler.hpp"

namespace cimbalom::dram {

namespace {

class first_come final : public dram_scheduler {
 public:
  std::size_t pick(const std::vector<pending_burst>&, std::size_t, const bank_view&) const override { return 0; }
};

class first_ready final : public dram_scheduler {
 public:
  std::size_t pick(const std::vector<pending_burst>& waiting, std::size_t arrived,
                   const bank_view& banks) const override {
    constexpr int patience = 16;
    if (waiting.front().passed_over >= patience) return 0;
    std::size_t best = 0;
    std::uint64_t best_cycle = banks.earliest(waiting.front());
    for (std::size_t i = 1; i < arrived; ++i) {
      const std::uint64_t cycle = banks.earliest(waiting[i]);
      if (cycle >= best_cycle || must_follow(waiting, i)) continue;
      best = i;
      best_cycle = cycle;
    }
    return best;
  }

 private:
  // The same bytes keep their order, except reads among themselves.
  static bool must_follow(const std::vector<pending_burst>& waiting, std::size_t i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (waiting[j].index == waiting[i].index && (waiting[j].write || waiting[i].write)) return true;
    }
    return false;
  }
};

}  // namespace

std::unique_ptr<dram_scheduler> make_scheduler(scheduling policy) {
  if (policy == scheduling::first_come) return std::make_unique<first_come>();
  return std::make_unique<first_ready>();
}

}  // namespace cimbalom::dram
