#pragma once

#include <cstdint>
#include <vector>

#include "models/registers/descriptor.hpp"
#include "sw/compiler/target.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::compiler {

/// What one descriptor stands for: a vector layer, a matrix-vector layer, or a round of one whose weights do not fit
/// into the arrays (or a half of them) at once.
struct work_unit {
  int layer = -1;
  bool on_macros = false;
  registers::mvm_descriptor mvm;        ///< on_macros
  registers::vector_descriptor vector;  ///< else
  bool accumulate = false;              ///< continues the sums of the unit before
  bool keep = false;                    ///< leaves its sums to the unit after
  int first_channel = 0, channels = 0;  ///< of the output that it writes
  int first_input_channel = 0;          ///< of a layer whose channels are split: where its part of the inputs begins
  std::uint64_t entries = 0;            ///< positions of weights
  std::uint64_t words_offset = 0;       ///< in the memory image

  // Mapping.
  bool resident = false;
  std::uint64_t shards = 1, copies = 1, shard_positions = 1, first_position = 0;

  // Descriptor, once encoded.
  std::uint64_t descriptor_bytes = 0;
  std::uint64_t descriptor_offset = 0;  ///< in the memory image
  std::uint32_t parameter_offset = 0;   ///< in the parameter buffer
};

/// The units of one layer, in order.
struct layer_units {
  std::vector<work_unit> units;  ///< none: a host layer
  /// Rounds of one tile follow each other (sums wait in the accumulators); else all tiles of a round do.
  bool tiles_outside = false;
  /// The output channels of the rounds interleave (a slot assignment): every round writes into the whole tile, which is
  /// stored once, after the last one. Goes with tiles_outside.
  bool interleaved = false;
  /// A vector layer whose window does not fit the buffers with all its channels: every unit loads, computes and stores
  /// a part of them.
  bool channel_split = false;
  std::uint64_t filters_stored = 0;  ///< for the count of storage bits
};

/// Cuts every layer into units and appends their words to `words`. Throws input_error where sums cannot be proved to
/// fit the partial sums or the accumulators, or a layer does not fit the arrays at all. `pack` false: the words stay
/// zero and are not proved.
std::vector<layer_units> form_units(const quantization::network& network, const target& hardware, bool ping_pong,
                                    bool skip_zero_groups, std::vector<std::uint8_t>& words, bool pack = true);

}  // namespace cimbalom::compiler
