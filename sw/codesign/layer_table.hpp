#pragma once

#include <string>
#include <vector>

#include "sw/codesign/policy.hpp"
#include "sw/codesign/trained_network.hpp"
#include "sw/graph/graph.hpp"
#include "sw/pruning/units.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/torch/trainer.hpp"

namespace cimbalom::codesign {

/// What of a macro decides how filters and weight groups lie in it.
struct macro_layout {
  int rows_active = 16;
  int slots = 12;     ///< of a bank pass
  int slot_bits = 8;  ///< 2..8
  int dac_bits = 2;   ///< input bits of a slice
  /// Energy of one bank operation and input slice, and of a column that it converts; for budgets of energy, any unit.
  double slice_energy = 0, column_energy = 0;

  int slices(int input_bits) const { return (input_bits + dac_bits - 1) / dac_bits; }
};

/// One matrix-vector layer under co-design.
struct designed_layer {
  std::string name;
  std::size_t layer = 0;  ///< in network::layers
  int stage = 0;          ///< layers of one map size, from the input on
  double mean_bits = 8;   ///< budget of its stage
  pruning::unit_layout units;
  double pixels = 1;      ///< of the output
  double unit_cost = 1;   ///< output pixels * input slices: what a unit of weights costs in bank operations
  std::size_t input = 0;  ///< in layer_table::values: where its inputs come from
  torch::trained_product product;
};

struct layer_table {
  std::vector<designed_layer> layers;
  std::vector<trained_value> values;  ///< scales to begin with, widths of the policy
  std::string logits;                 ///< value that the loss reads: the output, before a softmax
  bool channels_last = false;         ///< order of the input images
  int stages = 0;
};

/// Passes that so many filters take at this mean width: as many as the mean can fill, at most two filters a slot; whole
/// slots for each filter at a mean of slot_bits.
int passes_for(int filters, double mean_bits, const macro_layout& macro);

/// Lays the filters of a layer into so many passes; units and mean_bits follow. Layers without convolution groups only.
void set_passes(designed_layer& layer, const quantization::mvm_parameters& mvm, int passes, const macro_layout& macro);

/// Another width for a value, over the range that `like` has.
void set_bits(trained_value& value, const quantization::tensor& like, int bits);

/// unit_cost of every layer from the widths of the values.
void set_unit_costs(layer_table& table, const macro_layout& macro);

/// Joins the imported float graph and the network quantised from it (8-bit weights). Throws input_error: a network with
/// scales of its own, mean_bits that are neither one nor one a stage, a layer name of the policy that is not there, no
/// matrix-vector layer.
layer_table make_layer_table(const graph::graph& imported, const quantization::network& net, const policy& how,
                             const macro_layout& macro);

}  // namespace cimbalom::codesign
