#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "platform/configuration/error.hpp"
#include "sw/datasets/dataset.hpp"

namespace cimbalom::datasets {

/// Records held in memory as T (std::uint8_t or float).
template <class T>
class array_dataset : public dataset {
 public:
  /// `values`: records one after the other; `labels`: empty, or one a record.
  array_dataset(std::vector<std::int64_t> shape, std::vector<T> values, std::vector<int> labels)
      : shape_(std::move(shape)), values_(std::move(values)), labels_(std::move(labels)) {}

  std::size_t size() const override { return values_.size() / record_size(); }
  const std::vector<std::int64_t>& shape() const override { return shape_; }
  std::optional<int> label(std::size_t i) const override {
    if (labels_.empty()) return std::nullopt;
    return labels_.at(i);
  }
  using dataset::pixels;
  void pixels(std::size_t i, float* out) const override {
    const std::size_t length = record_size();
    const T* from = values_.data() + i * length;
    for (std::size_t k = 0; k < length; ++k) out[k] = static_cast<float>(from[k]);
  }

 private:
  std::vector<std::int64_t> shape_;
  std::vector<T> values_;
  std::vector<int> labels_;
};

/// Labels read from a file as integers: one a record, none negative. Throws input_error naming the record.
inline std::vector<int> checked_labels(const std::vector<std::int64_t>& labels, const std::string& file,
                                       std::size_t records, const std::string& records_file) {
  if (labels.size() != records)
    throw bad_input({file, 0}, "labels", std::to_string(labels.size()),
                    std::to_string(records) + ", the records of " + records_file);
  std::vector<int> result;
  result.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] > 1'000'000)
      throw bad_input({file, 0}, "label of record " + std::to_string(i), std::to_string(labels[i]), "0..1000000");
    result.push_back(static_cast<int>(labels[i]));
  }
  return result;
}

}  // namespace cimbalom::datasets
