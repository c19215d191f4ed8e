#include "sw/quantization/adc_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "models/arithmetic/mvm.hpp"
#include "platform/configuration/error.hpp"
#include "sw/quantization/packed_filters.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/quantization/row_grouping.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::quantization {
namespace {

constexpr int exhaustive_candidates = 48;
constexpr int filters_a_pass = 16;
// Error power of y over its power beyond which a flattened layer is split: a signal-to-noise ratio of 30 dB.
constexpr double split_error_power = 1e-3;
constexpr int flat_levels = 32;

// Output pixels of a layer that the calibration looks at, and what drives the wordlines for them.
struct samples {
  std::size_t pixels = 0;
  std::vector<std::uint16_t> codes;  // [pixel][convolution group][row group][row]
};

// One pass: filters of one convolution group.
struct sample_pass : packed_filters {
  int group = 0;
};

struct trial {
  double squared_error = 0;
  std::uint64_t conversions = 0, clipped = 0;
};

// A number for the k-th sample that is spread over [0, count) whatever the layer's size (golden ratio sequence).
std::size_t spread(std::size_t k, std::size_t count) {
  const std::uint64_t turned = static_cast<std::uint64_t>(k + 1) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(((turned >> 32) * count) >> 32);
}

class layer_calibration {
 public:
  layer_calibration(const network& net, const layer& l, const arithmetic::macro_shape& shape,
                    const row_grouping& grouping)
      : net_(net), l_(l), shape_(shape), grouping_(grouping) {}

  // Adds output pixel (row, column) of the map in `codes` (HWC).
  void sample(const std::vector<std::int32_t>& codes, int row, int column) {
    const registers::tensor_format& in = input();
    const mvm_parameters& p = l_.mvm;
    for (int group = 0; group < p.groups; ++group)
      for (int code = 0; code < grouping_.codes(); ++code)
        for (int r = 0; r < shape_.rows_active; ++r)
          data_.codes.push_back(driven(codes, in, group, grouping_.at(code, r), row, column));
    ++data_.pixels;
  }

  adc_choice choose() {
    form_passes();
    pack();
    adc_choice best;
    double least = -1;
    trial kept;
    const auto consider = [&](int step) {
      const trial found = run(step);
      if (least >= 0 && found.squared_error >= least) return;
      least = found.squared_error;
      kept = found;
      best.step_sixteenths = step;
    };
    const int full = arithmetic::full_range_step_sixteenths(shape_);
    for (const int step : candidates(full)) consider(step);
    if (full - 16 >= exhaustive_candidates) {
      const int centre = best.step_sixteenths;
      for (int step = std::max(16, centre - 8); step <= std::min(full, centre + 8); ++step) consider(step);
    }
    record(kept, best);
    return best;
  }

  // Step 1, whatever the error.
  adc_choice measure_unit_step() {
    form_passes();
    pack();
    adc_choice unit;
    record(run(unit.step_sixteenths), unit);
    return unit;
  }

 private:
  void record(const trial& found, adc_choice& choice) const {
    choice.relative_error = reference_square_ > 0 ? std::sqrt(found.squared_error / reference_square_) : 0;
    choice.clipped_fraction =
        found.conversions > 0 ? static_cast<double>(found.clipped) / static_cast<double>(found.conversions) : 0;
  }

  const registers::tensor_format& input() const { return net_.tensors[static_cast<std::size_t>(l_.inputs[0])].format; }

  std::uint16_t driven(const std::vector<std::int32_t>& codes, const registers::tensor_format& in, int group,
                       const std::optional<row_grouping::source>& from, int row, int column) const {
    if (!from) return 0;
    const registers::window& w = l_.mvm.filter_window;
    const int y = row * w.stride_h - w.pad_top + from->tap_h * w.dilation_h;
    const int x = column * w.stride_w - w.pad_left + from->tap_w * w.dilation_w;
    std::int32_t q = in.zero_point;
    if (y >= 0 && y < in.height && x >= 0 && x < in.width)
      q = codes[code_index(in, y, x, group * l_.mvm.channels_per_group + from->channel)];
    return static_cast<std::uint16_t>(q - in.minimum());
  }

  // All steps when they are few; else whole steps and the range in 3 % steps, refined around the best afterwards.
  static std::vector<int> candidates(int full) {
    std::vector<int> steps;
    if (full - 16 < exhaustive_candidates) {
      for (int step = 16; step <= full; ++step) steps.push_back(step);
      return steps;
    }
    for (int step = 16; step <= std::min(full, 256); step += 16) steps.push_back(step);
    for (double step = 17; step < full; step *= 1.03) steps.push_back(static_cast<int>(step));
    steps.push_back(full);
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    return steps;
  }

  void form_passes() {
    const mvm_parameters& p = l_.mvm;
    const int each = p.filters / p.groups;
    for (int group = 0; group < p.groups; ++group)
      for (int first = 0; first < each; first += filters_a_pass) {
        const int count = std::min(filters_a_pass, each - first);
        sample_pass pass{pack_filters(p, grouping_, shape_, group * each + first, count), group};
        passes_.push_back(std::move(pass));
      }
  }

  void pack() {
    const std::size_t rows = static_cast<std::size_t>(shape_.rows_active);
    planes_ = std::make_unique<arithmetic::input_planes>(shape_.rows_active, input().bits, shape_.dac_bits);
    const std::size_t vectors = data_.codes.size() / rows;
    planes_->resize(vectors);
    for (std::size_t v = 0; v < vectors; ++v) planes_->pack(v, data_.codes.data() + v * rows);
    for (const sample_pass& pass : passes_) exact_.push_back(exact_sums(pass));
  }

  std::size_t vector_of(std::size_t pixel, int group, std::size_t code) const {
    const auto codes = static_cast<std::size_t>(grouping_.codes());
    return (pixel * static_cast<std::size_t>(l_.mvm.groups) + static_cast<std::size_t>(group)) * codes + code;
  }

  // Plain integer products, [pixel][filter of the pass].
  std::vector<std::int64_t> exact_sums(const sample_pass& pass) {
    const mvm_parameters& p = l_.mvm;
    const auto rows = static_cast<std::size_t>(shape_.rows_active);
    const std::size_t filter_size = p.weights.size() / static_cast<std::size_t>(p.filters);
    std::vector<std::int64_t> sums(data_.pixels * static_cast<std::size_t>(pass.filters), 0);
    std::vector<std::int64_t> stored(static_cast<std::size_t>(pass.filters), 0);
    for (std::size_t pixel = 0; pixel < data_.pixels; ++pixel)
      for (int code = 0; code < grouping_.codes(); ++code)
        for (std::size_t r = 0; r < rows; ++r) {
          const auto from = grouping_.at(code, static_cast<int>(r));
          if (!from) continue;
          const std::int64_t u = data_.codes[vector_of(pixel, pass.group, static_cast<std::size_t>(code)) * rows + r];
          const auto at = weight_index(p, from->tap_h, from->tap_w, from->channel);
          for (std::size_t k = 0; k < static_cast<std::size_t>(pass.filters); ++k)
            sums[pixel * static_cast<std::size_t>(pass.filters) + k] +=
                u * p.weights[(static_cast<std::size_t>(pass.first_filter) + k) * filter_size + at];
        }
    for (std::size_t k = 0; k < stored.size(); ++k)
      for (std::size_t at = 0; at < filter_size; ++at)
        stored[k] += p.weights[(static_cast<std::size_t>(pass.first_filter) + k) * filter_size + at];
    // The layer's y is without what driving u = q - minimum in place of q - zero point adds.
    const std::int64_t offset = std::int64_t{input().minimum()} - input().zero_point;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::size_t k = i % static_cast<std::size_t>(pass.filters);
      const double scale = p.weight_scale[static_cast<std::size_t>(pass.first_filter) + k];
      const double real = static_cast<double>(sums[i] + offset * stored[k]) * scale;
      reference_square_ += real * real;
    }
    return sums;
  }

  trial run(int step) const {
    const arithmetic::adc_transfer adc(shape_, step);
    trial result;
    arithmetic::activity counts;
    std::vector<std::int32_t> y;
    std::vector<std::uint32_t> vectors;
    for (std::size_t n = 0; n < passes_.size(); ++n) {
      const sample_pass& pass = passes_[n];
      const auto outputs = static_cast<std::size_t>(pass.filters);
      std::vector<const arithmetic::packed_position*> positions;
      for (const arithmetic::packed_position& position : pass.positions) positions.push_back(&position);
      vectors.clear();
      for (std::size_t pixel = 0; pixel < data_.pixels; ++pixel)
        for (std::size_t code = 0; code < positions.size(); ++code)
          vectors.push_back(static_cast<std::uint32_t>(vector_of(pixel, pass.group, code)));
      y.assign(data_.pixels * outputs, 0);
      arithmetic::pass_operation operation;
      operation.shape = &shape_;
      operation.input_bits = input().bits;
      operation.adc = &adc;
      operation.conversions = pass.conversions.data();
      operation.conversion_count = pass.conversions.size();
      operation.outputs = pass.filters;
      operation.positions = positions.data();
      operation.groups = positions.size();
      operation.inputs = planes_.get();
      operation.vectors = vectors.data();
      operation.pixels = data_.pixels;
      operation.y = y.data();
      operation.y_stride = outputs;
      arithmetic::run_pass(operation, counts);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t f = static_cast<std::size_t>(pass.first_filter) + i % outputs;
        const double measured = static_cast<double>(y[i]) * step / 16.0;
        const double error = (measured - static_cast<double>(exact_[n][i])) * l_.mvm.weight_scale[f];
        result.squared_error += error * error;
      }
    }
    result.conversions = counts.conversions;
    result.clipped = counts.clipped;
    return result;
  }

  const network& net_;
  const layer& l_;
  const arithmetic::macro_shape& shape_;
  row_grouping grouping_;
  samples data_;
  std::vector<sample_pass> passes_;
  std::unique_ptr<arithmetic::input_planes> planes_;
  std::vector<std::vector<std::int64_t>> exact_;  // by pass
  double reference_square_ = 0;
};

bool has_zero_points(const mvm_parameters& p) {
  return std::any_of(p.weight_zero_point.begin(), p.weight_zero_point.end(), [](std::int32_t z) { return z != 0; });
}

// Rows a group of the fewest even groups in which a conversion at step 1 cannot clip; 0: the layer is not flattened,
// no split helps, or none is needed.
int lossless_rows(const mvm_parameters& p, const arithmetic::macro_shape& shape) {
  if (!is_flattened(p, shape.rows_active)) return 0;
  arithmetic::macro_shape one_row = shape;
  one_row.rows_active = 1;
  const std::int64_t top = (std::int64_t{1} << shape.adc_bits) - 1;
  const std::int64_t most = top / arithmetic::s_max(one_row);
  const std::int64_t rows = std::int64_t{p.filter_window.kernel_h} * p.filter_window.kernel_w * p.channels_per_group;
  if (most == 0 || most >= std::min<std::int64_t>(rows, shape.rows_active)) return 0;
  const std::int64_t groups = (rows + most - 1) / most;
  return static_cast<int>((rows + groups - 1) / groups);
}

// A layer under calibration: with whole row groups, and with split ones where that may help.
struct measured_layer {
  measured_layer(const network& net, int layer_number, const arithmetic::macro_shape& shape)
      : number(layer_number),
        split_rows(lossless_rows(layer_of(net).mvm, shape)),
        whole(net, layer_of(net), shape, grouping_of(layer_of(net).mvm, shape.rows_active)) {
    if (split_rows == 0) return;
    mvm_parameters p;
    p.filter_window = layer_of(net).mvm.filter_window;
    p.channels_per_group = layer_of(net).mvm.channels_per_group;
    p.group_rows = split_rows;
    split.emplace(net, layer_of(net), shape, grouping_of(p, shape.rows_active));
  }
  const layer& layer_of(const network& net) const { return net.layers[static_cast<std::size_t>(number)]; }

  int number;
  int split_rows;
  layer_calibration whole;
  std::optional<layer_calibration> split;
};

void sample_layers(const network& net, const std::vector<std::vector<float>>& images, std::size_t pixels,
                   std::vector<measured_layer>& layers) {
  reference_executor integers(net);
  const std::size_t each = (pixels + images.size() - 1) / images.size();
  for (std::size_t image = 0; image < images.size(); ++image) {
    integers.run(images[image].data());
    for (measured_layer& measured : layers) {
      const layer& l = net.layers[static_cast<std::size_t>(measured.number)];
      const registers::tensor_format& out = net.tensors[static_cast<std::size_t>(l.output)].format;
      const auto area = static_cast<std::size_t>(out.height) * static_cast<std::size_t>(out.width);
      for (std::size_t k = 0; k < std::min(each, area); ++k) {
        const std::size_t at = area <= each ? k : spread(image * each + k, area);
        const auto width = static_cast<std::size_t>(out.width);
        const auto row = static_cast<int>(at / width), column = static_cast<int>(at % width);
        measured.whole.sample(integers.codes(l.inputs[0]), row, column);
        if (measured.split) measured.split->sample(integers.codes(l.inputs[0]), row, column);
      }
    }
  }
}

// The middle of maps of one code, from the lowest code to the highest.
void sample_flat_maps(const network& net, measured_layer& measured) {
  const registers::tensor_format& in = net.tensors[static_cast<std::size_t>(measured.layer_of(net).inputs[0])].format;
  const registers::tensor_format& out = net.tensors[static_cast<std::size_t>(measured.layer_of(net).output)].format;
  const std::int32_t top = (std::int32_t{1} << in.bits) - 1;
  for (int level = 0; level < flat_levels; ++level) {
    const std::vector<std::int32_t> map(static_cast<std::size_t>(in.height * in.width * in.channels),
                                        in.minimum() + top * level / (flat_levels - 1));
    measured.whole.sample(map, out.height / 2, out.width / 2);
    measured.split->sample(map, out.height / 2, out.width / 2);
  }
}

adc_choice choose(measured_layer& measured) {
  adc_choice best = measured.whole.choose();
  if (measured.split && best.relative_error * best.relative_error > split_error_power) {
    adc_choice split = measured.split->measure_unit_step();
    split.group_rows = measured.split_rows;
    if (split.relative_error < best.relative_error) best = split;
  }
  best.layer = measured.number;
  return best;
}

}  // namespace

std::vector<adc_choice> calibrate_adc(network& net, const arithmetic::macro_shape& shape, cim::adc_range range,
                                      int fixed_step_sixteenths, const std::vector<std::vector<float>>& images,
                                      int pixels) {
  arithmetic::validate(shape);
  const int full = arithmetic::full_range_step_sixteenths(shape);
  const bool digital = shape.kind == arithmetic::macro_kind::digital;
  std::vector<adc_choice> choices;
  std::vector<measured_layer> measured;
  for (std::size_t k = 0; k < net.layers.size(); ++k) {
    layer& l = net.layers[k];
    if (l.kind != layer_kind::mvm) continue;
    l.mvm.group_rows = 0;
    adc_choice choice;
    choice.layer = static_cast<int>(k);
    if (digital || has_zero_points(l.mvm))
      choice.step_sixteenths = arithmetic::unit_step_sixteenths;
    else if (range == cim::adc_range::full)
      choice.step_sixteenths = full;
    else if (range == cim::adc_range::fixed)
      choice.step_sixteenths = fixed_step_sixteenths;
    else if (full > arithmetic::unit_step_sixteenths)
      measured.emplace_back(net, choice.layer, shape);
    choices.push_back(choice);
  }
  if (!measured.empty()) {
    if (images.empty()) throw bad_input({}, "macro.adc_range", "calibrated", "calibration images are needed");
    sample_layers(net, images, static_cast<std::size_t>(std::max(pixels, 1)), measured);
    for (measured_layer& one : measured)
      for (adc_choice& choice : choices)
        if (choice.layer == one.number) choice = choose(one);
  }
  for (const adc_choice& choice : choices) {
    mvm_parameters& to = net.layers[static_cast<std::size_t>(choice.layer)].mvm;
    to.adc_step_sixteenths = choice.step_sixteenths;
    to.group_rows = choice.group_rows;
  }
  return choices;
}

void group_rows_without_images(network& net, const arithmetic::macro_shape& shape, cim::adc_range range) {
  arithmetic::validate(shape);
  const bool analog = shape.kind != arithmetic::macro_kind::digital;
  const bool clips = arithmetic::full_range_step_sixteenths(shape) > arithmetic::unit_step_sixteenths;
  for (std::size_t k = 0; k < net.layers.size(); ++k) {
    layer& l = net.layers[k];
    if (l.kind != layer_kind::mvm) continue;
    l.mvm.group_rows = 0;
    const bool calibrated = range == cim::adc_range::calibrated && analog && clips && !has_zero_points(l.mvm);
    if (!calibrated || l.inputs[0] != net.input) continue;
    measured_layer measured(net, static_cast<int>(k), shape);
    if (!measured.split) continue;
    sample_flat_maps(net, measured);
    l.mvm.group_rows = choose(measured).group_rows;
  }
}

}  // namespace cimbalom::quantization
