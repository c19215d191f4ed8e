#pragma once

#include <cstdint>
#include <map>

namespace cimbalom::transport {

/// Exact distribution of latencies (ps).
class latency_histogram {
 public:
  void add(std::uint64_t latency_ps) {
    ++counts_[latency_ps];
    ++total_;
    sum_ps_ += latency_ps;
  }

  /// Takes away what was there at an earlier time.
  latency_histogram& operator-=(const latency_histogram& earlier) {
    for (const auto& [latency, count] : earlier.counts_) {
      const auto found = counts_.find(latency);
      if ((found->second -= count) == 0) counts_.erase(found);
    }
    total_ -= earlier.total_;
    sum_ps_ -= earlier.sum_ps_;
    return *this;
  }

  std::uint64_t count() const { return total_; }
  std::uint64_t sum_ps() const { return sum_ps_; }
  /// 0 where nothing was counted, as for the others.
  double mean_ps() const { return total_ == 0 ? 0.0 : static_cast<double>(sum_ps_) / static_cast<double>(total_); }
  std::uint64_t max_ps() const { return counts_.empty() ? 0 : counts_.rbegin()->first; }
  /// The smallest latency that at least `percent` (1..100) of the samples do not exceed.
  std::uint64_t percentile_ps(std::uint64_t percent) const {
    const std::uint64_t rank = (total_ * percent + 99) / 100;
    std::uint64_t seen = 0;
    for (const auto& [latency, count] : counts_) {
      seen += count;
      if (seen >= rank) return latency;
    }
    return 0;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t sum_ps_ = 0;
};

}  // namespace cimbalom::transport
