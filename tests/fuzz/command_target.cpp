#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "models/registers/command.hpp"

// Any 64 bytes decode or are refused; what decodes encodes back to the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cimbalom::registers;
  std::array<std::uint8_t, command_bytes> bytes{};
  std::copy_n(data, std::min(size, command_bytes), bytes.begin());
  command value;
  if (decode(bytes.data(), value) != error_code::none) return 0;
  if (encode(value) != bytes || describe(value).empty()) std::abort();
  return 0;
}
