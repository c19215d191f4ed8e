#include "sw/quantization/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "platform/configuration/error.hpp"

namespace cimbalom::quantization {
namespace {

constexpr std::size_t bins = 2048;
constexpr std::size_t batch_images = 16;

// Runs the calibration images through the executor in batches.
void run_images(const graph::graph& g, torch::float_executor& executor, const image_source& images, std::size_t count,
                const torch::float_executor::observer& see) {
  const graph::value_info& input = g.info(g.inputs.at(0));
  const auto size = static_cast<std::size_t>(graph::element_count(input.shape));
  const std::size_t batch = input.batch_axis == 0 ? batch_images : 1;
  for (std::size_t first = 0; first < count; first += batch) {
    const std::size_t taken = std::min(batch, count - first);
    graph::shape_t shape = input.shape;
    if (batch > 1) shape[0] = static_cast<std::int64_t>(taken);
    graph::tensor x(graph::data_type::float32, shape);
    for (std::size_t k = 0; k < taken; ++k) images(first + k, x.data<float>() + k * size);
    executor.run_all({x}, see);
  }
}

}  // namespace

histogram::histogram(double low, double high)
    : low_(std::min(low, 0.0)), high_(std::max(high, 0.0)), width_((high_ - low_) / static_cast<double>(bins)) {
  counts_.assign(bins, 0);
}

void histogram::add(const float* values, std::size_t count) {
  if (!(width_ > 0)) return;
  for (std::size_t k = 0; k < count; ++k) {
    const double position = (static_cast<double>(values[k]) - low_) / width_;
    if (!(position >= 0)) continue;
    counts_[std::min(static_cast<std::size_t>(position), bins - 1)] += 1;
  }
}

// Summed squared error of quantising what was counted to 2^bits - 1 steps over [low, high].
double histogram::error(double low, double high, int bits) const {
  const double step = (high - low) / (std::ldexp(1.0, bits) - 1);
  double sum = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    if (counts_[b] == 0) continue;
    const double value = low_ + (static_cast<double>(b) + 0.5) * width_;
    const double clipped = std::clamp(value, low, high);
    const double outside = value - clipped;
    // Inside the range the error of a value is uniform over a step.
    sum += counts_[b] * (outside * outside + step * step / 12);
  }
  return sum;
}

value_range histogram::range(const quantization_settings& settings) const {
  if (settings.method == calibration_method::min_max || !(width_ > 0)) return {low_, high_};
  if (settings.method == calibration_method::mse) {
    value_range best{low_, high_};
    double least = std::numeric_limits<double>::infinity();
    for (int part = 128; part >= 16; --part) {
      const value_range candidate{low_ * part / 128, high_ * part / 128};
      const double found = error(candidate.low, candidate.high, settings.activation_bits);
      if (found < least) {
        least = found;
        best = candidate;
      }
    }
    return best;
  }
  double total = 0;
  for (const double count : counts_) total += count;
  const double outside = total * (100 - settings.percentile) / 100;
  std::size_t first = 0, last = bins;
  for (double seen = 0; low_ < 0 && first < bins && (seen += counts_[first]) <= outside;) ++first;
  for (double seen = 0; high_ > 0 && last > 0 && (seen += counts_[last - 1]) <= outside;) --last;
  return {std::min(0.0, low_ + static_cast<double>(first) * width_),
          std::max(0.0, low_ + static_cast<double>(last) * width_)};
}

value_ranges calibrate(const graph::graph& g, torch::float_executor& executor, const image_source& images,
                       std::size_t available, const quantization_settings& settings) {
  if (g.inputs.size() != 1)
    throw input_error(g.file + ": " + std::to_string(g.inputs.size()) + " inputs: one is needed for calibration");
  const std::size_t count = std::min(available, static_cast<std::size_t>(settings.calibration_images));
  if (count == 0) throw bad_input({}, "quantization.calibration_images", "0", "at least one image");

  std::map<graph::value_id, value_range> seen;
  run_images(g, executor, images, count, [&](graph::value_id id, const graph::tensor& t) {
    if (t.type() != graph::data_type::float32) return;
    value_range& range = seen[id];
    const float* values = t.data<float>();
    for (std::int64_t k = 0; k < t.size(); ++k) {
      if (!std::isfinite(values[k]))
        throw input_error(g.file + ": value '" + g.info(id).name + "' is not finite on the calibration images");
      range.low = std::min(range.low, static_cast<double>(values[k]));
      range.high = std::max(range.high, static_cast<double>(values[k]));
    }
  });
  value_ranges result;
  if (settings.method == calibration_method::min_max) {
    for (const auto& [id, range] : seen) result[g.info(id).name] = range;
    return result;
  }
  std::map<graph::value_id, histogram> counted;
  for (const auto& [id, range] : seen) counted.emplace(id, histogram(range.low, range.high));
  run_images(g, executor, images, count, [&](graph::value_id id, const graph::tensor& t) {
    const auto found = counted.find(id);
    if (found != counted.end()) found->second.add(t.data<float>(), static_cast<std::size_t>(t.size()));
  });
  for (const auto& [id, values] : counted) result[g.info(id).name] = values.range(settings);
  return result;
}

}  // namespace cimbalom::quantization
