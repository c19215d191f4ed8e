#include "sw/codesign/initial_network.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/torch/float_executor.hpp"

namespace cimbalom::codesign {

quantization::quantization_settings settings_of(const policy& how) {
  quantization::quantization_settings settings;
  settings.activation_bits = how.activation_bits;
  return settings;
}

initial_network obtain_initial_weights(const graph::graph& imported, const image_set& calibration, const policy& how) {
  if (quantization::is_quantized(imported))
    throw input_error(imported.file + ": carries scales of its own: co-design starts from a float network");
  const graph::graph prepared = quantization::prepare(imported);
  const auto executor = torch::load_float_executor(prepared, how.threads);
  const std::size_t values = calibration.values();
  const quantization::image_source source = [&](std::size_t i, float* to) {
    std::copy_n(calibration.pixels.data() + i * values, values, to);
  };
  const auto settings = settings_of(how);
  initial_network made;
  made.imported = imported;
  made.ranges = quantization::calibrate(prepared, *executor, source, calibration.size(), settings);
  made.network = quantization::quantize(prepared, settings, made.ranges);
  return made;
}

torch::trained_value as_codes(const trained_value& value) {
  const int low = value.is_signed ? -(1 << (value.bits - 1)) : 0;
  return {value.name, value.scale, value.zero_point, low, low + (1 << value.bits) - 1};
}

torch::trainer_setup setup_of(const initial_network& initial, const layer_table& table, const policy& how,
                              bool teacher) {
  torch::trainer_setup setup;
  setup.graph = initial.imported;
  for (const designed_layer& d : table.layers) setup.products.push_back(d.product);
  for (const trained_value& v : table.values) setup.values.push_back(as_codes(v));
  setup.logits = table.logits;
  if (teacher) setup.teacher = quantization::prepare(initial.imported);
  setup.threads = how.threads;
  return setup;
}

void begin_widths(torch::trainer& trainer, const layer_table& table, const quantization::network& network) {
  for (std::size_t k = 0; k < table.layers.size(); ++k) {
    const quantization::mvm_parameters& p = network.layers[table.layers[k].layer].mvm;
    trainer.set_widths(k, p.weight_bits, std::vector<float>(p.weight_scale.begin(), p.weight_scale.end()));
  }
}

}  // namespace cimbalom::codesign
