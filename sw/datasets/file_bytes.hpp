#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::datasets {

/// The whole file, unpacked when it begins as gzip does. Throws input_error: missing, unreadable, damaged gzip.
std::vector<std::uint8_t> read_bytes(const std::string& path);

/// PATH, or PATH.gz when only that exists; PATH itself when neither does.
std::string plain_or_gz(const std::string& path);

}  // namespace cimbalom::datasets
