// The training stages through libtorch: one process, small networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "platform/configuration/error.hpp"
#include "sw/codesign/bit_allocator.hpp"
#include "sw/codesign/training_flow.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/graph/build.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/adc_calibration.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/sw/quantization/small_networks.hpp"

namespace cimbalom::codesign {
namespace {

using graph::op;
using graph::value_id;
using quantization::noise;
using ints = std::vector<std::int64_t>;

value_id constant(graph::graph& g, const std::string& name, const graph::shape_t& shape, float scale, float offset) {
  std::vector<float> values = noise(graph::element_count(shape), name.size() + 3);
  for (float& v : values) v = scale * v + offset;
  return g.add_constant(name, graph::tensor::of<float>(shape, values));
}

value_id norm(graph::graph& g, const std::string& name, value_id x, std::int64_t channels) {
  return graph::add_node(
      g, op::batch_normalization, name,
      {x, constant(g, name + ".gamma", {channels}, 0.2F, 1), constant(g, name + ".b", {channels}, 0.1F, 0),
       constant(g, name + ".mean", {channels}, 0.1F, 0), constant(g, name + ".var", {channels}, 0.2F, 1)},
      {});
}

/// Convolutions with and without normalisation, a residual, a normalisation that cannot be folded, a Gemm with alpha
/// over a flattened map, a softmax.
graph::graph small_graph() {
  graph::graph g;
  g.name = g.file = "small";
  const value_id x = graph::add_input(g, "x", graph::data_type::float32, {1, 2, 8, 8});
  g.info(x).batch_axis = 0;
  const std::map<std::string, graph::attribute> same = {{"kernel_shape", ints{3, 3}}, {"pads", ints{1, 1, 1, 1}}};
  value_id a = graph::add_node(g, op::conv, "first", {x, constant(g, "first.w", {16, 2, 3, 3}, 0.4F, 0)}, same);
  a = graph::add_node(g, op::relu, "relu1", {norm(g, "norm1", a, 16)}, {});
  value_id b = graph::add_node(
      g, op::conv, "second",
      {a, constant(g, "second.w", {16, 16, 3, 3}, 0.12F, 0), constant(g, "second.bias", {16}, 0.1F, 0)}, same);
  b = graph::add_node(g, op::add, "sum", {norm(g, "norm2", b, 16), a}, {});
  b = graph::add_node(g, op::relu, "relu2", {b}, {});
  b = graph::add_node(g, op::max_pool, "pool", {b}, {{"kernel_shape", ints{4, 4}}, {"strides", ints{4, 4}}});
  b = norm(g, "norm3", b, 16);
  b = graph::add_node(g, op::flatten, "flat", {b}, {{"axis", std::int64_t{1}}});
  b = graph::add_node(g, op::gemm, "fc", {b, constant(g, "fc.w", {64, 4}, 0.2F, 0), constant(g, "fc.b", {4}, 0.1F, 0)},
                      {{"alpha", 0.5F}});
  g.outputs = {graph::add_node(g, op::softmax, "softmax", {b}, {{"axis", std::int64_t{1}}})};
  return g;
}

/// Four classes: which quarter of the map is bright.
image_set quarters(std::size_t count, std::uint64_t seed) {
  image_set made;
  made.shape = {1, 2, 8, 8};
  made.pixels = noise(static_cast<std::int64_t>(count) * 128, seed);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = i % 4;
    made.labels.push_back(static_cast<int>(label));
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 4; ++x)
          made.pixels[i * 128 + c * 64 + (y + label / 2 * 4) * 8 + x + label % 2 * 4] += 0.8F;
  }
  return made;
}

policy small_policy() {
  policy how;
  how.threads = 1;
  how.batch = 32;
  how.learning_rate = 0.02;
  how.epochs.pruning = 2;
  how.epochs.mixed = 2;
  how.budget.mean_bits = {6};
  how.pruning.target_density = 0.7;
  how.distillation.weight = 0.2;
  how.augmentation.flip = false;
  how.augmentation.shift = 1;
  return how;
}

struct subject {
  image_set train = quarters(256, 1), validation = quarters(64, 2);
  policy how = small_policy();
  initial_network initial;
  subject() : initial(obtain_initial_weights(small_graph(), train, how)) {}

  trained_network run(const flow_options& options) { return training_flow(initial, train, validation, options).run(); }
  flow_options options(const std::string& checkpoint = "") const {
    flow_options made;
    made.how = how;
    made.checkpoint = checkpoint;
    return made;
  }
};

std::size_t top(const float* row, std::size_t count) {
  return static_cast<std::size_t>(std::max_element(row, row + count) - row);
}

void expect_same(const trained_network& a, const trained_network& b) {
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (std::size_t k = 0; k < a.layers.size(); ++k) {
    EXPECT_EQ(a.layers[k].weights, b.layers[k].weights);
    EXPECT_EQ(a.layers[k].bits, b.layers[k].bits);
    EXPECT_EQ(a.layers[k].scale, b.layers[k].scale);
    EXPECT_EQ(a.layers[k].bias, b.layers[k].bias);
    EXPECT_EQ(a.layers[k].mask, b.layers[k].mask);
  }
  for (std::size_t k = 0; k < a.values.size(); ++k) EXPECT_EQ(a.values[k].scale, b.values[k].scale);
}

/// Every width fits the slots, every code its width, every masked weight is zero.
void expect_well_formed(const trained_network& made, const layer_table& table, const macro_layout& macro) {
  for (std::size_t k = 0; k < made.layers.size(); ++k) {
    const trained_layer& l = made.layers[k];
    const std::size_t length = l.weights.size() / l.bits.size();
    const std::vector<std::int64_t>& unit = table.layers[k].units.unit;
    for (std::size_t i = 0; i < l.weights.size(); ++i) {
      const int half = 1 << (l.bits[i / length] - 1);
      EXPECT_TRUE(l.weights[i] >= -half && l.weights[i] < half) << l.name;
      if (l.mask[static_cast<std::size_t>(unit[i])] == 0) {
        EXPECT_EQ(l.weights[i], 0) << l.name;
      }
    }
    for (int pass = 0; pass < l.passes; ++pass) {
      std::vector<std::uint8_t> together;
      for (std::size_t f = 0; f < l.bits.size(); ++f)
        if (l.pass[f] == pass) together.push_back(l.bits[f]);
      EXPECT_LE(slots_needed(together, macro.slot_bits), macro.slots) << l.name;
    }
  }
}

/// The integer network of the codes gives what the fake-quantised one gives, up to rounding.
void expect_integers_agree(training_flow& flow, const initial_network& initial, const image_set& images,
                           std::size_t count, double most_codes) {
  quantization::network net = initial.network;
  const trained_network made = flow.result();
  apply(made, net);
  for (const trained_layer& l : made.layers)
    for (const quantization::layer& to : net.layers)
      if (to.name == l.name) {
        EXPECT_EQ(to.mvm.weights, l.weights);
        EXPECT_EQ(to.mvm.weight_bits, l.bits);
      }
  int logits = -1;
  for (std::size_t t = 0; t < net.tensors.size(); ++t)
    if (net.tensors[t].name == flow.layers().logits) logits = static_cast<int>(t);
  ASSERT_GE(logits, 0);
  quantization::reference_executor integers(net);
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t integer_right = 0, fake_right = 0;
  double worst = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const image_batch one = make_batch(images, order, i, 1, {}, 0);
    const std::vector<float> fake = flow.trainer().infer(one.images).as_floats();
    integers.run(one.images.data<float>());
    const std::vector<float> made_values = integers.values(logits);
    ASSERT_EQ(fake.size(), made_values.size());
    for (std::size_t k = 0; k < fake.size(); ++k)
      worst = std::max(worst, static_cast<double>(std::fabs(fake[k] - made_values[k])) /
                                  net.tensors[static_cast<std::size_t>(logits)].scale);
    const auto label = static_cast<std::size_t>(images.labels[i]);
    integer_right += top(made_values.data(), made_values.size()) == label ? 1 : 0;
    fake_right += top(fake.data(), fake.size()) == label ? 1 : 0;
  }
  EXPECT_LE(worst, most_codes);
  EXPECT_NEAR(static_cast<double>(integer_right), static_cast<double>(fake_right), 0.02 * static_cast<double>(count));
}

TEST(training, learns_prunes_and_narrows_what_the_integers_then_compute) {
  subject s;
  s.how.epochs.pruning = 4;
  s.how.epochs.mixed = 4;
  std::vector<epoch_report> reports;
  flow_options options = s.options();
  options.progress = [&](const epoch_report& r) { reports.push_back(r); };
  training_flow flow(s.initial, s.train, s.validation, options);
  const double before = flow.accuracy(s.validation);
  const trained_network made = flow.run();
  ASSERT_EQ(reports.size(), 8U);
  EXPECT_EQ(reports[0].stage, "pruning");
  EXPECT_EQ(reports[7].stage, "mixed");
  EXPECT_LE(flow.density(), 0.7);
  EXPECT_LT(reports[7].mean_bits, 7);
  EXPECT_GT(reports[7].accuracy, before);
  EXPECT_GT(reports[7].accuracy, 0.9);
  EXPECT_LT(reports[7].loss, reports[0].loss);
  expect_well_formed(made, flow.layers(), options.macro);
  expect_integers_agree(flow, s.initial, s.validation, 64, 1.01);
}

TEST(training, begins_with_the_network_that_came) {
  subject s;
  s.how.epochs.pruning = s.how.epochs.mixed = 0;
  s.how.pruning.target_density = 1;
  s.how.budget.mean_bits = {8};
  training_flow flow(s.initial, s.train, s.validation, s.options());
  const trained_network made = flow.run();
  for (std::size_t k = 0; k < made.layers.size(); ++k) {
    const quantization::mvm_parameters& p = s.initial.network.layers[flow.layers().layers[k].layer].mvm;
    std::size_t different = 0;
    for (std::size_t i = 0; i < p.weights.size(); ++i) different += made.layers[k].weights[i] != p.weights[i] ? 1 : 0;
    EXPECT_LE(different, p.weights.size() / 500) << made.layers[k].name;  // ties of the folding in float32
    EXPECT_EQ(made.layers[k].bits, p.weight_bits);
  }
  EXPECT_EQ(flow.density(), 1);
  expect_integers_agree(flow, s.initial, s.validation, 64, 1.01);
}

TEST(training, repeats_its_bits) {
  subject s;
  expect_same(s.run(s.options()), s.run(s.options()));
}

struct stopped {};

/// Trains until this epoch's end, afresh; the options that go on from there.
flow_options stopped_after(subject& s, const std::string& path, int epoch) {
  std::filesystem::remove(path);
  flow_options first = s.options(path);
  int epochs = 0;
  first.progress = [&](const epoch_report&) {
    if (++epochs == epoch) throw stopped();
  };
  EXPECT_THROW(s.run(first), stopped);
  flow_options second = s.options(path);
  second.resume = true;
  return second;
}

TEST(training, goes_on_from_a_checkpoint_to_the_same_bits) {
  subject s;
  const trained_network whole = s.run(s.options());
  const std::string path = testing_support::process_folder() / "training.ckpt";
  for (int stop = 1; stop <= 4; ++stop) {
    flow_options second = stopped_after(s, path, stop);
    int left = 0;
    second.progress = [&](const epoch_report&) { ++left; };
    expect_same(s.run(second), whole);
    EXPECT_EQ(left, 4 - stop);
  }
  flow_options other = s.options(path);
  other.resume = true;
  other.how.seed = 2;
  try {
    s.run(other);
    ADD_FAILURE() << "a checkpoint of another policy was taken";
  } catch (const input_error& error) {
    EXPECT_NE(std::string(error.what()).find("was made with another policy"), std::string::npos);
  }
  std::filesystem::remove(path);
}

TEST(training, learned_widths_fill_the_slots_and_resume_to_the_same_bits) {
  subject s;
  s.how.allocation = allocation_method::learned;
  s.how.epochs.pruning = 1;
  s.how.epochs.widths = 2;
  s.how.epochs.mixed = 1;
  const std::string path = testing::TempDir() + "cimbalom_" + std::to_string(::getpid()) + "_learned.ckpt";
  std::vector<std::string> stages;
  flow_options options = s.options();
  options.progress = [&](const epoch_report& r) { stages.push_back(r.stage); };
  training_flow flow(s.initial, s.train, s.validation, options);
  const trained_network made = flow.run();
  EXPECT_EQ(stages, (std::vector<std::string>{"pruning", "widths", "widths", "mixed"}));
  expect_well_formed(made, flow.layers(), options.macro);
  expect_integers_agree(flow, s.initial, s.validation, 64, 1.01);
  const std::vector<std::uint8_t>& bits = made.layers[1].bits;
  EXPECT_EQ(std::accumulate(bits.begin(), bits.end(), 0), 96);
  EXPECT_NE(*std::min_element(bits.begin(), bits.end()), *std::max_element(bits.begin(), bits.end()));
  for (int stop = 2; stop <= 3; ++stop) {
    flow_options second = stopped_after(s, path, stop);
    expect_same(s.run(second), made);
  }
  std::filesystem::remove(path);
}

/// Bank operations of an image, as a part of those with 8 bits everywhere; before pruning.
double operations_of(const layer_table& table, const macro_layout& macro) {
  double made = 0, dense = 0;
  for (const designed_layer& d : table.layers) {
    const double a_pass = d.pixels * d.units.groups;
    made += a_pass * d.units.passes * macro.slices(table.values[d.input].bits);
    dense += a_pass * passes_for(static_cast<int>(d.product.filters), 8, macro) * 4;
  }
  return made / dense;
}

TEST(training, a_budget_of_operations_is_shared_out_and_kept) {
  subject s;
  s.how.budget.mean_bits = {8};
  s.how.budget.activation_choices = {8, 6, 4};
  s.how.epochs.pruning = 1;
  s.how.pruning.target_density = 0.9;
  double loosest = 0;
  for (const double part : {0.7, 0.4}) {
    s.how.budget.operations = part;
    training_flow flow(s.initial, s.train, s.validation, s.options());
    const double before_pruning = operations_of(flow.layers(), {});
    EXPECT_LE(before_pruning * 0.9, part * (1 + 1e-9));
    EXPECT_GT(before_pruning * 0.9, part * 0.6);
    for (const trained_value& v : flow.layers().values) EXPECT_TRUE(v.bits == 8 || v.bits == 6 || v.bits == 4);
    EXPECT_EQ(flow.layers().values[0].bits, 8) << "the image's width is input_bits";
    loosest = std::max(loosest, before_pruning);
    const trained_network made = flow.run();
    expect_well_formed(made, flow.layers(), {});
    expect_integers_agree(flow, s.initial, s.validation, 64, 1.01);
  }
  EXPECT_GT(loosest, 0.45);
}

TEST(training, a_budget_that_no_choice_meets_is_told_with_the_least_that_is) {
  subject s;
  s.how.budget.operations = 0.05;
  try {
    training_flow(s.initial, s.train, s.validation, s.options());
    ADD_FAILURE() << "an impossible budget was taken";
  } catch (const input_error& error) {
    EXPECT_NE(std::string(error.what()).find("policy.budget.operations = 0.05: at least 0."), std::string::npos)
        << error.what();
  }
  s.how.budget.operations = 0;
  s.how.budget.energy = 0.5;
  EXPECT_THROW(training_flow(s.initial, s.train, s.validation, s.options()), input_error) << "costs are not known";
}

TEST(training, a_budget_of_energy_counts_the_columns_that_convert) {
  subject s;
  s.how.budget.mean_bits = {8};
  s.how.budget.energy = 0.6;
  flow_options options = s.options();
  options.macro.slice_energy = 1;
  options.macro.column_energy = 0.1;
  training_flow flow(s.initial, s.train, s.validation, options);
  EXPECT_LT(operations_of(flow.layers(), options.macro), 1);
}

/// A macro whose ADC clips now and then, so that the hardware's function is not the plain integer one.
training_hardware clipping_macro() {
  training_hardware made;
  made.shape.adc_bits = 4;
  return made;
}

TEST(training, forward_through_the_hardware_is_what_the_macro_computes) {
  subject s;
  s.how.epochs.hardware = 1;
  s.how.activation_bits = 6;
  s.initial = obtain_initial_weights(small_graph(), s.train, s.how);
  flow_options options = s.options();
  options.hardware = clipping_macro();
  training_flow flow(s.initial, s.train, s.validation, options);
  const trained_network made = flow.run();
  quantization::network net = s.initial.network;
  apply(made, net);
  // The flow chose the ADC steps as this does.
  std::vector<std::vector<float>> sample;
  for (std::size_t i = 0; i < 16; ++i)
    sample.emplace_back(s.train.pixels.begin() + static_cast<std::ptrdiff_t>(i * 128),
                        s.train.pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * 128));
  quantization::calibrate_adc(net, options.hardware->shape, options.hardware->adc_range, 16, sample);
  quantization::reference_executor macro(net, options.hardware->shape), plain(net);
  int logits = -1;
  for (std::size_t t = 0; t < net.tensors.size(); ++t)
    if (net.tensors[t].name == flow.layers().logits) logits = static_cast<int>(t);
  std::vector<std::size_t> order(s.validation.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  double worst = 0;
  std::size_t differs = 0;
  std::uint64_t clipped = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const image_batch one = make_batch(s.validation, order, i, 1, {}, 0);
    const std::vector<float> trained = flow.trainer().infer(one.images).as_floats();
    macro.run(one.images.data<float>());
    plain.run(one.images.data<float>());
    clipped += macro.clipped();
    const std::vector<float> wanted = macro.values(logits);
    for (std::size_t k = 0; k < wanted.size(); ++k)
      worst = std::max(worst, static_cast<double>(std::fabs(trained[k] - wanted[k])) /
                                  net.tensors[static_cast<std::size_t>(logits)].scale);
    differs += wanted != plain.values(logits) ? 1 : 0;
  }
  EXPECT_LE(worst, 1.01);
  EXPECT_GT(clipped, 0U);
  EXPECT_GT(differs, 0U);
}

TEST(training, hardware_epochs_learn_what_the_adc_takes_away) {
  subject s;
  s.how.epochs.pruning = 1;
  s.how.epochs.mixed = 5;
  flow_options options = s.options();
  options.hardware = clipping_macro();
  options.hardware->shape.adc_bits = 3;
  options.how.epochs.hardware = 3;
  std::vector<epoch_report> reports;
  options.progress = [&](const epoch_report& r) { reports.push_back(r); };
  training_flow(s.initial, s.train, s.validation, options).run();
  ASSERT_EQ(reports.size(), 6U);
  EXPECT_LT(reports[5].loss, reports[3].loss);
  EXPECT_GT(reports[5].accuracy, 0.6);
}

TEST(training, hardware_epochs_resume_to_the_same_bits) {
  subject s;
  s.how.epochs.pruning = 1;
  s.how.epochs.hardware = 2;
  const std::string path = testing::TempDir() + "cimbalom_" + std::to_string(::getpid()) + "_hardware.ckpt";
  const auto options = [&](const std::string& checkpoint) {
    flow_options made = s.options(checkpoint);
    made.hardware = clipping_macro();
    return made;
  };
  const trained_network whole = s.run(options(""));
  flow_options first = options(path);
  int epochs = 0;
  first.progress = [&](const epoch_report&) {
    if (++epochs == 2) throw stopped();
  };
  EXPECT_THROW(s.run(first), stopped);
  flow_options second = options(path);
  second.resume = true;
  expect_same(s.run(second), whole);
  std::filesystem::remove(path);
}

TEST(training, hardware_epochs_without_a_macro_are_refused) {
  subject s;
  s.how.epochs.hardware = 1;
  EXPECT_THROW(training_flow(s.initial, s.train, s.validation, s.options()), input_error);
}

TEST(training, ends_with_its_best_epoch) {
  subject s;
  s.how.epochs.mixed = 4;
  s.how.learning_rate = 0.5;  // so large that epochs differ
  std::vector<double> accuracies;
  flow_options options = s.options();
  options.progress = [&](const epoch_report& r) {
    if (r.stage == "mixed") accuracies.push_back(r.accuracy);
  };
  training_flow flow(s.initial, s.train, s.validation, options);
  flow.run();
  EXPECT_EQ(flow.accuracy(s.validation), *std::max_element(accuracies.begin(), accuracies.end()));
}

TEST(training, bad_input_is_one_line) {
  subject s;
  image_set wrong = s.train;
  wrong.labels[3] = 4;
  const auto message = [&](const image_set& train, const image_set& validation) {
    try {
      training_flow(s.initial, train, validation, s.options());
    } catch (const input_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(wrong, s.validation), "small: the data set has label 4: the network has classes 0..3");
  EXPECT_NE(message(s.train, {}).find("there is none"), std::string::npos);
  s.how.pruning.target_density = 0;
  EXPECT_NE(message(s.train, s.validation).find("policy.pruning.target_density = 0"), std::string::npos);
}

TEST(training, divergence_is_told) {
  subject s;
  s.train.pixels[0] = std::numeric_limits<float>::infinity();
  try {
    s.run(s.options());
    ADD_FAILURE() << "a loss that is no number went unnoticed";
  } catch (const run_error& error) {
    EXPECT_NE(std::string(error.what()).find("a smaller learning_rate is needed"), std::string::npos);
  }
}

TEST(training, builtin_network_keeps_its_accuracy) {
  const graph::graph g = onnx::import_bytes(std::string(datasets::builtin_onnx()), "builtin.onnx");
  const auto steps = datasets::parse_preprocess(std::string(datasets::builtin_preprocess()), "builtin.yaml");
  const auto load = [&](datasets::split part, std::size_t count) {
    const auto data = datasets::open_dataset("builtin", part);
    const graph::shape_t shape = g.shape_of(g.inputs[0]);
    const datasets::input_pipeline pipeline(*data, "builtin", steps, shape, "x");
    std::vector<std::size_t> chosen(count);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return load_images(pipeline, "builtin", shape, chosen);
  };
  const image_set train = load(datasets::split::train, 640), validation = load(datasets::split::validation, 200);
  policy how;
  how.threads = 1;
  how.batch = 32;
  how.learning_rate = 0.002;
  how.epochs.pruning = how.epochs.mixed = 1;
  how.budget.mean_bits = {6};
  how.augmentation.flip = false;
  how.augmentation.shift = 2;
  const initial_network initial = obtain_initial_weights(g, train, how);
  flow_options options;
  options.how = how;
  training_flow flow(initial, train, validation, options);
  const trained_network made = flow.run();
  EXPECT_GT(flow.accuracy(validation), 0.93);
  expect_well_formed(made, flow.layers(), options.macro);
  expect_integers_agree(flow, initial, validation, 50, 2.01);
}

}  // namespace
}  // namespace cimbalom::codesign
