#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/tensor_codes.hpp"
#include "models/registers/command.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::compiler {

/// What commands can conflict about.
enum class space : std::uint8_t {
  buffer,       ///< aperture offsets, all four buffers
  memory,       ///< bus addresses
  position,     ///< bank * positions a bank + position
  accumulator,  ///< bytes of the accumulator storage
};
inline constexpr int space_count = 4;

/// One interval [begin, end) that a command reads or writes while it runs.
struct access {
  space where = space::buffer;
  std::uint64_t begin = 0, end = 0;
  bool write = false;
};

/// What a command refers to. One pointer is set for compute and vector_op, none for the others.
struct operand_view {
  const registers::mvm_descriptor* mvm = nullptr;
  const registers::vector_descriptor* vector = nullptr;
  std::uint64_t bytes = 0;  ///< encoded length of the descriptor; program: bytes of its positions
};

/// Everything that `value` touches. Two-dimensional transfers count as the whole span from first to last byte.
/// @param bank_positions positions of a bank
void append_accesses(const registers::command& value, const operand_view& operand, std::uint64_t bank_positions,
                     std::vector<access>& to);

/// Bytes of `rows` rows of a feature map.
inline std::uint64_t row_bytes(const registers::tensor_format& format, std::uint64_t rows = 1) {
  return rows * static_cast<std::uint64_t>(format.width) * static_cast<std::uint64_t>(format.channels) *
         static_cast<std::uint64_t>(format.element_bytes());
}

using cim::pixel_bytes;

/// Filters of all passes: the sums that one pixel has.
std::uint64_t filter_count(const registers::mvm_descriptor& value);

}  // namespace cimbalom::compiler
