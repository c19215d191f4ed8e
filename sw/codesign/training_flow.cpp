#include "sw/codesign/training_flow.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "platform/configuration/error.hpp"
#include "sw/codesign/layer_widths.hpp"
#include "sw/codesign/share_budget.hpp"
#include "sw/quantization/adc_calibration.hpp"
#include "sw/quantization/quantize.hpp"

namespace cimbalom::codesign {
namespace {

constexpr const char* stage_names[] = {"pruning", "widths", "mixed"};
constexpr double pi = 3.14159265358979323846;
constexpr double last_rate = 0.02;      // of the learning rate, where the cosine ends
constexpr double frozen_part = 0.25;    // last part of mixed training: statistics stay
constexpr double width_travel = 2;      // bits that a filter may move in an epoch of learned widths
constexpr std::size_t adc_images = 16;  // that choose the ADC steps
constexpr int prunings_per_epoch = 4;
constexpr std::size_t validation_batch = 250;

/// The quantiser's view of the trained float graph: biases (normalisation and added constants folded in) and the layers
/// of one factor a channel. Its weights do not matter: small ones keep the unit of the biases small.
quantization::network folded_network(const graph::graph& trained, const quantization::network& like,
                                     const quantization::value_ranges& ranges, const policy& how) {
  graph::graph g = quantization::prepare(trained);
  for (const graph::node& n : g.nodes)
    for (const quantization::layer& l : like.layers)
      if (l.kind == quantization::layer_kind::mvm && l.name == n.name) {
        graph::tensor& weights = g.initializers.at(n.input(1));
        std::fill(weights.data<float>(), weights.data<float>() + weights.size(), 1e-3F);
      }
  try {
    return quantization::quantize(g, settings_of(how), ranges);
  } catch (const input_error& error) {  // the graph was accepted before it was trained
    throw run_error(std::string(error.what()) + ": training diverged: a smaller learning_rate is needed");
  }
}

std::uint64_t hashed(std::uint64_t hash, const void* bytes, std::size_t count) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  for (std::size_t k = 0; k < count; ++k) hash = (hash ^ at[k]) * 0x100000001b3U;
  return hash;
}

graph::tensor numbers(const std::vector<std::int64_t>& values) {
  return graph::tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace

training_flow::training_flow(const initial_network& initial, const image_set& train, const image_set& validation,
                             const flow_options& options)
    : initial_(initial), train_(train), validation_(validation), options_(options) {
  options_.how.validate();
  if (options_.how.epochs.hardware > 0 && !options_.hardware)
    throw input_error("policy.epochs.hardware = " + std::to_string(options_.how.epochs.hardware) +
                      ": needs the macro to run through");
  table_ = make_layer_table(initial.imported, initial.network, options_.how, options_.macro);
  check_images(train_);
  check_images(validation_);
  budget_passes_ = share_budget(table_, initial, train, options_.how, options_.macro);
  trainer_ = torch::load_trainer(setup_of(initial, table_, options_.how, options_.how.distillation.weight > 0));
  start_widths();
  if (options_.resume && !options_.checkpoint.empty() && std::filesystem::exists(options_.checkpoint)) load();
}

void training_flow::check_images(const image_set& images) const {
  const graph::graph& g = initial_.imported;
  if (images.size() == 0) throw input_error(g.file + ": training and validation images are needed: there is none");
  const std::int64_t classes = graph::element_count(g.shape_of(g.find(table_.logits)));
  const auto worst = std::minmax_element(images.labels.begin(), images.labels.end());
  if (*worst.first < 0 || *worst.second >= classes)
    throw input_error(g.file + ": the data set has label " +
                      std::to_string(*worst.first < 0 ? *worst.first : *worst.second) +
                      ": the network has classes 0.." + std::to_string(classes - 1));
}

void training_flow::start_widths() {
  begin_widths(*trainer_, table_, initial_.network);
  for (const designed_layer& d : table_.layers) {
    masks_.emplace_back(static_cast<std::size_t>(d.units.units()), std::uint8_t{1});
    bits_.push_back(initial_.network.layers[d.layer].mvm.weight_bits);
  }
}

double training_flow::density() const {
  std::vector<pruning::candidate_layer> layers;
  for (const designed_layer& d : table_.layers) layers.push_back({{}, d.unit_cost});
  return pruning::density_of(layers, masks_);
}

double training_flow::mean_bits() const {
  double weights = 0, sum = 0;
  for (std::size_t k = 0; k < bits_.size(); ++k) {
    const auto length =
        static_cast<double>(table_.layers[k].product.order.size()) / static_cast<double>(bits_[k].size());
    weights += length * static_cast<double>(bits_[k].size());
    sum += length * std::accumulate(bits_[k].begin(), bits_[k].end(), 0.0);
  }
  return sum / weights;
}

double training_flow::accuracy(const image_set& images) {
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t right = 0;
  for (std::size_t first = 0; first < order.size(); first += validation_batch) {
    const std::size_t count = std::min(validation_batch, order.size() - first);
    const image_batch batch = make_batch(images, order, first, count, {}, 0);
    const graph::tensor logits = trainer_->infer(batch.images);
    const auto classes = static_cast<std::ptrdiff_t>(logits.size()) / static_cast<std::ptrdiff_t>(count);
    const float* row = logits.data<float>();
    for (std::size_t k = 0; k < count; ++k, row += classes)
      right += std::max_element(row, row + classes) - row == batch.labels[k] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(images.size());
}

void training_flow::joint_training() {
  train(stage::pruning, options_.how.epochs.pruning);
  // Few epochs or none: the target is what was asked for.
  if (done_stage_ == stage::pruning && density() > options_.how.pruning.target_density &&
      options_.how.epochs.pruning > 0)
    prune(options_.how.pruning.target_density);
}

void training_flow::train(stage at, int epochs) {
  while (done_stage_ == at && done_epochs_ < epochs) {
    epoch_report report;
    report.stage = stage_names[static_cast<std::size_t>(at)];
    report.epoch = done_epochs_ + 1;
    report.epochs = epochs;
    if (at == stage::mixed && done_epochs_ >= epochs - options_.how.epochs.hardware) {
      if (done_epochs_ == epochs - options_.how.epochs.hardware) best_.clear();  // not comparable
      if (best_.empty()) best_accuracy_ = -1;
      use_hardware();
    }
    report.loss = train_epoch(at, done_epochs_, epochs, report);
    report.accuracy = accuracy(validation_);
    report.density = density();
    report.mean_bits = mean_bits();
    if (at == stage::mixed && options_.how.keep_best) keep_best(report.accuracy);
    ++done_epochs_;
    save(at, done_epochs_);
    if (options_.progress) options_.progress(report);
  }
}

/// ADC steps and row groups for the weights as they are, then every product through the kernels.
void training_flow::use_hardware() {
  const training_hardware& macro = *options_.hardware;
  trainer_->use_hardware({});
  hardware_.clear();
  hardware_network_ = initial_.network;
  apply(result(), hardware_network_);
  std::vector<std::vector<float>> sample;
  const std::size_t values = train_.values();
  for (std::size_t i = 0; i < std::min(adc_images, train_.size()); ++i)
    sample.emplace_back(train_.pixels.data() + i * values, train_.pixels.data() + (i + 1) * values);
  quantization::calibrate_adc(hardware_network_, macro.shape, macro.adc_range, macro.adc_step_sixteenths, sample);
  for (std::size_t k = 0; k < table_.layers.size(); ++k)
    hardware_.emplace_back(hardware_network_, hardware_network_.layers[table_.layers[k].layer], macro,
                           static_cast<std::uint32_t>(k));
  hardware_images_ = 0;
  trainer_->use_hardware([this](const torch::hardware_call& call) {
    hardware_[call.product].run(call.input, call.images, call.weights, call.bits, hardware_images_,
                                options_.how.threads, call.sums);
    if (call.product + 1 == hardware_.size()) hardware_images_ += call.images;
  });
}

/// Of two equal epochs the later, whose rate is lower, is taken.
void training_flow::keep_best(double accuracy) {
  if (accuracy < best_accuracy_) return;
  best_accuracy_ = accuracy;
  best_ = trainer_->state();
}

/// Warm-up, then a cosine.
double training_flow::rate_at(double progress) const {
  const policy& how = options_.how;
  const double rise = how.warm_up > 0 ? std::min(1.0, progress / how.warm_up) : 1;
  return how.learning_rate * rise * (last_rate + (1 - last_rate) * 0.5 * (1 + std::cos(pi * progress)));
}

double training_flow::train_epoch(stage at, int epoch, int epochs, epoch_report& report) {
  const policy& how = options_.how;
  const std::size_t batch = std::min<std::size_t>(static_cast<std::size_t>(how.batch), train_.size());
  const std::size_t steps = train_.size() / batch;
  const std::size_t between = std::max<std::size_t>(1, steps / prunings_per_epoch);
  const std::uint64_t seed =
      how.seed * 1000003 + static_cast<std::uint64_t>(at) * 100003 + static_cast<std::uint64_t>(epoch) + 1;
  const std::vector<std::size_t> order = shuffled(train_.size(), seed);
  const augmentation moves{how.augmentation.flip, how.augmentation.shift, table_.channels_last};

  torch::step_settings settings;
  settings.momentum = how.momentum;
  settings.weight_decay = how.weight_decay;
  settings.distillation = how.distillation.weight;
  settings.temperature = how.distillation.temperature;
  const bool pruned = at == stage::pruning && how.pruning.target_density < 1;
  settings.group_lasso = pruned ? how.pruning.group_lasso : 0;
  settings.width_rate = at == stage::widths ? width_travel / static_cast<double>(steps) : 0;
  double loss = 0;
  std::int64_t right = 0;
  for (std::size_t k = 0; k < steps; ++k) {
    const double progress = (epoch + static_cast<double>(k) / static_cast<double>(steps)) / epochs;
    settings.learning_rate = rate_at(progress);
    settings.freeze_norms = at == stage::mixed && (progress >= 1 - frozen_part || !hardware_.empty());
    const image_batch images = make_batch(train_, order, k * batch, batch, moves, seed);
    const torch::step_result made = trainer_->step(images.images, images.labels, settings);
    loss += made.loss;
    right += made.correct;
    const double after = (epoch + static_cast<double>(k + 1) / static_cast<double>(steps)) / epochs;
    if (pruned && (k + 1) % between == 0)
      prune(pruning::density_at(after / how.pruning.ramp, how.pruning.target_density));
    if (!options_.step) continue;
    report.loss = loss / static_cast<double>(k + 1);
    report.training_accuracy = static_cast<double>(right) / static_cast<double>((k + 1) * batch);
    report.density = density();
    report.mean_bits = mean_bits();
    options_.step(report, static_cast<double>(k + 1) / static_cast<double>(steps));
  }
  report.training_accuracy = static_cast<double>(right) / static_cast<double>(steps * batch);
  return loss / static_cast<double>(steps);
}

// Units that are already zero have no saliency, so they stay so.
void training_flow::prune(double density) {
  std::vector<pruning::candidate_layer> layers;
  for (std::size_t k = 0; k < table_.layers.size(); ++k) {
    const designed_layer& d = table_.layers[k];
    const torch::product_weights now = trainer_->weights(k);
    layers.push_back({pruning::saliency_of(now.real, now.curvature, d.units.unit, d.units.units()), d.unit_cost});
  }
  masks_ = pruning::choose_masks(layers, density, options_.how.pruning.least_density);
  for (std::size_t k = 0; k < masks_.size(); ++k) trainer_->set_mask(k, masks_[k]);
}

/// Every pass that is narrower than its slots begins at its mean; the others have nothing to learn.
void training_flow::begin_learning() {
  for (std::size_t k = 0; k < table_.layers.size(); ++k) {
    const designed_layer& d = table_.layers[k];
    if (d.mean_bits >= options_.macro.slot_bits) continue;
    const std::vector<std::int64_t> group(d.units.pass.begin(), d.units.pass.end());
    trainer_->learn_widths(k, std::vector<float>(group.size(), static_cast<float>(d.mean_bits)), group,
                           std::max(1, options_.how.budget.least_bits), options_.macro.slot_bits);
  }
}

void training_flow::allocate_widths() {
  if (done_stage_ == stage::mixed) return;  // resumed behind it
  if (options_.how.allocation == allocation_method::learned) {
    if (done_stage_ == stage::pruning) {
      begin_learning();
      done_stage_ = stage::widths;
      done_epochs_ = 0;
    }
    train(stage::widths, options_.how.epochs.widths);
  }
  for (std::size_t k = 0; k < table_.layers.size(); ++k) {
    const std::vector<float> learned = trainer_->learned_widths(k);
    trainer_->learn_widths(k, {}, {}, 1, options_.macro.slot_bits);
    const layer_widths chosen =
        choose_widths(table_.layers[k], trainer_->weights(k), options_.how, options_.macro, learned);
    trainer_->set_widths(k, chosen.bits, chosen.step);
    bits_[k] = chosen.bits;
  }
  done_stage_ = stage::mixed;
  done_epochs_ = 0;
}

void training_flow::mixed_training() {
  train(stage::mixed, options_.how.epochs.mixed);
  if (!best_.empty()) trainer_->restore(best_);
  if (options_.how.epochs.hardware > 0) use_hardware();
}

trained_network training_flow::run() {
  joint_training();
  allocate_widths();
  mixed_training();
  return result();
}

trained_network training_flow::result() const {
  const quantization::network folded =
      folded_network(trainer_->trained_graph(), initial_.network, initial_.ranges, options_.how);
  trained_network made;
  for (std::size_t k = 0; k < table_.layers.size(); ++k) {
    const designed_layer& d = table_.layers[k];
    const torch::product_weights now = trainer_->weights(k);
    const quantization::layer& l = folded.layers.at(d.layer);
    trained_layer to{d.name, now.codes, now.bits, {}, {}, d.units.passes, d.units.groups, d.units.pass, masks_[k]};
    const double input_scale = folded.tensors[static_cast<std::size_t>(l.inputs.at(0))].scale;
    for (std::size_t f = 0; f < now.bits.size(); ++f) {
      to.scale.push_back(static_cast<double>(now.step[f]));
      to.bias.push_back(static_cast<double>(l.mvm.bias[f]) * input_scale * l.mvm.weight_scale[f]);
    }
    made.layers.push_back(std::move(to));
  }
  made.values = table_.values;
  const std::vector<double> scales = trainer_->value_scales();
  for (std::size_t k = 0; k < scales.size(); ++k) made.values[k].scale = scales[k];
  for (const quantization::layer& l : folded.layers)
    if (l.kind == quantization::layer_kind::affine) made.affine.push_back({l.name, l.affine_scale, l.affine_bias});
  return made;
}

std::int64_t training_flow::fingerprint() const {
  const std::string text = options_.how.to_yaml();
  std::uint64_t hash = hashed(0xcbf29ce484222325U, text.data(), text.size());
  for (const auto& [id, data] : initial_.imported.initializers)
    if (data.has_data()) hash = hashed(hash, data.bytes(), data.size_bytes());
  const std::int64_t sizes[] = {options_.macro.rows_active, options_.macro.slots, options_.macro.slot_bits,
                                static_cast<std::int64_t>(train_.size()),
                                static_cast<std::int64_t>(validation_.size())};
  hash = hashed(hash, sizes, sizeof(sizes));
  hash = hashed(hash, train_.labels.data(), train_.labels.size() * sizeof(int));
  return static_cast<std::int64_t>(hash >> 1);
}

void training_flow::save(stage at, int epochs_done) {
  if (options_.checkpoint.empty()) return;
  checkpoint made = trainer_->state();
  for (const auto& [name, tensor] : best_) made["best " + name] = tensor;
  if (!best_.empty()) made["best accuracy"] = graph::tensor::of<double>({1}, {best_accuracy_});
  made["progress"] = numbers({fingerprint(), static_cast<std::int64_t>(at), epochs_done});
  save_checkpoint(made, options_.checkpoint);
}

void training_flow::load() {
  const checkpoint from = load_checkpoint(options_.checkpoint);
  const auto progress = from.find("progress");
  if (progress == from.end() || progress->second.type() != graph::data_type::int64 || progress->second.size() != 3 ||
      progress->second.data<std::int64_t>()[0] != fingerprint())
    throw bad_input({options_.checkpoint}, "", "", "was made with another policy, network, macro or data set");
  done_stage_ = static_cast<stage>(progress->second.data<std::int64_t>()[1]);
  if (done_stage_ == stage::widths) begin_learning();
  trainer_->restore(from);
  const std::string best = "best ";
  for (const auto& [name, tensor] : from)
    if (name == "best accuracy")
      best_accuracy_ = tensor.data<double>()[0];
    else if (name.rfind(best, 0) == 0)
      best_.emplace(name.substr(best.size()), tensor);
  done_epochs_ = static_cast<int>(progress->second.data<std::int64_t>()[2]);
  for (std::size_t k = 0; k < table_.layers.size(); ++k) {
    bits_[k] = trainer_->weights(k).bits;
    const std::vector<std::int64_t> kept = from.at("mask of " + table_.layers[k].name).as_ints();
    masks_[k].assign(kept.begin(), kept.end());
  }
}

}  // namespace cimbalom::codesign
