#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/datasets/dataset.hpp"

namespace cimbalom::datasets {

/// What a network's input is made of: x = (pixel * scale - mean[c]) / std[c], c the channel (axis 0 of a record).
struct preprocess {
  float scale = 1;
  std::vector<float> mean;  ///< empty: 0; one entry: every channel; else one a channel
  std::vector<float> std;   ///< empty: 1; likewise
  std::string file;         ///< where it came from; empty: the identity, because no file was there
};

/// Reads `input: {scale, mean, std}`. Throws input_error with file and line: unknown key, wrong type, std of 0.
preprocess read_preprocess(const std::string& path);
/// The same from text; `name` stands for the file in messages.
preprocess parse_preprocess(const std::string& text, const std::string& name);

/// The file --preprocess names; else MODEL.yaml beside the model (its extension replaced); else the identity, with
/// `file` empty so that the caller can say so.
preprocess find_preprocess(const std::string& chosen, const std::string& model);

/// Records of a data set as a network wants them: preprocessed, in the order of the network's input.
class input_pipeline {
 public:
  /// `input_shape`: of the network's input, batch extent 1 first. A record fits when its shape is the same, when
  /// (c, h, w) has to become (h, w, c), or when the input is flat with as many values.
  /// Throws input_error naming both shapes, or the channels that mean or std should have.
  input_pipeline(const dataset& data, const std::string& spec, const preprocess& steps,
                 const std::vector<std::int64_t>& input_shape, const std::string& input_name);

  std::size_t size() const { return data_.size(); }
  std::size_t input_size() const { return channels_ * plane_; }
  const dataset& data() const { return data_; }
  /// float32 values of record i; `out` holds input_size().
  void fetch(std::size_t i, float* out) const;
  std::vector<float> fetch(std::size_t i) const;

 private:
  const dataset& data_;
  float scale_;
  std::vector<float> mean_, std_;  // one a channel
  std::size_t channels_ = 1, plane_ = 1;
  bool channels_last_ = false;
};

}  // namespace cimbalom::datasets
