#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/dram/dram_config.hpp"

namespace cimbalom::dram {

/// What past commands leave open between the banks of a channel: ranks, bank groups and the data bus. Clocks are the
/// earliest ones that every constraint allows; limits within one bank are the bank's own.
class dram_constraints {
 public:
  explicit dram_constraints(const dram_config& config);

  // `group` counts over all ranks: rank * bank_groups + bank group.
  std::uint64_t activate_ready(int rank, int group) const {
    return std::max(ranks_[index(rank)].activate, groups_[index(group)].activate);
  }
  std::uint64_t precharge_ready(int rank) const { return ranks_[index(rank)].precharge; }
  std::uint64_t column_ready(int group, bool write) const { return groups_[index(group)].column[write ? 1 : 0]; }

  void activated(int rank, int group, std::uint64_t cycle);
  void precharged(int rank, std::uint64_t cycle);
  void column(int group, bool write, std::uint64_t cycle);

 private:
  enum nearness : std::uint8_t { same_group, same_rank, other_rank };
  struct group_state {
    std::uint64_t activate = 0;
    std::array<std::uint64_t, 2> column{};  // of a read, of a write
  };
  struct rank_state {
    std::uint64_t activate = 0;  // tRRD_S and tFAW
    std::uint64_t precharge = 0;
    std::array<std::uint64_t, 4> window{};  // ends of tFAW after each of the last four ACT
    std::size_t oldest = 0;
  };
  static std::size_t index(int value) { return static_cast<std::size_t>(value); }

  int bank_groups_;
  std::uint64_t rrd_short_, rrd_long_, faw_, ppd_;
  std::array<std::array<std::array<std::uint64_t, 2>, 2>, 3> gap_{};  // nearness, from write, to write
  std::vector<rank_state> ranks_;
  std::vector<group_state> groups_;
};

}  // namespace cimbalom::dram
