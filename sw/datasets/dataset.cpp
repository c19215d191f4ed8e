#include "sw/datasets/dataset.hpp"

#include "platform/configuration/error.hpp"
#include "sw/datasets/builtin_images.hpp"
#include "sw/datasets/formats.hpp"

namespace cimbalom::datasets {
namespace {

constexpr const char* allowed_specs = "builtin, cifar10:DIR, idx:IMAGES[,LABELS] or npy:X[,Y]";

// "A,B" -> A and B; B is empty when there is no comma.
std::pair<std::string, std::string> split_paths(const std::string& text, const std::string& spec) {
  const std::size_t comma = text.find(',');
  std::pair<std::string, std::string> paths{text.substr(0, comma),
                                            comma == std::string::npos ? "" : text.substr(comma + 1)};
  const bool dangling = comma != std::string::npos && paths.second.empty();
  if (paths.first.empty() || dangling || paths.second.find(',') != std::string::npos)
    throw bad_input({}, "dataset", spec, allowed_specs);
  return paths;
}

}  // namespace

std::size_t dataset::record_size() const {
  std::size_t product = 1;
  for (const std::int64_t extent : shape()) product *= static_cast<std::size_t>(extent);
  return product;
}

std::vector<float> dataset::pixels(std::size_t i) const {
  std::vector<float> values(record_size());
  pixels(i, values.data());
  return values;
}

std::unique_ptr<dataset> open_dataset(const std::string& spec, split part) {
  if (spec == "builtin") return std::make_unique<builtin_images>(part);
  const std::size_t colon = spec.find(':');
  const std::string kind = spec.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : spec.substr(colon + 1);
  if (rest.empty()) throw bad_input({}, "dataset", spec, allowed_specs);
  if (kind == "cifar10") return open_cifar10(rest, part);
  if (kind == "idx") {
    const auto [images, labels] = split_paths(rest, spec);
    return open_idx(images, labels);
  }
  if (kind == "npy") {
    const auto [values, labels] = split_paths(rest, spec);
    return open_npy(values, labels);
  }
  throw bad_input({}, "dataset", spec, allowed_specs);
}

bool has_split(const std::string& spec, split part) {
  const std::string cifar = "cifar10:";
  const bool training = part != split::test;
  return !training || spec.compare(0, cifar.size(), cifar) != 0 || cifar10_has_training(spec.substr(cifar.size()));
}

bool names_splits(const std::string& spec) {
  return spec == "builtin" || spec.rfind("cifar10:", 0) == 0;
}

void check_labels(const dataset& data, const std::string& spec, int classes) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::optional<int> label = data.label(i);
    if (label && (*label < 0 || *label >= classes))
      throw bad_input({spec, 0}, "label of record " + std::to_string(i), std::to_string(*label),
                      "0.." + std::to_string(classes - 1) + ", the network's classes");
  }
}

}  // namespace cimbalom::datasets
