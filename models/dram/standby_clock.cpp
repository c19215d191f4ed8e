#include "models/dram/standby_clock.hpp"

#include <algorithm>
#include <functional>

namespace cimbalom::dram {

void standby_clock::open_at(std::uint64_t cycle) {
  go_to(cycle);
  ++open_;
}

void standby_clock::close_at(std::uint64_t cycle) {
  closings_.insert(std::upper_bound(closings_.begin(), closings_.end(), cycle, std::greater<>()), cycle);
}

standby_clock::clocks standby_clock::take(std::uint64_t cycle) {
  go_to(cycle);
  const clocks taken = since_;
  since_ = {};
  return taken;
}

void standby_clock::go_to(std::uint64_t cycle) {
  while (!closings_.empty() && closings_.back() <= cycle) {
    pass(closings_.back());
    --open_;
    closings_.pop_back();
  }
  pass(cycle);
}

void standby_clock::pass(std::uint64_t cycle) {
  if (cycle <= now_) return;
  (open_ > 0 ? since_.active : since_.precharged) += cycle - now_;
  now_ = cycle;
}

}  // namespace cimbalom::dram
