#pragma once

#include "sw/compiler/pass_formation.hpp"

namespace cimbalom::compiler {

/// Proves that no partial sum and no accumulator of these passes can overflow, from the weights themselves where the
/// widths alone do not do. Throws input_error naming the layer and the bits that would be needed.
void prove_sums(const quantization::layer& layer, int input_bits, const cim::macro_config& macro,
                const std::vector<formed_pass>& passes);

}  // namespace cimbalom::compiler
