#pragma once

#include <cstddef>
#include <cstdint>

#include "models/arithmetic/inputs.hpp"
#include "models/arithmetic/noise_arithmetic.hpp"
#include "models/arithmetic/post_processing.hpp"

namespace cimbalom::arithmetic::kernels {

/// One slice of one operation: what is driven and what is stored.
struct conversion_item {
  const void* input = nullptr;
  const void* cells = nullptr;
};

/// The items of every slice of one pixel: those of slice i are the first counts[i] from items + i * stride. Items whose
/// codes are all 0 may be left out.
struct slice_items {
  const conversion_item* items = nullptr;
  const std::uint32_t* counts = nullptr;
  std::size_t stride = 0;
  int slices = 0;
  int dac_bits = 1;
};

/// What the column kernels need to know of a pass. Inputs are plane words, cells those of packed_position.
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

/// totals[c] = sum over items of code << (dac_bits * slice), modulo 2^32. Column sums must not exceed 32767. Returns
/// the number of clipped conversions.
using column_codes_function = std::uint64_t (*)(const column_plan&, const slice_items&, std::uint32_t* totals);

/// All slices of the operations of one pixel.
struct pixel_items {
  const std::uint32_t* vectors = nullptr;  ///< one a group
  const std::uint32_t* planes = nullptr;   ///< of all vectors
  std::size_t plane_stride = 0;            ///< words between two vectors
  const void* const* cells = nullptr;      ///< one a group
  std::size_t groups = 0;
  int slices = 0;
};
using pixel_codes_function = std::uint64_t (*)(const column_plan&, const pixel_items&, std::uint32_t* totals);

/// sums[c] = the ideal sum of every column for one slice of one operation, up to 2^24.
using column_sums_function = void (*)(const column_plan&, const std::uint32_t* planes, const std::uint16_t* cells,
                                      int slice, std::uint32_t* sums);

/// Rows that one lookup sums.
inline constexpr int table_rows = 4;
/// Columns that the lookup kernel takes at once: four of each of 16 outputs.
inline constexpr std::size_t unit_columns = 64;
inline constexpr std::size_t unit_outputs = 16;

/// What the lookup kernel needs to know of a pass: one-bit cells, column sums up to 255. Inputs are tables (16 bytes
/// for four rows: the sum of their digits for every pattern of four cells); cells are such patterns,
/// [unit][table][unit_columns].
struct lookup_plan {
  int tables = 4;
  std::size_t units = 0;
  int top = 31;                           ///< largest code
  int clip_from = 32;                     ///< smallest sum that clips; 256 or more: none does
  int multiplier15 = 0;                   ///< 0: a pure clip
  const std::uint8_t* codes = nullptr;    ///< unless a pure clip: the code of every sum below 64, none is higher
  const std::int8_t* weights = nullptr;   ///< [unit][unit_columns]
  const std::uint32_t* lanes = nullptr;   ///< [unit] lane of its first output
  const std::uint32_t* shifts = nullptr;  ///< [unit] scale of its sums
};

/// totals[lane] += sum over units and items of ((sum over the output's four columns of weight * code) << (dac_bits *
/// slice)) << shift, modulo 2^32. Returns the number of clipped conversions.
using lookup_codes_function = std::uint64_t (*)(const lookup_plan&, const slice_items&, std::uint32_t* totals);

/// A whole pass of which every slice is converted, outputs in the order of lanes.
struct lookup_batch {
  const std::uint32_t* vectors = nullptr;  ///< [pixel][group]
  std::size_t pixels = 0;
  std::size_t groups = 0;
  const vector_summary* summaries = nullptr;
  const std::uint8_t* tables = nullptr;  ///< [vector][slice][table]
  const std::uint8_t* cells = nullptr;   ///< [group]
  std::size_t cell_stride = 0;
  int slices = 0;
  int dac_bits = 0;
  std::int32_t* y = nullptr;
  std::size_t y_stride = 0;
  std::size_t outputs = 0;
};

/// y += the pass, as lookup_codes for every pixel; `totals`: scratch, one a lane. Returns the number of clipped
/// conversions.
using lookup_pass_function = std::uint64_t (*)(const lookup_plan&, const lookup_batch&, std::uint32_t* totals);

/// Writes the tables of one slice of a vector of code bytes: four of 16 bytes a word of rows.
using tables_function = void (*)(const std::uint8_t* codes, std::size_t words, int first_bit, int dac_bits,
                                 std::uint8_t* tables);

/// Writes the planes of one vector of code bytes, as input_planes keeps them.
using planes_function = void (*)(const std::uint8_t* codes, std::size_t words, int planes, std::uint32_t* out);

/// Where one vector of input_planes keeps what is derived from its code bytes.
struct vector_store {
  const std::uint8_t* bytes = nullptr;
  std::uint16_t* codes = nullptr;
  std::uint16_t* digit_sums = nullptr;
  std::uint32_t* slice_sums = nullptr;
  vector_summary* summary = nullptr;
};
using derive_function = void (*)(const vector_store&, std::size_t words, int input_bits, int dac_bits);

/// One operation of an integer product.
struct product_item {
  const void* codes = nullptr;
  const void* weights = nullptr;
};

/// sums[o] += sum over `count` operations and `rows` rows of code * weight, modulo 2^32. `outputs` is a multiple of 16,
/// `rows` of 16. Words: codes of 16 bits up to 32767, weights of 16 bits [pair of rows][output][2]. Bytes: codes of 8
/// bits, weights of 8 bits [four rows][output][4].
using products_function = void (*)(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                                   std::uint32_t* sums);

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

/// Kernels on columns of 16 bits a lane (kernels_columns.cpp).
struct column_kernels {
  column_codes_function column_codes = nullptr;
  pixel_codes_function pixel_codes = nullptr;  ///< the same without lists; null: not here
  column_sums_function column_sums = nullptr;
  fold_function fold = nullptr;
  bool counts_bits = false;  ///< an instruction counts bits: one input bit a slice goes faster here than by lookup
};

/// Kernels on bytes (kernels_bytes.cpp); null where the target has no such instructions.
struct byte_kernels {
  lookup_codes_function lookup_codes = nullptr;
  tables_function tables = nullptr;
  planes_function planes = nullptr;
  derive_function derive = nullptr;
  products_function byte_products = nullptr;
  lookup_pass_function lookup_pass = nullptr;  ///< 2 or 4 slices, 16 rows
};

/// Kernels of post-processing (kernels_post.cpp).
struct post_kernels {
  void (*fixed)(const post_plan&, const post_pixels&) = nullptr;
  void (*floating)(const post_plan&, const post_pixels&) = nullptr;
};

struct kernel_set {
  const char* name;
  column_kernels columns;
  byte_kernels bytes;
  post_kernels post;
  products_function word_products;
  digits_function digits;
  add_row_function add_row;
  disturb_function disturb;
  noisy_levels_function noisy_levels;
};

/// The set in use: chosen once from CIMBALOM_SIMD or the machine, or by force_target.
const kernel_set& current();

}  // namespace cimbalom::arithmetic::kernels
