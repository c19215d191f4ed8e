#include "sw/datasets/preprocess.hpp"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "platform/configuration/error.hpp"

namespace cimbalom::datasets {
namespace {

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

float number(const YAML::Node& node, const std::string& key, const std::string& file) {
  const place where{file, line_of(node)};
  if (!node.IsScalar()) throw bad_input(where, key, "", "a number");
  float value = 0;
  try {
    value = node.as<float>();
  } catch (const YAML::Exception&) {
    throw bad_input(where, key, node.Scalar(), "a number");
  }
  if (!std::isfinite(value)) throw bad_input(where, key, node.Scalar(), "a finite number");
  return value;
}

std::vector<float> numbers(const YAML::Node& node, const std::string& key, const std::string& file) {
  if (node.IsScalar()) return {number(node, key, file)};
  if (!node.IsSequence() || node.size() == 0)
    throw bad_input({file, line_of(node)}, key, "", "a number, or a list of one a channel");
  std::vector<float> values;
  for (const YAML::Node& item : node) values.push_back(number(item, key, file));
  return values;
}

void read_input(const YAML::Node& section, const std::string& file, preprocess& steps) {
  if (!section.IsMap()) throw bad_input({file, line_of(section)}, "input", "", "a map with scale, mean, std");
  for (const auto& entry : section) {
    const std::string key = entry.first.as<std::string>();
    const std::string path = "input." + key;
    if (key == "scale") {
      steps.scale = number(entry.second, path, file);
    } else if (key == "mean") {
      steps.mean = numbers(entry.second, path, file);
    } else if (key == "std") {
      steps.std = numbers(entry.second, path, file);
      for (const float value : steps.std)
        if (!(value > 0)) throw bad_input({file, line_of(entry.second)}, path, std::to_string(value), "above 0");
    } else {
      throw bad_input({file, line_of(entry.first)}, path, "", "unknown key; allowed: scale, mean, std");
    }
  }
}

std::vector<float> spread(const std::vector<float>& values, float fallback, std::size_t channels,
                          const std::string& key, const std::string& file) {
  if (values.empty()) return std::vector<float>(channels, fallback);
  if (values.size() == 1) return std::vector<float>(channels, values[0]);
  if (values.size() != channels)
    throw bad_input({file, 0}, key, std::to_string(values.size()) + " entries",
                    "1 or " + std::to_string(channels) + ", the channels of the data set");
  return values;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t k = 0; k < shape.size(); ++k) text += (k == 0 ? "" : ", ") + std::to_string(shape[k]);
  return text + "]";
}

}  // namespace

preprocess parse_preprocess(const std::string& text, const std::string& name) {
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::ParserException& error) {
    throw bad_input({name, error.mark.line + 1}, "not YAML", "", error.msg);
  }
  preprocess steps;
  steps.file = name;
  if (root.IsNull()) return steps;
  if (!root.IsMap()) throw bad_input({name, line_of(root)}, "input", "", "a map `input: {scale, mean, std}`");
  for (const auto& entry : root) {
    const std::string key = entry.first.as<std::string>();
    if (key != "input") throw bad_input({name, line_of(entry.first)}, key, "", "unknown key; allowed: input");
    read_input(entry.second, name, steps);
  }
  return steps;
}

preprocess read_preprocess(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw bad_input({path, 0}, "cannot be opened", "", "");
  return parse_preprocess({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}, path);
}

preprocess find_preprocess(const std::string& chosen, const std::string& model) {
  if (!chosen.empty()) return read_preprocess(chosen);
  const std::string beside = std::filesystem::path(model).replace_extension(".yaml").string();
  std::error_code ignored;
  if (std::filesystem::is_regular_file(beside, ignored)) return read_preprocess(beside);
  return {};
}

input_pipeline::input_pipeline(const dataset& data, const std::string& spec, const preprocess& steps,
                               const std::vector<std::int64_t>& input_shape, const std::string& input_name)
    : data_(data), scale_(steps.scale) {
  const std::vector<std::int64_t>& record = data.shape();
  std::vector<std::int64_t> wanted = input_shape;
  if (!wanted.empty()) wanted.erase(wanted.begin());
  std::int64_t wanted_size = 1;
  for (const std::int64_t extent : wanted) wanted_size *= extent;

  const bool image = record.size() == 3;
  const bool same = record == wanted;
  const bool flat = wanted.size() <= 1 && static_cast<std::size_t>(wanted_size) == data.record_size();
  channels_last_ = !same && image && wanted == std::vector<std::int64_t>{record[1], record[2], record[0]};
  if (!same && !flat && !channels_last_)
    throw bad_input({spec, 0}, "record shape", shape_text(record),
                    shape_text(wanted) + ", the input '" + input_name + "' of the network");
  channels_ = image ? static_cast<std::size_t>(record[0]) : 1;
  plane_ = data.record_size() / channels_;
  mean_ = spread(steps.mean, 0, channels_, "input.mean", steps.file);
  std_ = spread(steps.std, 1, channels_, "input.std", steps.file);
}

void input_pipeline::fetch(std::size_t i, float* out) const {
  std::vector<float> raw = data_.pixels(i);
  for (std::size_t c = 0; c < channels_; ++c)
    for (std::size_t k = 0; k < plane_; ++k) {
      const float value = (raw[c * plane_ + k] * scale_ - mean_[c]) / std_[c];
      out[channels_last_ ? k * channels_ + c : c * plane_ + k] = value;
    }
}

std::vector<float> input_pipeline::fetch(std::size_t i) const {
  std::vector<float> values(input_size());
  fetch(i, values.data());
  return values;
}

}  // namespace cimbalom::datasets
