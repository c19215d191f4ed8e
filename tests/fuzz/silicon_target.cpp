#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/validate/silicon_model.hpp"

// A macro with its figures is read or refused in one line; what was read has one operating point at most and figures
// that an error can be told against.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cimbalom;
  validate::silicon_macro macro;
  try {
    macro = validate::parse_silicon(std::string(data, data + size), "fuzz.yaml");
  } catch (const input_error& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
    return 0;
  }
  const validate::silicon_point* first = nullptr;
  for (const validate::silicon_point& point : macro.points) {
    if (!std::isfinite(point.published) || point.published <= 0) std::abort();
    const bool fitted = validate::class_of(macro, point) == validate::silicon_class::fitted;
    if (fitted && first != nullptr && !first->same_conditions(point)) std::abort();
    if (fitted) first = &point;
  }
  return 0;
}
