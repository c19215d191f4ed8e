#pragma once

#include <cstdint>
#include <vector>

namespace cimbalom::cim {

/// When the banks of an accelerator are free. Computing and writing share a bank: a write that takes `write_ps` of bank
/// time within a program command of `duration_ps` takes it evenly, and a computation in that bank ends that much later.
/// Times in ps; no SystemC.
class bank_schedule {
 public:
  explicit bank_schedule(std::size_t banks) : banks_(banks) {}

  std::size_t size() const { return banks_.size(); }
  /// The bank is being written from now on. write_ps <= duration_ps.
  void start_program(std::size_t bank, std::uint64_t now_ps, std::uint64_t duration_ps, std::uint64_t write_ps);
  /// The bank computes for `nominal_ps` of its own time from now on.
  void start_compute(std::size_t bank, std::uint64_t now_ps, std::uint64_t nominal_ps);
  /// When the computation ends, by the writes that are known so far; ask again at that time.
  std::uint64_t compute_end(std::size_t bank) const { return time_of(bank, banks_[bank].compute_ps); }
  /// When the computation has had `nominal_ps` of the bank's time, in the same way.
  std::uint64_t time_of(std::size_t bank, std::uint64_t nominal_ps) const;

 private:
  struct bank_time {
    std::uint64_t compute_from_ps = 0, compute_ps = 0;
    std::uint64_t lost_at_start_ps = 0;
    std::uint64_t lost_before_ps = 0;  // by earlier program commands, ever
    std::uint64_t program_from_ps = 0, program_ps = 0, write_ps = 0;

    std::uint64_t program_end_ps() const { return program_from_ps + program_ps; }
    // Bank time that writes have taken, ever, up to `now_ps`.
    std::uint64_t lost_ps(std::uint64_t now_ps) const;
  };
  std::vector<bank_time> banks_;
};

}  // namespace cimbalom::cim
