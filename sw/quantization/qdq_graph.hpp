#pragma once

#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// The integer network as a float graph with QuantizeLinear and DequantizeLinear (opset 13 forms): int8 weights with a
/// scale a filter, one scale a value, int32 biases in units of input scale * weight scale. Codes of fewer than 8 bits
/// are cut by a Clip in front of QuantizeLinear, which annotate() reads back as their width.
///
/// The graph's metadata keeps what QDQ cannot say: that the network requantises by multiplier and shift, and the exact
/// value of every scale that float32 rounds. With them quantize() gives the same integer outputs, to the bit; another
/// runtime, which computes in float32, may round ties otherwise.
///
/// Throws input_error naming tensor or layer: codes or weights wider than 8 bits, biases beyond int32, dilated average
/// pools, layers that requantise in both ways.
graph::graph qdq_graph(const network& net);

/// Keys of graph::metadata.
inline constexpr const char* requantization_key = "cimbalom.requantization";  ///< value: fixed_point
inline constexpr const char* exact_key = "cimbalom.exact.";  ///< + name of a float32 constant: hexadecimal numbers

/// The elements of a constant: those of the metadata where the file has them, else the float32 values. Throws
/// input_error where the metadata does not round to what the constant holds.
std::vector<double> exact_values(const graph::graph& g, graph::value_id constant);

}  // namespace cimbalom::quantization
