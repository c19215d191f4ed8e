#include "sw/codesign/flow_work.hpp"

#include <algorithm>
#include <cmath>

#include "sw/codesign/initial_network.hpp"

namespace cimbalom::codesign {
namespace {

constexpr std::uint64_t passes_of_training = 3;  // forward, gradients of inputs, gradients of weights
constexpr std::uint64_t adc_images = 16;         // calibration_sample

/// Conversions of one image: of every filter its row groups, input slices and columns.
std::uint64_t conversions_of(const quantization::network& net, const flow_extent& extent) {
  const auto parts = [](std::uint64_t whole, int part) {
    return (whole + static_cast<std::uint64_t>(part) - 1) / static_cast<std::uint64_t>(part);
  };
  std::uint64_t sum = 0;
  for (const quantization::layer& l : net.layers) {
    if (l.kind != quantization::layer_kind::mvm) continue;
    const std::uint64_t input_bits = net.tensors[static_cast<std::size_t>(l.inputs.at(0))].format.bits;
    const std::uint64_t groups = parts(l.macs / static_cast<std::uint64_t>(l.mvm.filters), extent.rows_active);
    for (const std::uint8_t bits : l.mvm.weight_bits) sum += groups * parts(input_bits, extent.dac_bits) * bits;
  }
  return sum;
}

}  // namespace

std::vector<stage_work> work_of(const quantization::network& made, const policy& how, const flow_extent& extent) {
  const std::uint64_t forward = made.macs(), teacher = how.distillation.weight > 0 ? forward : 0;
  const std::uint64_t trained = passes_of_training * forward + teacher;
  const std::uint64_t batch = std::min(static_cast<std::uint64_t>(how.batch), extent.training_images);
  const std::uint64_t images = batch == 0 ? 0 : extent.training_images / batch * batch;
  const auto epochs = [&](int count) {
    return static_cast<std::uint64_t>(count) * (images * trained + extent.validation_images * forward);
  };
  const auto at_most = [&](std::uint64_t count) { return std::min(count, extent.training_images); };
  const auto calibration = static_cast<std::uint64_t>(settings_of(how).calibration_images);
  const auto in_hardware = static_cast<std::uint64_t>(how.epochs.hardware);

  std::vector<stage_work> work = {{"initial", (at_most(calibration) + 2 * at_most(adc_images)) * forward}};
  work.push_back({"budget", extent.budget.trained * passes_of_training * forward + extent.budget.inferred * forward});
  work.push_back({"pruning", extent.pruning ? epochs(how.epochs.pruning) : 0});
  const bool learned = extent.widths && how.allocation == allocation_method::learned;
  work.push_back({"widths", learned ? epochs(how.epochs.widths) : 0});
  std::uint64_t mixed = extent.mixed ? epochs(how.epochs.mixed) : 0;
  if (extent.mixed && in_hardware > 0) {
    const std::uint64_t passed = in_hardware * (images + extent.validation_images);
    mixed = mixed - passed * forward + passed * conversions_of(made, extent);
  }
  work.push_back({"mixed", mixed});
  work.push_back({"result", extent.validation_images * forward});
  return work;
}

std::uint64_t instructions_of(const processor::processor_config& host, std::uint64_t macs) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(macs) * host.instructions_per_mac));
}

}  // namespace cimbalom::codesign
