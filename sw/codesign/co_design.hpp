#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/energy/component_table.hpp"
#include "sw/codesign/pairing/pairing.hpp"
#include "sw/codesign/training_flow.hpp"

namespace cimbalom::codesign {

/// Training stages in their order; a flow may end behind any of them.
enum class training_stage { initial, pruning, widths, mixed };
/// Throws input_error naming the stages.
training_stage training_stage_of(const std::string& name);

/// What of the macro the training has to know. Throws input_error for slots that no width table covers.
macro_layout layout_of(const cim::macro_config& macro);

/// Adds what bank operations cost on a platform, for budgets of energy: array, converters and shift-add, at the
/// activity that macros are usually measured at.
void add_energy(macro_layout& layout, const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                const energy::component_table& costs);

/// The macro that epochs.hardware run through.
training_hardware hardware_of(const cim::macro_config& macro, const arithmetic::nonideality_config& noise);

/// The training images that calibration looks at: the first of them.
std::vector<std::vector<float>> calibration_sample(const image_set& images);

/// A co-design from a float network on. Images must outlive it.
struct design_task {
  graph::graph imported;  ///< float
  cim::macro_config macro;
  cim::accelerator_config accelerator;
  arithmetic::nonideality_config noise;          ///< of the macro that hardware epochs run through
  std::optional<energy::component_table> costs;  ///< what budgets of energy need
  flow_options flow;  ///< policy, checkpoint, progress; its macro and hardware are taken from the above
  training_stage until = training_stage::mixed;
};

/// A network that is ready for the compiler and for a package.
struct design {
  quantization::network network;  ///< ADC steps chosen, slots assigned
  std::vector<pairing> pairs;     ///< by layer; empty for other kinds than matrix-vector
  double accuracy = 0;            ///< 0..1: of the fake-quantised network on the validation images
  double density = 1, mean_bits = 8;
  std::vector<stage_work> work;  ///< of the host, by stage
};

/// Initial weights, joint training, widths, mixed training (as far as `until`), ADC steps on training images, pairing.
/// Throws input_error and run_error as its stages do.
design co_design(const design_task& task, const image_set& train, const image_set& validation);

/// The weight groups that the passes of a layer store, a filter.
std::vector<group_pattern> stored_groups(const quantization::layer& layer, const cim::macro_config& made_for);

/// ADC steps and pairing alone, of a network that was made for `made_for`: for another macro, or other options. Groups
/// that were not stored stay so where both macros have the same row groups. `sample`: calibration_sample; not needed
/// unless the range is calibrated.
std::vector<pairing> pair_again(quantization::network& network, const cim::macro_config& made_for,
                                const cim::macro_config& macro, const pairing_options& options,
                                const std::vector<std::vector<float>>& sample);

}  // namespace cimbalom::codesign
