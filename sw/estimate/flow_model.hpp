#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "sw/estimate/memory_model.hpp"

namespace cimbalom::estimate {

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::size_t paths = 5;

/// Transfers as flows: each moves as fast as its own path lets it, and all share the memory's time evenly.
class flow_model {
 public:
  struct flow {
    bool open = false;
    double pieces = 0, left = 0;
    double interval_ps = 0, rate = 0;
    std::array<double, 3> shared_ps{};  // a piece's time of the memory's bus and of the two channels to it
    double credits = 1, trip_ps = 0;
    std::uint64_t tail_ps = 0, ends_ps = never;  // ends_ps: when the tail is over
  };

  /// `alike`: flows that move side by side with this one and share the memory's time with it, itself included.
  void start(std::size_t which, const transfer_cost& cost, double opening_ps, std::uint64_t now, double alike = 1) {
    flow& f = flows_[which];
    f.open = true;
    f.pieces = static_cast<double>(cost.pieces);
    f.left = f.pieces;
    f.interval_ps = std::max(cost.interval_ps, 1.0);
    f.shared_ps = {cost.memory_ps * alike, cost.request_ps * alike, cost.response_ps * alike};
    f.credits = cost.credits;
    f.trip_ps = cost.trip_ps;
    f.tail_ps = static_cast<std::uint64_t>(
        std::llround(std::max(0.0, cost.latency_ps - f.interval_ps) + std::max(opening_ps, queue_ps(f))));
    f.ends_ps = never;
    close_if_empty(f, now);
    share();
  }

  /// Part of the transfer that has been moved.
  double progress(std::size_t which) const {
    const flow& f = flows_[which];
    return 1 - f.left / f.pieces;
  }

  /// The memory does nothing for it for a while; what waits for its way back still comes.
  void delay(std::size_t which, double ps) {
    flow& f = flows_[which];
    if (f.ends_ps != never) return;
    const double waiting = std::max(0.0, f.credits / f.rate - f.trip_ps);
    f.left += std::max(0.0, ps - waiting) * f.rate;
  }

  bool open(std::size_t which) const { return flows_[which].open; }
  bool any() const {
    return std::any_of(flows_.begin(), flows_.end(), [](const flow& f) { return f.open; });
  }

  std::uint64_t next(std::uint64_t now) const {
    std::uint64_t first = never;
    for (const flow& f : flows_) {
      if (!f.open) continue;
      const std::uint64_t when =
          f.ends_ps != never ? f.ends_ps : now + static_cast<std::uint64_t>(std::ceil(f.left / f.rate));
      first = std::min(first, when);
    }
    return first;
  }

  void advance(std::uint64_t from, std::uint64_t to) {
    bool changed = false;
    for (flow& f : flows_) {
      if (!f.open || f.ends_ps != never) continue;
      f.left -= f.rate * static_cast<double>(to - from);
      changed |= close_if_empty(f, to);
    }
    if (changed) share();
  }

  /// True once when the transfer is over.
  bool take_end(std::size_t which, std::uint64_t now) {
    flow& f = flows_[which];
    if (!f.open || f.ends_ps > now) return false;
    f.open = false;
    return true;
  }

 private:
  static bool close_if_empty(flow& f, std::uint64_t now) {
    constexpr double nothing = 1e-6;
    if (f.left > nothing) return false;
    f.ends_ps = now + f.tail_ps;
    return true;
  }

  // Memory answers in order: the first piece waits behind those of the others that wait for their way back.
  double queue_ps(const flow& mine) const {
    double wait = 0;
    for (const flow& f : flows_) {
      if (&f != &mine && f.open && f.ends_ps == never) wait = std::max(wait, f.credits / f.rate - f.trip_ps);
    }
    return wait;
  }

  // Everybody gets the same number of pieces a time, but nobody more than its path takes.
  void share() {
    std::array<flow*, paths> moving{};
    std::size_t count = 0;
    for (flow& f : flows_) {
      if (!f.open || f.ends_ps != never) continue;
      f.rate = 1 / f.interval_ps;
      moving[count++] = &f;
    }
    for (std::size_t what = 0; what < 3; ++what) {
      // By insertion: there are five at most.
      for (std::size_t i = 1; i < count; ++i) {
        for (std::size_t j = i; j > 0 && moving[j]->rate < moving[j - 1]->rate; --j)
          std::swap(moving[j], moving[j - 1]);
      }
      double time = 1;
      double cost = 0;
      for (std::size_t i = 0; i < count; ++i) cost += moving[i]->shared_ps[what];
      for (std::size_t i = 0; i < count; ++i) {
        flow& f = *moving[i];
        if (cost > 0) f.rate = std::min(f.rate, time / cost);
        time -= f.rate * f.shared_ps[what];
        cost -= f.shared_ps[what];
      }
    }
  }

  std::array<flow, paths> flows_{};
};

}  // namespace cimbalom::estimate
