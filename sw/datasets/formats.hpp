#pragma once

#include <memory>
#include <string>

#include "sw/datasets/dataset.hpp"

namespace cimbalom::datasets {

/// CIFAR-10 binary records (one label byte, 3 x 32 x 32 bytes, planes R, G, B).
std::unique_ptr<dataset> open_cifar10(const std::string& folder, split part);
/// True if the folder holds at least one training file.
bool cifar10_has_training(const std::string& folder);

/// IDX (big-endian, any element type); labels may be empty. Two-dimensional records get one channel.
std::unique_ptr<dataset> open_idx(const std::string& images, const std::string& labels);

/// NumPy arrays, format 1 to 3, C order, bool, integers or floats of either byte order; labels may be empty.
/// Axis 0 counts records. Two-dimensional records (N, h, w) get one channel.
std::unique_ptr<dataset> open_npy(const std::string& values, const std::string& labels);

}  // namespace cimbalom::datasets
