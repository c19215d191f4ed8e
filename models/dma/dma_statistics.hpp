#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace cimbalom::dma {

struct channel_statistics {
  std::uint64_t chains = 0;       ///< started
  std::uint64_t descriptors = 0;  ///< completed
  std::uint64_t bytes = 0;        ///< written to destinations
  std::uint64_t errors = 0;
  std::uint64_t resets = 0;
  std::uint64_t busy_ps = 0;
  std::map<std::int32_t, std::uint64_t> bytes_by_layer;
};

struct dma_statistics {
  std::vector<channel_statistics> channels;
};

}  // namespace cimbalom::dma
