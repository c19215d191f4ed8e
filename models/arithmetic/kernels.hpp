#pragma once

#include <cstddef>
#include <cstdint>

#include "models/arithmetic/noise_arithmetic.hpp"

namespace cimbalom::arithmetic::kernels {

/// What the column kernels need to know of a pass.
struct column_plan {
  int words = 1;  ///< words of 16 rows
  int bits_per_cell = 1;
  int dac_bits = 2;
  int input_bits = 8;
  int padded_columns = 0;  ///< a multiple of 32
  int top = 31;            ///< largest code, at most 32767
  int clip_from = 32;      ///< smallest sum that clips, at most 32768
  int multiplier15 = 0;    ///< 0: a pure clip
};

/// For `count` operations of one pixel: totals[c] = sum over operations and slices of code << (dac_bits * slice),
/// modulo 2^32. Column sums must not exceed 32767. Returns the number of clipped conversions.
using column_codes_function = std::uint64_t (*)(const column_plan&, const std::uint32_t* const* planes,
                                                const std::uint16_t* const* cells, std::size_t count,
                                                std::uint32_t* totals);

/// sums[c] = the ideal sum of every column for one slice of one operation, up to 2^24.
using column_sums_function = void (*)(const column_plan&, const std::uint32_t* planes, const std::uint16_t* cells,
                                      int slice, std::uint32_t* sums);

/// sums[o] += sum over `count` operations and `pairs` pairs of rows of code * weight, modulo 2^32. codes: 2 * pairs
/// values up to 32767 an operation; weights: [pair][outputs][2], outputs a multiple of 16.
using dense_function = void (*)(const std::uint16_t* const* codes, const std::int16_t* const* weights,
                                std::size_t count, std::size_t pairs, std::size_t outputs, std::uint32_t* sums);

/// totals[r] += sum over pixels of digits[vectors[p * stride] * rows + r]; rows a multiple of 16; digits at most
/// `largest`.
using digits_function = void (*)(const std::uint16_t* digits, std::size_t rows, const std::uint32_t* vectors,
                                 std::size_t stride, std::size_t pixels, std::uint32_t largest, std::uint64_t* totals);

/// Columns are folded in blocks of this many: a slot by default.
inline constexpr std::size_t fold_columns = 8;
/// fold works on whole multiples of this many columns.
inline constexpr std::size_t fold_padding = 128;

/// sums[b] = sum over the 8 columns of block b of totals * weights, modulo 2^32. `columns`: a multiple of fold_padding.
using fold_function = void (*)(const std::uint32_t* totals, const std::uint32_t* weights, std::size_t columns,
                               std::uint32_t* sums);

/// sums[c] += digit * cells[c], 1/65536 sum units.
using add_row_function = void (*)(std::int64_t digit, const std::int32_t* cells, std::size_t columns,
                                  std::int64_t* sums);

/// sums[c] after IR drop, gain and offset.
using disturb_function = void (*)(const noise_arithmetic::column_error&, const std::int64_t* gains,
                                  const std::int64_t* offsets, std::size_t columns, std::int64_t* sums);

/// levels[n]: what conversion n reaches before the clip; first_columns, bows and sums are its own.
using noisy_levels_function = void (*)(const noise_arithmetic::converter&, std::uint64_t key,
                                       const std::uint64_t* first_columns, const std::int64_t* bows,
                                       const std::int64_t* sums, std::size_t count, std::int64_t* levels);

struct kernel_set {
  const char* name;
  column_codes_function column_codes;
  column_sums_function column_sums;
  fold_function fold;
  dense_function dense;
  digits_function digits;
  add_row_function add_row;
  disturb_function disturb;
  noisy_levels_function noisy_levels;
};

/// The set in use: chosen once from CIMBALOM_SIMD or the machine, or by force_target.
const kernel_set& current();

}  // namespace cimbalom::arithmetic::kernels
