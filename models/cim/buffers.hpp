#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/cim/accelerator_config.hpp"
#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// Which buffer an aperture offset lies in, 0..3 in aperture order.
inline std::size_t buffer_index(std::uint32_t aperture_offset) {
  return std::min<std::size_t>(aperture_offset / registers::buffer_stride, 3);
}

/// Bytes from the first to the last of a two-dimensional transfer.
inline std::uint64_t transfer_extent(std::uint32_t row_bytes, std::uint32_t rows, std::uint32_t stride) {
  if (rows == 0 || row_bytes == 0) return 0;
  return std::uint64_t{rows - 1} * stride + row_bytes;
}

/// The four buffers of one accelerator, addressed by aperture offset.
class buffers {
 public:
  explicit buffers(const accelerator_config& config)
      : data_{{bytes_of(config.input_buffer_bytes), bytes_of(config.output_buffer_bytes),
               bytes_of(config.weight_buffer_bytes), bytes_of(config.parameter_buffer_bytes)}} {}

  /// Bytes [offset, offset + length), or null where they leave one buffer.
  std::uint8_t* bytes(std::uint32_t aperture_offset, std::uint64_t length) {
    const std::size_t index = aperture_offset / registers::buffer_stride;
    if (index >= data_.size()) return nullptr;
    const std::uint64_t offset = aperture_offset % registers::buffer_stride;
    const std::uint64_t size = data_[index].size();
    return length <= size && offset <= size - length ? data_[index].data() + offset : nullptr;
  }

  /// The same for a range that was found to be inside when its command was planned.
  std::uint8_t* planned(std::uint32_t aperture_offset) {
    return data_[aperture_offset / registers::buffer_stride].data() + aperture_offset % registers::buffer_stride;
  }

  /// Bytes from the offset to the end of its buffer; 0 outside.
  std::uint64_t left(std::uint32_t aperture_offset) const {
    const std::size_t index = aperture_offset / registers::buffer_stride;
    if (index >= data_.size()) return 0;
    const std::uint64_t offset = aperture_offset % registers::buffer_stride;
    return offset < data_[index].size() ? data_[index].size() - offset : 0;
  }

  void clear() {
    for (auto& buffer : data_) std::fill(buffer.begin(), buffer.end(), std::uint8_t{0});
  }

 private:
  static std::vector<std::uint8_t> bytes_of(std::int64_t size) {
    return std::vector<std::uint8_t>(static_cast<std::size_t>(size));
  }

  std::array<std::vector<std::uint8_t>, 4> data_;
};

}  // namespace cimbalom::cim
