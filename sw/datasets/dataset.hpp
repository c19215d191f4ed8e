#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cimbalom::datasets {

/// Part of a data set. Training and validation images never overlap, nor do they overlap the test images.
enum class split { train, validation, test };

/// Labelled (or unlabelled) records of one shape. Thread safe after construction.
class dataset {
 public:
  virtual ~dataset() = default;

  /// Number of records.
  virtual std::size_t size() const = 0;
  /// Extents of one record; (channels, height, width) for images.
  virtual const std::vector<std::int64_t>& shape() const = 0;
  /// The class of record i, >= 0; nothing for data without labels.
  virtual std::optional<int> label(std::size_t i) const = 0;
  /// Writes record i in the order of shape(). Bytes come as 0..255, unscaled.
  virtual void pixels(std::size_t i, float* out) const = 0;

  /// Values of one record.
  std::size_t record_size() const;
  std::vector<float> pixels(std::size_t i) const;
};

/// Opens SPEC: `builtin`, `cifar10:DIR` (data_batch_*.bin, test_batch.bin, plain or .gz), `idx:IMAGES[,LABELS]`,
/// `npy:X[,Y]` (each plain or .gz). builtin and cifar10 have three splits (cifar10: the last tenth of the training
/// records validates); idx and npy hold what the named files hold, whatever the split.
/// Throws input_error: unknown spec, missing file, wrong magic, short record (which), label out of range.
std::unique_ptr<dataset> open_dataset(const std::string& spec, split part = split::test);

/// False where the data set has no images of that split (cifar10: no file of them); true where opening them is worth
/// a try. Never throws.
bool has_split(const std::string& spec, split part);

/// True where the data set itself says which images train, validate and test; idx and npy files do not.
bool names_splits(const std::string& spec);

/// Throws input_error naming the first record whose label is not in [0, classes).
void check_labels(const dataset& data, const std::string& spec, int classes);

}  // namespace cimbalom::datasets
