#pragma once

#include "models/cim/tensor_codes.hpp"
#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// What a compute or vector_op command covers of its maps, and how its operands lie in the buffers. Lengths in pixels.
struct tile_shape {
  std::int64_t input_column = 0, input_columns = 0;    ///< present; rows of the operand lie input_columns apart
  std::int64_t output_column = 0, output_columns = 0;  ///< computed
  std::int64_t output_pitch = 0, second_pitch = 0;     ///< from row to row of the operands

  tile_shape(const registers::command& value, std::int64_t input_width, std::int64_t output_width)
      : input_column(value.input_column),
        input_columns(or_all(value.input_columns, input_width)),
        output_column(value.output_column),
        output_columns(or_all(value.output_columns, output_width)),
        output_pitch(or_all(value.output_pitch, output_width)),
        second_pitch(or_all(value.second_pitch, output_width)) {}

  /// Bytes from the first to the last pixel of `rows` rows.
  std::uint64_t input_bytes(const registers::tensor_format& format, std::uint64_t rows) const {
    return extent(format, rows, input_columns, input_columns);
  }
  std::uint64_t output_bytes(const registers::tensor_format& format, std::uint64_t rows) const {
    return extent(format, rows, output_columns, output_pitch);
  }
  std::uint64_t second_bytes(const registers::tensor_format& format, std::uint64_t rows) const {
    return extent(format, rows, output_columns, second_pitch);
  }

 private:
  static std::int64_t or_all(std::uint16_t count, std::int64_t width) { return count == 0 ? width : count; }
  static std::uint64_t extent(const registers::tensor_format& format, std::uint64_t rows, std::int64_t columns,
                              std::int64_t pitch) {
    if (rows == 0) return 0;
    return ((rows - 1) * static_cast<std::uint64_t>(pitch) + static_cast<std::uint64_t>(columns)) * pixel_bytes(format);
  }
};

}  // namespace cimbalom::cim
