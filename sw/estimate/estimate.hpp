#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/cim_energy.hpp"
#include "models/energy/ledger.hpp"
#include "platform/configuration/platform_config.hpp"
#include "sw/compiler/program.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::estimate {

struct estimate_options {
  std::uint64_t batch = 16;                   ///< images back to back, 1 to the program's image slots
  std::vector<cim::activity_profile> layers;  ///< how busy the bits of each layer are (profile_of); may be empty
  cim::activity_profile usual;                ///< of the layers without a profile
};

/// The same figures that a simulation has, where they have a closed form; without accuracy, initiators' latencies,
/// clips. `happened` covers one batch.
struct estimation {
  runtime::run_result result;
  energy::ledger happened;
};

/// Time and energy of a compiled program: the commands and the costs that simulate uses, transfers in closed form. No
/// data, no SystemC; a network without weights has the same times. Throws input_error for a batch that the program has
/// no slots for.
estimation estimate(const quantization::network& network, const compiler::program& program,
                    const platform::platform_config& platform, const estimate_options& options = {});

/// Activity profile of each layer from counts that were measured on the same macro: evaluation::layers, or
/// layer_result::activity of a run. A layer without operations gets the usual profile.
std::vector<cim::activity_profile> profile_of(const std::vector<arithmetic::activity>& measured,
                                              const std::vector<int>& input_bits, const cim::macro_config& macro);

/// Bits of the input codes of every layer; 0 where a layer does not use the macros.
std::vector<int> input_bits_of(const quantization::network& network);

}  // namespace cimbalom::estimate
