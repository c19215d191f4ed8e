#pragma once

#include "sw/graph/graph.hpp"
#include "sw/quantization/calibration.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/quantization/settings.hpp"

namespace cimbalom::quantization {

/// The form that calibrate() and quantize() take: the imported graph, simplified (batch normalisation folded,
/// padding merged).
graph::graph prepare(graph::graph imported);

/// True when the file carries scales (QuantizeLinear, QLinearConv, ...): calibration is not needed then.
bool is_quantized(const graph::graph& g);

/// Float or QDQ graph (prepared) to integer network. Weights are symmetric a filter; activations are unsigned where no
/// value is negative, else signed with a zero point. Scales of the file are kept to the bit, with floating_point
/// requantisation. Throws input_error naming file and node for operators that nothing can do, and for a value that
/// has neither a scale nor a range.
network quantize(graph::graph prepared, const quantization_settings& settings, const value_ranges& ranges);

}  // namespace cimbalom::quantization
