#include "sw/codesign/share_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/codesign/budget_search.hpp"
#include "sw/codesign/layer_widths.hpp"

namespace cimbalom::codesign {
namespace {

constexpr std::size_t measured_images = 256;
constexpr int observed_batches = 8;

std::vector<double> log_probabilities(const graph::tensor& logits, std::size_t images) {
  const std::size_t classes = logits.size() / images;
  std::vector<double> made(logits.data<float>(), logits.data<float>() + logits.size());
  for (std::size_t i = 0; i < images; ++i) {
    const auto row = made.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto end = row + static_cast<std::ptrdiff_t>(classes);
    const double top = *std::max_element(row, end);
    const double sum = std::accumulate(row, end, 0.0, [&](double s, double z) { return s + std::exp(z - top); });
    std::for_each(row, end, [&](double& z) { z -= top + std::log(sum); });
  }
  return made;
}

/// Tries options one at a time on a network that is not trained.
class measurement {
 public:
  measurement(const layer_table& table, const initial_network& initial, const image_set& train, const policy& how,
              const macro_layout& macro)
      : table_(table),
        initial_(initial),
        how_(how),
        macro_(macro),
        trainer_(torch::load_trainer(setup_of(initial, table, how, false))) {
    begin_widths(*trainer_, table, initial.network);
    observe(train);
    std::vector<std::size_t> order(std::min(measured_images, train.size()));
    std::iota(order.begin(), order.end(), std::size_t{0});
    images_ = make_batch(train, order, 0, order.size(), {}, 0).images;
    count_ = order.size();
    usual_ = answers();
  }

  /// Of a layer in so many passes; also what its filters then store.
  double loss_of_passes(std::size_t layer, int passes, double& columns) {
    designed_layer d = table_.layers[layer];
    const quantization::mvm_parameters& mvm = initial_.network.layers[d.layer].mvm;
    if (mvm.groups == 1) set_passes(d, mvm, passes, macro_);
    const torch::product_weights now = trainer_->weights(layer);
    const layer_widths made = choose_widths(d, now, how_, macro_);
    columns = std::accumulate(made.bits.begin(), made.bits.end(), 0.0);
    if (made.bits == now.bits) return 0;
    trainer_->set_widths(layer, made.bits, made.step);
    const double loss = moved();
    trainer_->set_widths(layer, now.bits, now.step);
    return loss;
  }

  double loss_of_value(std::size_t value, const trained_value& as) {
    trainer_->set_value(value, as_codes(as));
    const double loss = moved();
    trainer_->set_value(value, as_codes(table_.values[value]));
    return loss;
  }

  const image_passes& passes() const { return passes_; }

 private:
  /// The curvature that the widths of filters are chosen by.
  void observe(const image_set& train) {
    torch::step_settings settings;
    settings.freeze_norms = settings.observe = true;
    const std::size_t batch = std::min<std::size_t>(static_cast<std::size_t>(how_.batch), train.size());
    const std::vector<std::size_t> order = shuffled(train.size(), how_.seed);
    for (int k = 0; k < observed_batches && (static_cast<std::size_t>(k) + 1) * batch <= train.size(); ++k) {
      const image_batch images = make_batch(train, order, static_cast<std::size_t>(k) * batch, batch, {}, 0);
      trainer_->step(images.images, images.labels, settings);
      passes_.trained += batch;
    }
  }

  std::vector<double> answers() {
    passes_.inferred += count_;
    return log_probabilities(trainer_->infer(images_), count_);
  }

  /// Mean divergence from the usual answers.
  double moved() {
    const std::vector<double> now = answers();
    double sum = 0;
    for (std::size_t k = 0; k < now.size(); ++k) sum += std::exp(usual_[k]) * (usual_[k] - now[k]);
    return std::max(0.0, sum / static_cast<double>(count_));
  }

  const layer_table& table_;
  const initial_network& initial_;
  const policy& how_;
  const macro_layout& macro_;
  std::unique_ptr<torch::trainer> trainer_;
  graph::tensor images_;
  std::size_t count_ = 0;
  std::vector<double> usual_;
  image_passes passes_;
};

/// Cost of one bank operation and slice, with so many columns converted.
struct cost_model {
  double slice = 1, column = 0;
  double of(const designed_layer& d, int passes, double columns) const {
    return d.pixels * d.units.groups * (passes * slice + columns * column);
  }
};

cost_model model_of(const policy& how, const macro_layout& macro) {
  if (how.budget.energy <= 0) return {};
  if (macro.slice_energy <= 0 && macro.column_energy <= 0)
    throw bad_input({}, "policy.budget.energy", fmt::format("{}", how.budget.energy),
                    "needs a platform whose macro operations cost energy");
  return {macro.slice_energy, macro.column_energy};
}

/// Values whose width the budget may choose: what a layer passes on to a layer with weights.
std::set<std::size_t> free_values(const layer_table& table, const initial_network& initial, const policy& how) {
  const quantization::network& net = initial.network;
  std::set<std::size_t> made;
  for (const designed_layer& d : table.layers) made.insert(d.input);
  const std::string& image = net.tensors[static_cast<std::size_t>(net.input)].name;
  for (auto v = made.begin(); v != made.end();) {
    bool fixed = table.values[*v].name == image;
    for (const quantization::layer& l : net.layers)
      fixed = fixed || (how.layer_activation_bits.count(l.name) != 0 &&
                        net.tensors[static_cast<std::size_t>(l.output)].name == table.values[*v].name);
    v = fixed ? made.erase(v) : std::next(v);
  }
  return made;
}

trained_value with_bits(const trained_value& value, const quantization::network& net, int bits) {
  trained_value made = value;
  for (const quantization::tensor& t : net.tensors)
    if (t.name == value.name) set_bits(made, t, bits);
  return made;
}

budget_problem measured_problem(const layer_table& table, const initial_network& initial, const policy& how,
                                const macro_layout& macro, const std::vector<int>& choices, measurement& tried) {
  const cost_model model = model_of(how, macro);
  const double part = std::max(how.budget.operations, how.budget.energy) / how.pruning.target_density;
  budget_problem made;
  double dense = 0;
  for (std::size_t k = 0; k < table.layers.size(); ++k) {
    const designed_layer& d = table.layers[k];
    const auto filters = static_cast<int>(d.product.filters);
    const bool splits = initial.network.layers[d.layer].mvm.groups == 1;
    layer_candidates c{d.input, {}};
    const int fewest = splits ? passes_for(filters, 1, macro) : d.units.passes;
    for (int passes = d.units.passes; passes >= fewest; --passes) {
      double columns = 0;
      const double loss = tried.loss_of_passes(k, passes, columns);
      c.options.push_back({passes, loss, model.of(d, passes, columns)});
    }
    made.layers.push_back(std::move(c));
    const int alone = splits ? passes_for(filters, macro.slot_bits, macro) : d.units.passes;
    dense += model.of(d, alone, static_cast<double>(filters * macro.slot_bits)) * macro.slices(8);
  }
  const std::set<std::size_t> free = free_values(table, initial, how);
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const int bits = table.values[v].bits;
    value_candidates c;
    if (free.count(v) == 0 || choices.empty())
      c.push_back({bits, macro.slices(bits), 0});
    else
      for (const int width : choices)
        c.push_back({width, macro.slices(width),
                     width == bits ? 0 : tried.loss_of_value(v, with_bits(table.values[v], initial.network, width))});
    made.values.push_back(std::move(c));
  }
  made.most = part * dense;
  return made;
}

}  // namespace

image_passes share_budget(layer_table& table, const initial_network& initial, const image_set& train, const policy& how,
                          const macro_layout& macro) {
  if (how.budget.operations <= 0 && how.budget.energy <= 0) return {};
  std::vector<int> choices = how.budget.activation_choices;
  std::sort(choices.begin(), choices.end(), std::greater<>());
  choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
  if (!choices.empty())
    for (const std::size_t v : free_values(table, initial, how))
      table.values[v] = with_bits(table.values[v], initial.network, choices.front());
  measurement tried(table, initial, train, how, macro);
  const budget_problem problem = measured_problem(table, initial, how, macro, choices, tried);
  const budget_choice chosen = search(problem);
  const bool energy = how.budget.energy > 0;
  const double asked = energy ? how.budget.energy : how.budget.operations;
  if (!chosen.met)
    throw bad_input({}, energy ? "policy.budget.energy" : "policy.budget.operations", fmt::format("{}", asked),
                    fmt::format("at least {:.4f} for this network, density and choice of widths",
                                asked * chosen.cost / problem.most));
  for (std::size_t k = 0; k < table.layers.size(); ++k) {
    const quantization::mvm_parameters& mvm = initial.network.layers[table.layers[k].layer].mvm;
    if (mvm.groups == 1) set_passes(table.layers[k], mvm, problem.layers[k].options[chosen.layers[k]].passes, macro);
  }
  for (std::size_t v = 0; v < table.values.size(); ++v)
    if (const int bits = problem.values[v][chosen.values[v]].bits; bits != table.values[v].bits)
      table.values[v] = with_bits(table.values[v], initial.network, bits);
  set_unit_costs(table, macro);
  return tried.passes();
}

}  // namespace cimbalom::codesign
