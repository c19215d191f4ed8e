#include "sw/cli/topology.hpp"

#include <algorithm>
#include <utility>

#include "sw/quantization/adc_calibration.hpp"

namespace cimbalom::cli {

bool lacks_weights(const graph::graph& imported) {
  return std::any_of(imported.initializers.begin(), imported.initializers.end(),
                     [](const auto& entry) { return !entry.second.has_data(); });
}

quantization::network quantize_topology(graph::graph&& imported, const quantization::quantization_settings& settings,
                                        const cim::macro_config& macro) {
  for (auto& [id, constant] : imported.initializers) {
    if (!constant.has_data()) constant = graph::tensor(constant.type(), constant.shape());
  }
  graph::graph prepared = quantization::prepare(std::move(imported));
  quantization::value_ranges ranges;
  if (!quantization::is_quantized(prepared)) {
    for (const graph::value_info& value : prepared.values) ranges[value.name] = {-1, 1};
  }
  quantization::network made = quantization::quantize(std::move(prepared), settings, ranges);
  quantization::group_rows_without_images(made, macro.shape(), macro.adc_range);
  return made;
}

}  // namespace cimbalom::cli
