#include <algorithm>
#include <filesystem>

#include "platform/configuration/error.hpp"
#include "sw/datasets/array_dataset.hpp"
#include "sw/datasets/file_bytes.hpp"
#include "sw/datasets/formats.hpp"

namespace cimbalom::datasets {
namespace {

constexpr std::size_t image_bytes = std::size_t{3} * 32 * 32;
constexpr std::size_t record_bytes = 1 + image_bytes;
constexpr int classes = 10;

struct records {
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
};

void append(const std::string& path, records& all) {
  const std::vector<std::uint8_t> bytes = read_bytes(path);
  const std::size_t count = bytes.size() / record_bytes;
  if (bytes.empty() || bytes.size() % record_bytes != 0)
    throw bad_input({path, 0}, "record " + std::to_string(count),
                    std::to_string(bytes.size() % record_bytes) + " bytes", std::to_string(record_bytes) + " a record");
  all.pixels.reserve(all.pixels.size() + count * image_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* record = bytes.data() + i * record_bytes;
    if (record[0] >= classes)
      throw bad_input({path, 0}, "label of record " + std::to_string(i), std::to_string(record[0]), "0..9");
    all.labels.push_back(record[0]);
    all.pixels.insert(all.pixels.end(), record + 1, record + record_bytes);
  }
}

std::vector<std::string> present_training_files(const std::string& folder) {
  std::vector<std::string> files;
  for (int k = 1; k <= 5; ++k) {
    const std::string path = plain_or_gz(folder + "/data_batch_" + std::to_string(k) + ".bin");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) files.push_back(path);
  }
  return files;
}

std::vector<std::string> training_files(const std::string& folder) {
  std::vector<std::string> files = present_training_files(folder);
  if (files.empty()) throw bad_input({folder, 0}, "data_batch_1.bin[.gz]", "", "not found, needed for training");
  return files;
}

}  // namespace

bool cifar10_has_training(const std::string& folder) {
  return !present_training_files(folder).empty();
}

std::unique_ptr<dataset> open_cifar10(const std::string& folder, split part) {
  if (!std::filesystem::is_directory(folder)) throw bad_input({folder, 0}, "no such folder", "", "");
  records all;
  if (part == split::test) {
    append(plain_or_gz(folder + "/test_batch.bin"), all);
  } else {
    for (const std::string& file : training_files(folder)) append(file, all);
    const std::size_t kept = all.labels.size() - all.labels.size() / 10;
    const auto label_cut = all.labels.begin() + static_cast<std::ptrdiff_t>(kept);
    const auto pixel_cut = all.pixels.begin() + static_cast<std::ptrdiff_t>(kept * image_bytes);
    if (part == split::train) {
      all.labels.erase(label_cut, all.labels.end());
      all.pixels.erase(pixel_cut, all.pixels.end());
    } else {
      all.labels.erase(all.labels.begin(), label_cut);
      all.pixels.erase(all.pixels.begin(), pixel_cut);
    }
  }
  return std::make_unique<array_dataset<std::uint8_t>>(std::vector<std::int64_t>{3, 32, 32}, std::move(all.pixels),
                                                       std::move(all.labels));
}

}  // namespace cimbalom::datasets
