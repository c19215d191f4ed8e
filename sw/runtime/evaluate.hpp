#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/arithmetic/nonideality.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "sw/compiler/program.hpp"
#include "sw/runtime/image_source.hpp"

namespace cimbalom::runtime {

struct evaluate_options {
  int threads = 1;                                 ///< 0: one a core
  bool keep_outputs = false;                       ///< outputs of every image in the result
  std::function<void(std::size_t done)> progress;  ///< from any thread, one at a time
  const std::atomic<bool>* stop = nullptr;         ///< becomes true: finish the images begun, then return
};

struct evaluation {
  std::vector<int> predicted;                            ///< class of every image; -1: not evaluated
  std::vector<std::vector<std::vector<float>>> outputs;  ///< [image][output][value], with keep_outputs
  std::uint64_t images = 0, labelled = 0, correct = 0;
  std::vector<arithmetic::activity> layers;  ///< sums over the images
};

/// Bit-exact function of a compiled program on `threads` cores, images in parallel. The result does not depend on
/// the number of threads. Throws run_error where a command fails.
evaluation evaluate(const quantization::network& network, const compiler::program& program,
                    const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                    const arithmetic::nonideality_config& nonideality, const image_source& images,
                    const evaluate_options& options);

/// A macro that converts without loss, and the network with ADC steps of one: together the plain integer network.
struct lossless_form {
  quantization::network network;
  cim::macro_config macro;
};
lossless_form make_lossless(const quantization::network& network, const cim::macro_config& macro);

}  // namespace cimbalom::runtime
