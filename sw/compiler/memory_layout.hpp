#pragma once

#include <cstdint>
#include <vector>

namespace cimbalom::compiler {

/// Bus addresses of everything in DRAM.
struct memory_layout {
  struct tensor {
    std::uint64_t address = 0;  ///< of slot 0; 0: not in memory
    std::uint64_t stride = 0;   ///< between image slots; 0: one slot
  };
  std::uint64_t ring = 0;
  std::uint32_t ring_entries = 0;
  std::uint64_t image = 0;
  std::vector<tensor> tensors;
  std::uint64_t spilled = 0, spilled_bytes = 0;  ///< tensors of one slot: an area for every accelerator
  std::uint64_t end = 0;
};

}  // namespace cimbalom::compiler
