#include <algorithm>
#include <array>
#include <deque>

#include "sw/compiler/stream.hpp"

namespace cimbalom::compiler {

namespace {

// One engine: when its commands started and ended.
struct engine_times {
  std::vector<std::uint64_t> start, end;
};

class engine_model {
 public:
  explicit engine_model(int queue_depth) : depth_(static_cast<std::size_t>(std::max(1, queue_depth))) {}

  void issue(const timed_command& one) {
    const registers::engine who = registers::engine_of(one.planned.command.op);
    if (who == registers::engine::none) return;
    engine_times& engine = engines_[static_cast<std::size_t>(who)];
    // The sequencer gives commands out in order and waits while a queue is full.
    const std::size_t count = engine.start.size();
    if (count >= depth_) dispatched_ = std::max(dispatched_, engine.start[count - depth_]);
    std::uint64_t start = std::max(dispatched_, engine.end.empty() ? 0 : engine.end.back());
    for (std::size_t e = 0; e < engines_.size(); ++e) {
      const std::uint8_t lag = one.planned.command.lag[e];
      const std::vector<std::uint64_t>& ends = engines_[e].end;
      if (lag != registers::any_lag && ends.size() > lag) start = std::max(start, ends[ends.size() - 1 - lag]);
    }
    std::uint64_t end = start + one.duration_ps;
    if (who == registers::engine::compute) end += take_writes(start, end);
    if (one.bank_write_ps > 0) writes_.push_back({start, end, one.bank_write_ps});
    engine.start.push_back(start);
    engine.end.push_back(end);
    last_ = std::max(last_, end);
  }

  std::uint64_t last_ps() const { return last_; }

 private:
  struct write {
    std::uint64_t start, end, bank_ps;
  };

  // Bank time that programming takes from a computation, spread evenly over each program command. Commands that the
  // stream issues later and that overlap in time are not seen; the compute engine's order makes them few.
  std::uint64_t take_writes(std::uint64_t start, std::uint64_t end) {
    std::uint64_t lost = 0;
    while (!writes_.empty() && writes_.front().end <= start) writes_.pop_front();
    for (const write& one : writes_) {
      const std::uint64_t from = std::max(start, one.start), to = std::min(end, one.end);
      if (from < to) {
        lost += static_cast<std::uint64_t>(static_cast<double>(one.bank_ps) * static_cast<double>(to - from) /
                                           static_cast<double>(one.end - one.start));
      }
    }
    return lost;
  }

  std::size_t depth_;
  std::array<engine_times, registers::engine_count> engines_;
  std::deque<write> writes_;
  std::uint64_t dispatched_ = 0, last_ = 0;
};

}  // namespace

std::uint64_t estimate_period_ps(const std::vector<timed_command>& stream, int queue_depth) {
  engine_model model(queue_depth);
  std::uint64_t warm = 0;
  constexpr int warm_up = 2, measured = 2;
  for (int repetition = 0; repetition < warm_up + measured; ++repetition) {
    if (repetition == warm_up) warm = model.last_ps();
    for (const timed_command& one : stream) model.issue(one);
  }
  return (model.last_ps() - warm) / measured;
}

}  // namespace cimbalom::compiler
