#pragma once

#include <string>
#include <utility>
#include <vector>

#include "platform/configuration/keys.hpp"

namespace cimbalom::platform {

inline constexpr const char* dram_preset_key = "dram.preset";

/// A choice over an enumeration whose enumerators count from 0 in the order of `names`.
template <class E>
choice words(E& target, std::vector<std::string> names) {
  return {std::move(names), [&target] { return static_cast<std::size_t>(target); },
          [&target](std::size_t index) { target = static_cast<E>(index); }};
}

/// Appends the keys of processor, interconnect, dram and dma.
void add_system_keys(std::vector<key>& all, platform_config& config);

}  // namespace cimbalom::platform
