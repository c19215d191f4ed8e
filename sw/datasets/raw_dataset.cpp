#include "sw/datasets/raw_dataset.hpp"

#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/datasets/array_dataset.hpp"

namespace cimbalom::datasets {
namespace {

constexpr std::uint64_t element_limit = std::uint64_t{1} << 40;

// Elements of one record: the extents behind axis 0. Refuses what would overflow.
std::uint64_t record_elements(const raw_array& array, const std::string& file) {
  std::uint64_t product = 1;
  for (std::size_t k = 1; k < array.shape.size(); ++k) {
    const std::int64_t extent = array.shape[k];
    if (extent <= 0 || static_cast<std::uint64_t>(extent) > element_limit / product)
      throw bad_input({file, 0}, "extent of axis " + std::to_string(k), std::to_string(extent), "1 or more, as stored");
    product *= static_cast<std::uint64_t>(extent);
  }
  return product;
}

std::vector<std::int64_t> read_labels(const raw_array& labels, const std::string& file) {
  if (labels.format.kind == number_kind::floating) throw bad_input({file, 0}, "labels", "floating point", "integers");
  if (labels.shape.empty() || record_elements(labels, file) != 1)
    throw bad_input({file, 0}, "labels", std::to_string(labels.shape.size()) + " axes", "one number a record");
  std::vector<std::int64_t> values(static_cast<std::size_t>(labels.shape[0]));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = as_integer(labels.bytes.data() + labels.offset + i * labels.format.bytes, labels.format);
  return values;
}

// What a network computes from such a value is nobody's result.
[[noreturn]] void refuse_value(float value, std::size_t at, std::size_t record, const std::string& file) {
  throw bad_input({file, 0}, "record " + std::to_string(at / record) + ", value " + std::to_string(at % record),
                  std::isnan(value) ? "NaN" : "infinite", "finite numbers that float32 holds");
}

std::vector<float> decoded(const raw_array& values, std::size_t count, std::size_t record, const std::string& file) {
  const std::uint8_t* from = values.bytes.data() + values.offset;
  std::vector<float> numbers(count);
  for (std::size_t k = 0; k < count; ++k) {
    numbers[k] = as_float(from + k * values.format.bytes, values.format);
    if (!std::isfinite(numbers[k])) refuse_value(numbers[k], k, record, file);
  }
  return numbers;
}

}  // namespace

void check_length(const raw_array& array, const std::string& file) {
  if (array.shape.empty() || array.shape[0] <= 0) throw bad_input({file, 0}, "records", "0", "1 or more");
  const std::uint64_t record = record_elements(array, file) * array.format.bytes;
  const std::uint64_t present = array.bytes.size() - array.offset;
  const std::uint64_t whole = present / record;
  const auto wanted = static_cast<std::uint64_t>(array.shape[0]);
  if (whole < wanted)
    throw bad_input({file, 0}, "record " + std::to_string(whole), std::to_string(present % record) + " bytes",
                    std::to_string(record) + " a record, " + std::to_string(wanted) + " records");
  if (present != wanted * record)
    throw bad_input({file, 0}, "bytes behind the last record", std::to_string(present - wanted * record), "none");
}

std::unique_ptr<dataset> make_dataset(const raw_array& values, const std::string& values_file, const raw_array* labels,
                                      const std::string& labels_file) {
  const auto records = static_cast<std::size_t>(values.shape[0]);
  std::vector<std::int64_t> shape(values.shape.begin() + 1, values.shape.end());
  if (shape.empty()) shape.push_back(1);
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  std::vector<int> classes;
  if (labels != nullptr) classes = checked_labels(read_labels(*labels, labels_file), labels_file, records, values_file);

  const std::size_t count = records * static_cast<std::size_t>(record_elements(values, values_file));
  const std::uint8_t* from = values.bytes.data() + values.offset;
  if (values.format.kind == number_kind::unsigned_integer && values.format.bytes == 1)
    return std::make_unique<array_dataset<std::uint8_t>>(
        std::move(shape), std::vector<std::uint8_t>(from, from + count), std::move(classes));
  return std::make_unique<array_dataset<float>>(std::move(shape), decoded(values, count, count / records, values_file),
                                                std::move(classes));
}

}  // namespace cimbalom::datasets
