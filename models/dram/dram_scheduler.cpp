#include "models/dram/dram_scheduler.hpp"

namespace cimbalom::dram {

namespace {

class first_come final : public dram_scheduler {
 public:
  std::size_t pick(const bank_queue&) const override { return 0; }
  bool in_order() const override { return true; }
};

class first_ready final : public dram_scheduler {
 public:
  explicit first_ready(int patience) : patience_(patience) {}
  std::size_t pick(const bank_queue& queue) const override {
    if (patience_ > 0 && queue.passed_over >= patience_) return 0;
    for (std::size_t i = 0; i < queue.count; ++i) {
      if (queue.hit(i) && !must_follow(queue, i)) return i;
    }
    return 0;
  }
  bool in_order() const override { return false; }

 private:
  // The same bytes keep their order, except reads among themselves.
  static bool must_follow(const bank_queue& queue, std::size_t i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (queue.bursts[j].index == queue.bursts[i].index && (queue.bursts[j].write || queue.bursts[i].write)) {
        return true;
      }
    }
    return false;
  }

  int patience_;
};

class open_rows final : public page_policy {
 public:
  bool closes(const bank_queue&) const override { return false; }
};

class closed_rows final : public page_policy {
 public:
  bool closes(const bank_queue&) const override { return true; }
};

class closed_without_hits final : public page_policy {
 public:
  bool closes(const bank_queue& queue) const override {
    for (std::size_t i = 0; i < queue.count; ++i) {
      if (queue.hit(i)) return false;
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<dram_scheduler> make_scheduler(scheduling policy, int patience) {
  if (policy == scheduling::first_come) return std::make_unique<first_come>();
  return std::make_unique<first_ready>(patience);
}

std::unique_ptr<page_policy> make_page_policy(row_policy policy) {
  if (policy == row_policy::open) return std::make_unique<open_rows>();
  if (policy == row_policy::closed) return std::make_unique<closed_rows>();
  return std::make_unique<closed_without_hits>();
}

}  // namespace cimbalom::dram
