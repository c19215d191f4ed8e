#pragma once

#include <cstdint>
#include <vector>

#include "models/arithmetic/macro_shape.hpp"
#include "models/cim/macro_config.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// What was chosen for one matrix-vector layer, over the sampled pixels.
struct adc_choice {
  int layer = -1;
  int step_sixteenths = 16;
  int group_rows = 0;           ///< mvm_parameters::group_rows
  double relative_error = 0;    ///< root mean square of y's error over that of y (less the correction for driving u)
  double clipped_fraction = 0;  ///< of the conversions
};

/// Sets the ADC step of every matrix-vector layer of `net` to run on a macro of this shape: `full` and `fixed` by rule,
/// `calibrated` to the step from 1 to full, in sixteenths, that minimises the mean squared error of y (in real units)
/// at `pixels` output pixels sampled over `images` (each in the order of the network's input). Layers with weight zero
/// points keep step 1, where the digital correction is exact. A flattened layer that the best step leaves with more
/// than 1e-3 of y's power as error gets the fewest even row groups that cannot clip at step 1, and that step, if the
/// error is less then: `group_rows`, 0 for every other layer and for full and fixed. Without images, calibrated is an
/// input_error.
std::vector<adc_choice> calibrate_adc(network& net, const arithmetic::macro_shape& shape, cim::adc_range range,
                                      int fixed_step_sixteenths, const std::vector<std::vector<float>>& images,
                                      int pixels = 128);

/// What calibration decides about row groups (`group_rows`), where there are no images: layers that read the network's
/// input are taken to see flat patches of every brightness, which drive all rows of a group with one code. Other layers
/// keep whole groups. Steps stay as they are. For what needs time and not values.
void group_rows_without_images(network& net, const arithmetic::macro_shape& shape, cim::adc_range range);

}  // namespace cimbalom::quantization
