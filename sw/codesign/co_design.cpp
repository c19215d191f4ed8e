#include "sw/codesign/co_design.hpp"

#include <algorithm>

#include "models/cim/cim_energy.hpp"
#include "platform/configuration/error.hpp"
#include "sw/compiler/pass_formation.hpp"
#include "sw/quantization/adc_calibration.hpp"

namespace cimbalom::codesign {
namespace {

constexpr std::size_t adc_images = 16;

/// Energy of events as they come.
class summing_sink : public energy::event_sink {
 public:
  explicit summing_sink(const energy::component_table& costs) : costs_(costs) {}
  void count(energy::event what, std::int32_t, std::uint64_t n) override { sum_ += costs_.yoctojoules(what) * n; }
  double attojoules() const { return energy::to_double(sum_) / energy::yoctojoules_per_attojoule; }

 private:
  const energy::component_table& costs_;
  energy::wide sum_ = 0;
};

constexpr const char* stage_names[] = {"initial", "pruning", "widths", "mixed"};

void choose_adc_steps(quantization::network& network, const cim::macro_config& macro,
                      const std::vector<std::vector<float>>& sample) {
  quantization::calibrate_adc(network, macro.shape(), macro.adc_range, macro.adc_step_sixteenths, sample);
}

pairing_options options_of(const policy& how) {
  pairing_options options;
  options.filters_per_slot = how.pairing.filters_per_slot;
  return options;
}

/// What an error in a filter's codes costs, second order: curvature * step^2, summed.
std::vector<double> sensitivity_of(const torch::product_weights& now) {
  const std::size_t length = now.curvature.size() / now.step.size();
  std::vector<double> made;
  for (std::size_t f = 0; f < now.step.size(); ++f) {
    double sum = 0;
    for (std::size_t k = f * length; k < (f + 1) * length; ++k) sum += static_cast<double>(now.curvature[k]);
    made.push_back(sum * static_cast<double>(now.step[f]) * static_cast<double>(now.step[f]));
  }
  return made;
}

/// By the masks of training. Where calibration regrouped the rows of a layer since, and for convolution groups, by the
/// weights.
pairing pair_trained(quantization::mvm_parameters& layer, const cim::macro_config& macro, pairing_options options,
                     const trained_layer& trained, std::int32_t trained_rows, const std::vector<double>& sensitivity) {
  if (layer.groups == 1 && layer.group_rows == trained_rows)
    return pair_layer(layer, macro, options, kept_groups(trained), sensitivity);
  options.rule = pattern_rule::shared;
  return pair_layer(layer, macro, options, {}, sensitivity);
}

std::vector<pairing> pair_design(quantization::network& network, const quantization::network& before,
                                 const cim::macro_config& macro, const pairing_options& options, training_flow& flow,
                                 const trained_network& trained) {
  std::vector<pairing> made(network.layers.size());
  const std::vector<designed_layer>& table = flow.layers().layers;
  for (std::size_t k = 0; k < table.size(); ++k) {
    const std::size_t at = table[k].layer;
    made[at] = pair_trained(network.layers[at].mvm, macro, options, trained.layers[k], before.layers[at].mvm.group_rows,
                            sensitivity_of(flow.trainer().weights(k)));
  }
  return made;
}

flow_extent extent_of(const design_task& task, const training_flow& flow, std::uint64_t training,
                      std::uint64_t validation) {
  flow_extent made;
  made.training_images = training;
  made.validation_images = validation;
  made.pruning = task.until >= training_stage::pruning;
  made.widths = task.until >= training_stage::widths;
  made.mixed = task.until >= training_stage::mixed;
  made.budget = flow.budget_passes();
  made.rows_active = task.macro.rows_active;
  made.dac_bits = task.macro.dac_bits;
  return made;
}

}  // namespace

training_stage training_stage_of(const std::string& name) {
  for (std::size_t k = 0; k < std::size(stage_names); ++k)
    if (name == stage_names[k]) return static_cast<training_stage>(k);
  throw bad_input({}, "--until", name, "initial, pruning, widths or mixed");
}

macro_layout layout_of(const cim::macro_config& macro) {
  constexpr int least_slot_bits = 2, most_slot_bits = 8;
  if (macro.slot_bits < least_slot_bits || macro.slot_bits > most_slot_bits)
    throw bad_input({}, "platform.macro.slot_bits", std::to_string(macro.slot_bits), "2..8 for co-design");
  return {macro.rows_active, macro.slots(), macro.slot_bits, macro.dac_bits};
}

void add_energy(macro_layout& layout, const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                const energy::component_table& costs) {
  // One slice of one operation, without columns and with all of them.
  const auto columns = static_cast<std::uint64_t>(macro.columns_driven());
  const auto joules = [&](std::uint64_t conversions) {
    cim::tile_work work;
    work.operations = work.input_slices = 1;
    work.input_bits = static_cast<std::uint64_t>(macro.dac_bits);
    work.conversions = conversions;
    summing_sink sum(costs);
    cim::count_energy_events(accelerator, macro, work, cim::expected_activity(macro, work, {}), 0, sum);
    return sum.attojoules();
  };
  layout.slice_energy = joules(0);
  layout.column_energy = (joules(columns) - layout.slice_energy) / static_cast<double>(columns);
}

training_hardware hardware_of(const cim::macro_config& macro, const arithmetic::nonideality_config& noise) {
  return {macro.shape(), macro.adc_range, macro.adc_step_sixteenths, noise};
}

std::vector<std::vector<float>> calibration_sample(const image_set& images) {
  std::vector<std::vector<float>> sample;
  const std::size_t values = images.values();
  for (std::size_t i = 0; i < std::min(adc_images, images.size()); ++i) {
    const float* first = images.pixels.data() + i * values;
    sample.emplace_back(first, first + values);
  }
  return sample;
}

design co_design(const design_task& task, const image_set& train, const image_set& validation) {
  flow_options options = task.flow;
  options.macro = layout_of(task.macro);
  if (task.costs) add_energy(options.macro, task.accelerator, task.macro, *task.costs);
  options.hardware = hardware_of(task.macro, task.noise);
  const std::vector<std::vector<float>> sample = calibration_sample(train);
  initial_network initial = obtain_initial_weights(task.imported, train, options.how);
  // Row groups of flattened layers are chosen with the ADC steps: training prunes the groups that the hardware has.
  choose_adc_steps(initial.network, task.macro, sample);
  training_flow flow(initial, train, validation, options);
  if (task.until >= training_stage::pruning) flow.joint_training();
  if (task.until >= training_stage::widths) flow.allocate_widths();
  if (task.until >= training_stage::mixed) flow.mixed_training();

  design made;
  const trained_network trained = flow.result();
  made.network = initial.network;
  apply(trained, made.network);
  choose_adc_steps(made.network, task.macro, sample);
  made.pairs = pair_design(made.network, initial.network, task.macro, options_of(options.how), flow, trained);
  made.accuracy = flow.accuracy(validation);
  made.density = flow.density();
  made.mean_bits = flow.mean_bits();
  made.work = work_of(made.network, options.how, extent_of(task, flow, train.size(), validation.size()));
  return made;
}

std::vector<group_pattern> stored_groups(const quantization::layer& layer, const cim::macro_config& made_for) {
  std::vector<group_pattern> made(static_cast<std::size_t>(layer.mvm.filters));
  for (const compiler::formed_pass& pass : compiler::form_passes(layer, made_for, true))
    for (const int filter : pass.filters) made[static_cast<std::size_t>(filter)] = pass.record.groups;
  return made;
}

std::vector<pairing> pair_again(quantization::network& network, const cim::macro_config& made_for,
                                const cim::macro_config& macro, const pairing_options& options,
                                const std::vector<std::vector<float>>& sample) {
  layout_of(macro);
  std::vector<std::vector<group_pattern>> stored;
  std::vector<std::int32_t> rows;
  for (const quantization::layer& l : network.layers) {
    const bool known = l.kind == quantization::layer_kind::mvm && l.mvm.groups == 1;
    stored.push_back(known ? stored_groups(l, made_for) : std::vector<group_pattern>{});
    rows.push_back(l.mvm.group_rows);
  }
  choose_adc_steps(network, macro, sample);
  std::vector<pairing> made(network.layers.size());
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    quantization::layer& l = network.layers[k];
    if (l.kind != quantization::layer_kind::mvm) continue;
    const bool same = macro.rows_active == made_for.rows_active && l.mvm.group_rows == rows[k] && !stored[k].empty();
    pairing_options how = options;
    if (!same) how.rule = pattern_rule::shared;
    made[k] = pair_layer(l.mvm, macro, how, same ? stored[k] : std::vector<group_pattern>{});
  }
  return made;
}

}  // namespace cimbalom::codesign
