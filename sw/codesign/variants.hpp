#pragma once

#include <string>
#include <vector>

#include "models/cim/macro_config.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::codesign {

/// Forms of a co-designed network that say what each part of the co-design is worth on the same hardware.
enum class variant {
  all,           ///< the package as it is
  dense,         ///< the baseline: the float network at 8 bits, a slot a filter, nothing skipped
  pruning,       ///< dense, and the weight groups that the package lacks are not stored, fetched or computed
  mixed,         ///< the widths and weights of the package, a slot a filter, nothing skipped, 8-bit activations
  pairing,       ///< the same, and filters share slots
  activations,   ///< dense, and the activations have the package's widths
  no_residency,  ///< the package, and no layer stays in the arrays from image to image
};

/// In the order in which they are shown.
const std::vector<variant>& ablation_variants();
const char* name_of(variant which);
/// Throws input_error naming the variants.
variant variant_of(const std::string& name);

struct variant_network {
  quantization::network network;
  bool skip_zero_groups = true;
  bool residency = true;
  bool keeps_adc_steps = false;  ///< else they have to be chosen for what the columns now hold
};

/// `designed`: of a package made for `macro`; `dense`: its float graph quantised at 8 bits. Throws input_error where
/// the two are no forms of the same network.
variant_network make_variant(variant which, const quantization::network& designed, const quantization::network& dense,
                             const cim::macro_config& macro);

}  // namespace cimbalom::codesign
