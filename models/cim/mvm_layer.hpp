#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/arithmetic/post_processing.hpp"
#include "models/cim/macro_config.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// Rows of one driven vector that are consecutive codes of one input pixel.
struct vector_run {
  std::int32_t tap_row = 0;  ///< input row and column relative to the window's origin, dilation included
  std::int32_t tap_column = 0;
  std::uint32_t first_channel = 0;
  std::uint16_t first_row = 0;
  std::uint16_t count = 0;
};

/// One weight group of a set: where its driven vector comes from.
struct group_source {
  std::int32_t tap_row = 0;  ///< channel mode
  std::int32_t tap_column = 0;
  std::uint32_t slice = 0;       ///< channel mode: index into vector_set::slices
  std::uint32_t rows = 0;        ///< rows that hold weights
  std::vector<vector_run> runs;  ///< flattened mode
};

/// Channels that a group of the channel mode drives.
struct channel_slice {
  std::uint32_t first_channel = 0;
  std::uint32_t rows = 0;
};

/// The groups of passes that see the same inputs: their vectors are packed once.
struct vector_set {
  bool flattened = false;
  std::uint32_t channel_base = 0;
  std::uint32_t channels = 0;
  std::vector<std::uint16_t> codes;
  std::vector<group_source> groups;
  std::vector<channel_slice> slices;
  std::vector<std::size_t> passes;
};

/// One pass, resolved against the hardware.
struct layer_pass {
  std::size_t first_filter = 0;
  std::size_t filters = 0;
  std::size_t first_entry = 0;
  std::size_t groups = 0;
  std::uint64_t weight_rows = 0;  ///< sum over groups of the rows that hold weights
  std::uint64_t used_bits = 0;    ///< stored non-padding weight bits of all groups and filters
  std::vector<arithmetic::conversion> conversions;
};

/// Where the sum of one filter goes.
struct layer_filter {
  std::uint32_t output_channel = 0;
  std::int32_t weight_zero_point = 0;
};

/// Neighbouring passes that see the same inputs, as one pass over positions side by side.
struct wide_pass {
  std::size_t passes = 0;
  std::size_t filters = 0;
  std::vector<arithmetic::packed_position> positions;
  std::vector<const arithmetic::packed_position*> pointers;
  std::vector<arithmetic::conversion> conversions;
  std::unique_ptr<arithmetic::prepared_pass> prepared;
};

/// What an image after image needs of a pass: valid while the same positions hold its weights.
struct pass_cache {
  std::vector<std::shared_ptr<const arithmetic::packed_position>> positions;
  std::unique_ptr<arithmetic::prepared_pass> prepared;
  std::unique_ptr<wide_pass> wide;  ///< of this pass and those after it
  bool seen = false;                ///< the same positions have computed before: preparing them pays
};

/// A matrix-vector layer decoded, checked against the hardware and resolved once; it serves every tile and image.
struct mvm_layer {
  registers::mvm_descriptor descriptor;
  std::size_t descriptor_bytes = 0;
  std::vector<layer_pass> passes;
  std::vector<layer_filter> filters;
  arithmetic::post_processing post;  ///< of the filters
  std::vector<vector_set> sets;
  std::size_t entries = 0;
  std::size_t shards = 0;
  int input_slices = 0;
  bool has_weight_zero_points = false;
  bool channels_in_order = false;  ///< filter i writes output channel first + i
  std::unique_ptr<arithmetic::adc_transfer> adc;
  std::vector<pass_cache> cache;  ///< one a pass; written by the engine, not part of the layer's meaning

  /// Bytes that this object holds, roughly.
  std::size_t footprint() const;
};

/// Decodes and resolves; bad_descriptor, bank_range or position_range where the hardware cannot do it.
registers::error_code resolve(const std::uint8_t* bytes, std::size_t size, const macro_config& macro, int banks,
                              mvm_layer& layer);

}  // namespace cimbalom::cim
