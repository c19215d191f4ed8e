#pragma once

#include <cstdint>

#include "tests/support/test_initiator.hpp"

namespace cimbalom::testing_support {

/// A target as an initiator sees it: [base, base + size) of a memory, or one register of a device.
struct conformance_target {
  std::uint64_t base = 0;
  std::uint64_t size = 0;
  std::uint64_t good_address = 0;  ///< readable, 4 bytes
  bool memory = true;              ///< writable everywhere, any length; else 32-bit registers
};

/// The checks that every target of the system passes, as gtest expectations. Call from a thread process, on a link
/// without a protocol checker: some accesses are what a checker refuses.
void check_target_conformance(test_initiator& initiator, const conformance_target& target);

}  // namespace cimbalom::testing_support
