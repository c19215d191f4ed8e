#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/processor/processor_config.hpp"
#include "sw/codesign/policy.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::codesign {

/// Images that pass through a network, in one stage of the flow.
struct image_passes {
  std::uint64_t trained = 0;   ///< forward and backward
  std::uint64_t inferred = 0;  ///< forward only
};

/// What a stage of the flow computes on the host.
struct stage_work {
  std::string stage;       ///< initial, budget, pruning, widths, mixed, result
  std::uint64_t macs = 0;  ///< multiply-accumulates of images that pass through the layers with weights
};

/// What a co-design was.
struct flow_extent {
  std::uint64_t training_images = 0, validation_images = 0;
  bool pruning = true, widths = true, mixed = true;  ///< stages that were asked for
  image_passes budget;                               ///< of the search of one budget for the network
  int rows_active = 16, dac_bits = 2;                ///< of the macro, for hardware epochs
};

/// The work of a whole co-design, in closed form: stops and resumes do not change it. An image forward is the dense
/// MACs of `made`, a trained one three times that (forward, gradients of inputs, gradients of weights) and once more
/// for a teacher:
///   initial  calibration images and twice the images that choose ADC steps, forward
///   budget   what its search tried
///   pruning, widths, mixed   epochs * (images of whole batches trained, validation images forward)
///   result   validation images forward
/// In hardware epochs a forward pass is one MAC for each conversion of the macro, at the widths of `made`. Choosing
/// masks, ADC steps, widths and pairs is not counted.
std::vector<stage_work> work_of(const quantization::network& made, const policy& how, const flow_extent& extent);

/// macs * instructions_per_mac, rounded up.
std::uint64_t instructions_of(const processor::processor_config& host, std::uint64_t macs);

}  // namespace cimbalom::codesign
