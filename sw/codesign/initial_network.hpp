#pragma once

#include "sw/codesign/image_set.hpp"
#include "sw/codesign/layer_table.hpp"
#include "sw/codesign/policy.hpp"
#include "sw/graph/graph.hpp"
#include "sw/quantization/calibration.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/quantization/settings.hpp"
#include "sw/torch/trainer.hpp"

namespace cimbalom::codesign {

/// Stage 1: the network's own weights, calibrated and quantised to 8 bits.
struct initial_network {
  graph::graph imported;  ///< float, batch normalisation kept
  quantization::value_ranges ranges;
  quantization::network network;
};

/// Runs the float network on the first images of `calibration`. Throws input_error for what the quantiser refuses.
initial_network obtain_initial_weights(const graph::graph& imported, const image_set& calibration, const policy& how);

/// Settings of the quantiser that a policy asks for.
quantization::quantization_settings settings_of(const policy& how);

/// What the trainer needs for the network and its table; `teacher`: with the float network to follow.
torch::trainer_setup setup_of(const initial_network& initial, const layer_table& table, const policy& how,
                              bool teacher);

/// A value as the trainer takes it.
torch::trained_value as_codes(const trained_value& value);

/// Puts a layer's own weights into the trainer, at the quantiser's widths and steps.
void begin_widths(torch::trainer& trainer, const layer_table& table, const quantization::network& network);

}  // namespace cimbalom::codesign
