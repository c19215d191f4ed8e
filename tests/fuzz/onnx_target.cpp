#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/graph/batch.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/import.hpp"

/// Any bytes are either a network that the passes accept, or are refused by input_error in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    auto g = cimbalom::onnx::import_bytes({reinterpret_cast<const char*>(data), size}, "fuzz/m.onnx");
    cimbalom::graph::find_batch(g);
    cimbalom::graph::simplify(g);
    for (const auto& n : g.nodes) cimbalom::graph::macs_of(g, n);
  } catch (const cimbalom::input_error& error) {
    const std::string line = error.what();
    if (line.rfind("fuzz/m.onnx", 0) != 0 || line.find('\n') != std::string::npos) __builtin_trap();
  }
  return 0;
}
