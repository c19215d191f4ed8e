#pragma once

namespace cimbalom::dram {

/// Where one burst lies in a channel.
struct dram_location {
  int rank = 0;
  int bank_group = 0;
  int bank = 0;  ///< in the rank: bank_group * banks_per_group + bank in group
  int row = 0;
  int column = 0;  ///< in bursts
};

}  // namespace cimbalom::dram
