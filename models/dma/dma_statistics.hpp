#pragma once

#include <cstdint>

namespace cimbalom::dma {

struct channel_statistics {
  std::uint64_t chains = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t bytes = 0;  ///< written to destinations
  std::uint64_t errors = 0;
  std::uint64_t busy_ps = 0;
};

}  // namespace cimbalom::dma
