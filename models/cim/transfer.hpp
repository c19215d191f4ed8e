#pragma once

#include <algorithm>
#include <cstdint>

#include "models/cim/accelerator_config.hpp"
#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// A two-dimensional copy between memory and a buffer.
struct transfer {
  std::uint64_t memory_address = 0;
  std::uint32_t buffer = 0;  ///< aperture offset
  std::uint64_t row_bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t memory_stride = 0;  ///< bytes from row to row
  std::uint64_t buffer_stride = 0;
  std::int32_t layer = -1;

  /// What a load or store command moves.
  static transfer of(const registers::command& value) {
    return {value.memory_address,      value.buffer, value.row_bytes, value.rows, value.memory_stride,
            value.buffer_stride_bytes, value.layer};
  }
  bool empty() const { return row_bytes == 0 || rows == 0; }
  std::uint64_t bytes() const { return row_bytes * rows; }
  /// Bytes from the first to the last byte touched in the buffer.
  std::uint64_t buffer_extent() const { return empty() ? 0 : (rows - 1) * buffer_stride + row_bytes; }
};

/// Goes through a transfer piece by piece, in order; rows that lie end to end on both sides are one run.
class transfer_walk {
 public:
  struct piece {
    std::uint64_t memory_address = 0;
    std::uint32_t buffer = 0;
    std::uint64_t length = 0;
  };

  transfer_walk() = default;
  explicit transfer_walk(const transfer& what) : what_(what), done_(what.empty()) {
    if (what_.memory_stride != what_.row_bytes || what_.buffer_stride != what_.row_bytes) return;
    what_.row_bytes *= what_.rows;
    what_.rows = 1;
  }

  bool done() const { return done_; }
  /// The next piece: up to the end of its row, or the next multiple of `span` in memory.
  piece peek(std::uint64_t span) const {
    const std::uint64_t address = what_.memory_address + row_ * what_.memory_stride + column_;
    const std::uint64_t to_boundary = span - address % span;
    return {address, static_cast<std::uint32_t>(what_.buffer + row_ * what_.buffer_stride + column_),
            std::min(what_.row_bytes - column_, to_boundary)};
  }
  void advance(const piece& taken) {
    column_ += taken.length;
    if (column_ < what_.row_bytes) return;
    column_ = 0;
    done_ = ++row_ == what_.rows;
  }

 private:
  transfer what_;
  std::uint64_t row_ = 0, column_ = 0;
  bool done_ = true;
};

/// Widths and depths of a path between memory and buffers.
struct path_geometry {
  std::uint64_t word_bytes = 64;     ///< of a FIFO word: memory_side_bits
  std::uint64_t compute_bytes = 32;  ///< through the converter a clock: compute_side_bits x lanes
  std::uint64_t lane_bytes = 2;      ///< compute_side_bits
  std::uint64_t fifo_words = 16;
  std::uint64_t span_bytes = 64;  ///< largest piece asked for at once; pieces end at its multiples
  std::uint64_t pieces_in_flight = 8;

  static path_geometry of(const accelerator_config& config) {
    path_geometry path;
    path.word_bytes = std::max<std::uint64_t>(static_cast<std::uint64_t>(config.memory_side_bits) / 8, 1);
    path.lane_bytes = std::max<std::uint64_t>(static_cast<std::uint64_t>(config.compute_side_bits) / 8, 1);
    path.compute_bytes = std::max<std::uint64_t>(
        static_cast<std::uint64_t>(config.compute_side_bits) * static_cast<std::uint64_t>(config.lanes) / 8, 1);
    path.fifo_words = static_cast<std::uint64_t>(config.fifo_depth);
    // A piece must fit the FIFO: otherwise its space could never be reserved.
    const auto burst = static_cast<std::uint64_t>(config.burst_bytes);
    path.span_bytes = path.word_bytes;
    while (path.span_bytes < burst && path.span_bytes * 2 <= path.fifo_words * path.word_bytes) path.span_bytes *= 2;
    path.pieces_in_flight =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(config.max_outstanding) * burst / path.span_bytes, 1);
    return path;
  }

  /// FIFO words that [address, address + length) touches.
  std::uint64_t words(std::uint64_t address, std::uint64_t length) const {
    return (address + length - 1) / word_bytes - address / word_bytes + 1;
  }
  /// Clocks of the width converter.
  std::uint64_t cycles(std::uint64_t length) const { return (length + compute_bytes - 1) / compute_bytes; }
  /// Words of one lane, for the energy of the converter.
  std::uint64_t lane_words(std::uint64_t length) const { return (length + lane_bytes - 1) / lane_bytes; }
};

}  // namespace cimbalom::cim
