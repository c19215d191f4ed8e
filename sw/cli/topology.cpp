#include "sw/cli/topology.hpp"

#include <algorithm>
#include <utility>

namespace cimbalom::cli {

bool lacks_weights(const graph::graph& imported) {
  return std::any_of(imported.initializers.begin(), imported.initializers.end(),
                     [](const auto& entry) { return !entry.second.has_data(); });
}

quantization::network quantize_topology(graph::graph&& imported, const quantization::quantization_settings& settings) {
  for (auto& [id, constant] : imported.initializers) {
    if (!constant.has_data()) constant = graph::tensor(constant.type(), constant.shape());
  }
  const graph::graph prepared = quantization::prepare(imported);
  imported = {};
  quantization::value_ranges ranges;
  if (!quantization::is_quantized(prepared)) {
    for (const graph::value_info& value : prepared.values) ranges[value.name] = {-1, 1};
  }
  return quantization::quantize(prepared, settings, ranges);
}

}  // namespace cimbalom::cli
