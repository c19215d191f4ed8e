#include "sw/cli/inputs.hpp"

#include <limits>

#include "models/arithmetic/nonideality.hpp"
#include "platform/configuration/error.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::cli {
namespace {

/// Standard normal values: what a normalised input looks like. The same for image and element everywhere.
void synthetic_image(std::size_t image, std::size_t values, float* to) {
  for (std::size_t i = 0; i < values; ++i) {
    to[i] = static_cast<float>(arithmetic::random_normal(image, i)) / 65536.0F;
  }
}

/// Classes that the network tells apart; 0 when its output is no vector of scores.
int classes_of(const graph::graph& g) {
  if (g.outputs.size() != 1) return 0;
  const graph::shape_t& shape = g.shape_of(g.outputs.front());
  const std::int64_t count = graph::element_count(shape);
  return count > 1 && count <= std::numeric_limits<int>::max() ? static_cast<int>(count) : 0;
}

}  // namespace

const graph::value_info& image_input(const graph::graph& g) {
  if (g.inputs.size() != 1) {
    throw bad_input({g.file, 0}, "", "",
                    "has " + std::to_string(g.inputs.size()) + " inputs; a network with one is needed");
  }
  const graph::value_info& input = g.info(g.inputs.front());
  if (input.type == graph::data_type::float32) return input;
  throw bad_input({g.file, 0}, "input " + input.name, graph::name_of(input.type), "float32 is needed");
}

inputs::inputs(const std::string& spec, datasets::split part, const datasets::preprocess& steps,
               const graph::graph& g) {
  const graph::value_info& input = image_input(g);
  values_ = static_cast<std::size_t>(graph::element_count(input.shape));
  if (spec.empty()) return;
  data_ = datasets::open_dataset(spec, part);
  pipeline_ = std::make_unique<datasets::input_pipeline>(*data_, spec, steps, input.shape, input.name);
  const int classes = classes_of(g);
  if (classes > 0) datasets::check_labels(*data_, spec, classes);
}

std::size_t inputs::size() const {
  return data_ ? data_->size() : std::numeric_limits<std::size_t>::max();
}

runtime::image_source inputs::source(std::size_t count) const {
  runtime::image_source source;
  source.count = count;
  source.values = values_;
  source.fetch = [this](std::size_t image, float* to) {
    if (pipeline_) {
      pipeline_->fetch(image, to);
    } else {
      synthetic_image(image, values_, to);
    }
  };
  if (data_) source.label = [this](std::size_t image) { return data_->label(image); };
  return source;
}

std::string inputs::sha256(std::size_t count) const {
  report::sha256_sum sum;
  std::vector<float> image(values_);
  const runtime::image_source images = source(count);
  for (std::size_t i = 0; i < count; ++i) {
    images.fetch(i, image.data());
    sum.add(reinterpret_cast<const char*>(image.data()), image.size() * sizeof(float));
    const std::int32_t label = data_ ? data_->label(i).value_or(-1) : -1;
    sum.add(reinterpret_cast<const char*>(&label), sizeof label);
  }
  return sum.hexadecimal();
}

}  // namespace cimbalom::cli
