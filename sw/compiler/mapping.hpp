#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/buffers.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/compiler/weight_units.hpp"

namespace cimbalom::compiler {

/// One way to lay a unit over the banks.
struct mapping_option {
  std::uint64_t shard_positions = 1, shards = 1, copies = 1;
  std::uint64_t bank_operations = 0;  ///< of the busiest bank, all tiles
};

/// Every useful way, by ascending shard_positions and descending bank_operations.
std::vector<mapping_option> mapping_options(const work_unit& unit, const tile_plan& tiles, const target& hardware,
                                            bool duplication);

/// Layers that may stay in the arrays, best first: most DRAM bytes saved for each position of a bank.
std::vector<int> residency_order(const std::vector<layer_units>& units, const buffer_plan& buffers,
                                 const target& hardware, bool duplication);

/// Lays all units over banks and positions, with the first `resident` layers of `order` staying there. False if they
/// leave too little room for the others.
bool map_units(std::vector<layer_units>& units, const buffer_plan& buffers, const target& hardware,
               const compile_options& options, const std::vector<int>& order, std::size_t resident);

}  // namespace cimbalom::compiler
