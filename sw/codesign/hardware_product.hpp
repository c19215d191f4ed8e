#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/cim/macro_config.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::codesign {

/// The macro that training runs through.
struct training_hardware {
  arithmetic::macro_shape shape;
  cim::adc_range adc_range = cim::adc_range::calibrated;
  int adc_step_sixteenths = 16;          ///< where the range is fixed
  arithmetic::nonideality_config noise;  ///< columns and ADCs of one macro as wide as the layer; off by default
};

/// A matrix-vector layer on the kernels of models/arithmetic: row groups, input slices, columns, ADC. What it computes
/// is, but for noise, what a compiled program accumulates, whatever its slots, passes and banks.
class hardware_product {
 public:
  /// The layer's window, row groups and ADC step are taken over; its weights come with each call. `number` tells
  /// layers apart for the noise. Both references must outlive the object.
  hardware_product(const quantization::network& net, const quantization::layer& layer,
                   const training_hardware& hardware, std::uint32_t number);

  /// sums[image][pixel][filter]: sum over the window of weight code * (q - zero point) as the macro gives it, in units
  /// of the product of the codes. `codes`: [image] HWC. `weights`, `bits`: as in mvm_parameters. `first_image` counts
  /// images for the noise. Images are shared out over `threads`; the result does not depend on how many.
  void run(const std::int32_t* codes, std::size_t images, const std::int16_t* weights, const std::uint8_t* bits,
           std::uint64_t first_image, int threads, float* sums);

  /// Pixels of the output map.
  std::size_t pixels() const;

 private:
  struct prepared;
  prepared prepare() const;
  void run_image(const prepared& made, const std::int32_t* codes, std::uint32_t image, float* sums) const;
  void pack_vectors(const std::int32_t* codes, int conv_group, arithmetic::input_planes& planes,
                    std::vector<std::uint32_t>& vectors) const;
  const registers::tensor_format& input() const;
  const registers::tensor_format& output() const;

  const quantization::network& net_;
  const training_hardware& hardware_;
  quantization::layer layer_;
  std::uint32_t number_;
  arithmetic::adc_transfer adc_;
  std::optional<arithmetic::nonideality> noise_;
};

}  // namespace cimbalom::codesign
