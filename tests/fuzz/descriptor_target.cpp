#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "models/registers/descriptor.hpp"

namespace {

// What decodes encodes to a descriptor that decodes to the same bytes.
template <typename Descriptor>
void check(const std::uint8_t* data, std::size_t size) {
  using namespace cimbalom::registers;
  Descriptor value;
  if (decode(data, size, value) != error_code::none) return;
  const auto bytes = encode(value);
  Descriptor again;
  if (decode(bytes.data(), bytes.size(), again) != error_code::none || encode(again) != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check<cimbalom::registers::mvm_descriptor>(data, size);
  check<cimbalom::registers::vector_descriptor>(data, size);
  return 0;
}
