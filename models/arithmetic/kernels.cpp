// The kernels, compiled once for every instruction set. Vectors are kept in arrays, which the sizeless types of SVE and
// RVV do not allow; those machines take the portable target.
#define HWY_WANT_AVX3_DL 1
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/arithmetic/kernels.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "models/arithmetic/inputs.hpp"
#include "models/arithmetic/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace cimbalom::arithmetic::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using lanes16 = hn::ScalableTag<std::uint16_t>;
using lanes_signed16 = hn::RebindToSigned<lanes16>;
using lanes32 = hn::ScalableTag<std::uint32_t>;
using vector16 = hn::Vec<lanes16>;

constexpr std::size_t largest_block = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL ? 4 : 3;

// A word of 16 rows in every lane. The word is stored twice, so that 32-bit broadcasts from memory serve.
HWY_INLINE HWY_ATTR vector16 broadcast(std::uint32_t word) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(lanes16(), static_cast<std::uint16_t>(word));
#else
  return hn::BitCast(lanes16(), hn::Set(lanes32(), word));
#endif
}

HWY_INLINE bool all_zero(const std::uint32_t* words, std::size_t count) {
  std::uint32_t any = 0;
  for (std::size_t w = 0; w < count; ++w) any |= words[w];
  return any == 0;
}

// Column sums of one slice of one operation for kBlock vectors of columns. kDac, kWords: compile-time, or 0.
template <int kDac, int kWords, std::size_t kBlock>
HWY_INLINE HWY_ATTR void slice_sums(const column_plan& plan, const std::uint32_t* planes, std::size_t driven_planes,
                                    const std::uint16_t* cells, vector16 (&sums)[kBlock]) {
  const lanes16 d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t words = kWords > 0 ? kWords : static_cast<std::size_t>(plan.words);
  const std::size_t driven = kDac > 0 ? kDac : driven_planes;
  const std::size_t cell_bits = kDac > 0 ? 1 : static_cast<std::size_t>(plan.bits_per_cell);
  const auto columns = static_cast<std::size_t>(plan.padded_columns);
  for (std::size_t v = 0; v < kBlock; ++v) sums[v] = hn::Zero(d);
  for (std::size_t k = 0; k < cell_bits; ++k) {
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint16_t* word = cells + (k * words + w) * columns;
      for (std::size_t b = 0; b < driven; ++b) {
        const vector16 input = broadcast(planes[b * words + w]);
        for (std::size_t v = 0; v < kBlock; ++v) {
          const vector16 ones = hn::PopulationCount(hn::And(hn::Load(d, word + v * lanes), input));
          sums[v] = hn::Add(sums[v], hn::ShiftLeftSame(ones, static_cast<int>(b + k)));
        }
      }
    }
  }
}

// The ADC on vectors of sums up to 32767.
template <bool kPure>
HWY_INLINE HWY_ATTR vector16 convert(vector16 sums, vector16 top, vector16 multiplier) {
  if constexpr (kPure) {
    (void)multiplier;
    return hn::Min(sums, top);
  } else {
    const lanes_signed16 s;
    const auto scaled = hn::MulFixedPoint15(hn::BitCast(s, sums), hn::BitCast(s, multiplier));
    return hn::Min(hn::BitCast(lanes16(), scaled), top);
  }
}

struct slice_range {
  std::size_t first_plane;
  std::size_t driven;
  std::size_t begin;  // operations
  std::size_t end;
};

// Clipped conversions of one slice: the rare second look.
template <int kDac, int kWords, std::size_t kBlock>
HWY_ATTR HWY_NOINLINE std::uint64_t count_clipped(const column_plan& plan, const std::uint32_t* const* planes,
                                                  const std::uint16_t* const* cells, const slice_range& range,
                                                  std::size_t first_column) {
  const lanes_signed16 s;
  const std::size_t offset = range.first_plane * static_cast<std::size_t>(plan.words);
  const auto limit = hn::Set(s, static_cast<std::int16_t>(plan.clip_from - 1));
  std::uint64_t clipped = 0;
  for (std::size_t n = range.begin; n < range.end; ++n) {
    vector16 sums[kBlock];
    slice_sums<kDac, kWords>(plan, planes[n] + offset, range.driven, cells[n] + first_column, sums);
    for (std::size_t v = 0; v < kBlock; ++v) clipped += hn::CountTrue(s, hn::Gt(hn::BitCast(s, sums[v]), limit));
  }
  return clipped;
}

// totals[...] += codes << shift, lane by lane.
template <std::size_t kBlock>
HWY_INLINE HWY_ATTR void flush(const vector16 (&codes)[kBlock], int shift, std::uint32_t* totals) {
  const lanes16 d;
  const lanes32 wide;
  const hn::Rebind<std::uint16_t, lanes32> narrow;
  HWY_ALIGN std::uint16_t buffer[kBlock * HWY_MAX_BYTES / 2];
  for (std::size_t v = 0; v < kBlock; ++v) hn::Store(codes[v], d, buffer + v * hn::Lanes(d));
  for (std::size_t c = 0; c < kBlock * hn::Lanes(d); c += hn::Lanes(wide)) {
    const auto code = hn::ShiftLeftSame(hn::PromoteTo(wide, hn::Load(narrow, buffer + c)), shift);
    hn::Store(hn::Add(hn::Load(wide, totals + c), code), wide, totals + c);
  }
}

struct adc_lanes {
  vector16 top;
  vector16 multiplier;
};

// Adds the codes of one slice of some operations to 16-bit lanes; returns the largest sums.
template <int kDac, int kWords, bool kPure, std::size_t kBlock>
HWY_INLINE HWY_ATTR vector16 add_slice(const column_plan& plan, const std::uint32_t* const* planes,
                                       const std::uint16_t* const* cells, const slice_range& range,
                                       std::size_t first_column, const adc_lanes& adc, vector16 (&codes)[kBlock]) {
  const std::size_t words = kWords > 0 ? kWords : static_cast<std::size_t>(plan.words);
  const std::size_t driven_words = (kDac > 0 ? kDac : range.driven) * words;
  vector16 largest = hn::Zero(lanes16());
  for (std::size_t n = range.begin; n < range.end; ++n) {
    const std::uint32_t* input = planes[n] + range.first_plane * words;
    if (all_zero(input, driven_words)) continue;
    vector16 sums[kBlock];
    slice_sums<kDac, kWords>(plan, input, range.driven, cells[n] + first_column, sums);
    for (std::size_t v = 0; v < kBlock; ++v) {
      largest = hn::Max(largest, sums[v]);
      codes[v] = hn::Add(codes[v], convert<kPure>(sums[v], adc.top, adc.multiplier));
    }
  }
  return largest;
}

// Operations whose weighted codes, all slices together, stay in 16 bits; 0 if not one's.
HWY_INLINE std::size_t operations_in_16_bits(const column_plan& plan) {
  std::uint64_t weight = 0;
  for (int plane = 0; plane < plan.input_bits; plane += plan.dac_bits) weight += std::uint64_t{1} << plane;
  return 65535U / (weight * static_cast<std::uint64_t>(plan.top));
}

// All slices and operations for kBlock vectors of columns from first_column. Codes are summed in 16-bit lanes, highest
// slice first, each slice scaling what came before (Horner); or slice by slice where all together would overflow.
template <int kDac, int kWords, bool kPure, std::size_t kBlock>
HWY_ATTR std::uint64_t codes_of_block(const column_plan& plan, const std::uint32_t* const* planes,
                                      const std::uint16_t* const* cells, std::size_t count, std::size_t first_column,
                                      std::uint32_t* totals) {
  const lanes16 d;
  const lanes_signed16 s;
  const adc_lanes adc{hn::Set(d, static_cast<std::uint16_t>(plan.top)),
                      hn::Set(d, static_cast<std::uint16_t>(plan.multiplier15))};
  const auto limit = hn::Set(s, static_cast<std::int16_t>(plan.clip_from - 1));
  const std::size_t together = operations_in_16_bits(plan);
  const std::size_t chunk = together > 0 ? together : 65535U / static_cast<std::size_t>(plan.top);
  const int last_plane = (plan.input_bits - 1) / plan.dac_bits * plan.dac_bits;
  std::uint64_t clipped = 0;
  for (std::size_t begin = 0; begin < count; begin += chunk) {
    const std::size_t end = std::min(count, begin + chunk);
    vector16 codes[kBlock];
    for (std::size_t v = 0; v < kBlock; ++v) codes[v] = hn::Zero(d);
    for (int plane = last_plane; plane >= 0; plane -= plan.dac_bits) {
      const int driven = std::min(plan.dac_bits, plan.input_bits - plane);
      const slice_range range{static_cast<std::size_t>(plane), static_cast<std::size_t>(driven), begin, end};
      for (std::size_t v = 0; v < kBlock; ++v) codes[v] = hn::ShiftLeftSame(codes[v], plan.dac_bits);
      const vector16 largest = add_slice<kDac, kWords, kPure>(plan, planes, cells, range, first_column, adc, codes);
      if (!hn::AllFalse(s, hn::Gt(hn::BitCast(s, largest), limit))) {
        clipped += count_clipped<kDac, kWords, kBlock>(plan, planes, cells, range, first_column);
      }
      if (together > 0) continue;
      flush(codes, plane, totals + first_column);
      for (std::size_t v = 0; v < kBlock; ++v) codes[v] = hn::Zero(d);
    }
    if (together > 0) flush(codes, 0, totals + first_column);
  }
  return clipped;
}

template <int kDac, int kWords, bool kPure>
HWY_ATTR std::uint64_t codes_of_columns(const column_plan& plan, const std::uint32_t* const* planes,
                                        const std::uint16_t* const* cells, std::size_t count, std::uint32_t* totals) {
  const std::size_t lanes = hn::Lanes(lanes16());
  const auto columns = static_cast<std::size_t>(plan.padded_columns);
  std::uint64_t clipped = 0;
  for (std::size_t c = 0; c < columns;) {
    const std::size_t left = std::min((columns - c) / lanes, largest_block);
    switch (left) {
      case 1:
        clipped += codes_of_block<kDac, kWords, kPure, 1>(plan, planes, cells, count, c, totals);
        break;
      case 2:
        clipped += codes_of_block<kDac, kWords, kPure, 2>(plan, planes, cells, count, c, totals);
        break;
      case 3:
        clipped += codes_of_block<kDac, kWords, kPure, 3>(plan, planes, cells, count, c, totals);
        break;
      default:
        clipped += codes_of_block<kDac, kWords, kPure, largest_block>(plan, planes, cells, count, c, totals);
        break;
    }
    c += left * lanes;
  }
  return clipped;
}

template <bool kPure>
HWY_ATTR std::uint64_t codes_of_shape(const column_plan& plan, const std::uint32_t* const* planes,
                                      const std::uint16_t* const* cells, std::size_t count, std::uint32_t* totals) {
  // Input planes are padded to an even number with zeros, so two planes a slice can always be read.
  if (plan.bits_per_cell == 1 && plan.dac_bits == 2) {
    return plan.words == 1 ? codes_of_columns<2, 1, kPure>(plan, planes, cells, count, totals)
                           : codes_of_columns<2, 0, kPure>(plan, planes, cells, count, totals);
  }
  if (plan.bits_per_cell == 1 && plan.dac_bits == 1) {
    if (plan.words == 1) return codes_of_columns<1, 1, kPure>(plan, planes, cells, count, totals);
    if (plan.words == 4) return codes_of_columns<1, 4, kPure>(plan, planes, cells, count, totals);
    return codes_of_columns<1, 0, kPure>(plan, planes, cells, count, totals);
  }
  return codes_of_columns<0, 0, kPure>(plan, planes, cells, count, totals);
}

HWY_ATTR std::uint64_t column_codes(const column_plan& plan, const std::uint32_t* const* planes,
                                    const std::uint16_t* const* cells, std::size_t count, std::uint32_t* totals) {
  return plan.multiplier15 == 0 ? codes_of_shape<true>(plan, planes, cells, count, totals)
                                : codes_of_shape<false>(plan, planes, cells, count, totals);
}

HWY_ATTR void column_sums(const column_plan& plan, const std::uint32_t* planes, const std::uint16_t* cells, int slice,
                          std::uint32_t* sums) {
  const lanes16 d;
  const int first = slice * plan.dac_bits;
  const int driven = std::min(plan.dac_bits, plan.input_bits - first);
  const auto words = static_cast<std::size_t>(plan.words);
  const auto columns = static_cast<std::size_t>(plan.padded_columns);
  std::fill_n(sums, columns, 0U);
  for (int b = 0; b < driven; ++b) {
    const std::uint32_t* input = planes + static_cast<std::size_t>(first + b) * words;
    if (all_zero(input, words)) continue;
    for (int k = 0; k < plan.bits_per_cell; ++k) {
      const std::uint16_t* bit_cells = cells + static_cast<std::size_t>(k) * words * columns;
      for (std::size_t c = 0; c < columns; c += hn::Lanes(d)) {
        vector16 ones[1] = {hn::Zero(d)};
        for (std::size_t w = 0; w < words; ++w) {
          const vector16 driven_cells = hn::And(hn::Load(d, bit_cells + w * columns + c), broadcast(input[w]));
          ones[0] = hn::Add(ones[0], hn::PopulationCount(driven_cells));
        }
        flush(ones, b + k, sums + c);
      }
    }
  }
}

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
void fold(const std::uint32_t* totals, const std::uint32_t* weights, std::size_t columns, std::uint32_t* sums) {
  for (std::size_t b = 0; b < columns / fold_columns; ++b) {
    sums[b] = 0;
    for (std::size_t c = b * fold_columns; c < (b + 1) * fold_columns; ++c) sums[b] += totals[c] * weights[c];
  }
}

void dense(const std::uint16_t* const* codes, const std::int16_t* const* weights, std::size_t count, std::size_t pairs,
           std::size_t outputs, std::uint32_t* sums) {
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t r = 0; r < 2 * pairs; ++r) {
      const std::int32_t code = codes[n][r];
      if (code == 0) continue;
      const std::int16_t* row = weights[n] + r / 2 * outputs * 2 + r % 2;
      for (std::size_t o = 0; o < outputs; ++o) sums[o] += static_cast<std::uint32_t>(code * row[2 * o]);
    }
  }
}
#else
// Sums of neighbouring lanes: those of `a`, then those of `b`.
template <typename V>
HWY_INLINE HWY_ATTR V add_pairs(V a, V b) {
  const lanes32 d;
  return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}

HWY_ATTR void fold(const std::uint32_t* totals, const std::uint32_t* weights, std::size_t columns,
                   std::uint32_t* sums) {
  const lanes32 d;
  const std::size_t lanes = hn::Lanes(d);
  using vector32 = hn::Vec<lanes32>;
  for (std::size_t c = 0; c < columns; c += fold_columns * lanes) {
    vector32 tree[fold_columns];
    for (std::size_t v = 0; v < fold_columns; ++v) {
      tree[v] = hn::Mul(hn::Load(d, totals + c + v * lanes), hn::Load(d, weights + c + v * lanes));
    }
    for (std::size_t width = fold_columns / 2; width > 0; width /= 2) {
      for (std::size_t v = 0; v < width; ++v) tree[v] = add_pairs(tree[2 * v], tree[2 * v + 1]);
    }
    hn::Store(tree[0], d, sums + c / fold_columns);
  }
}

// kPairs: compile-time, or 0.
template <std::size_t kBlock, std::size_t kPairs>
HWY_ATTR void dense_block(const std::uint16_t* const* codes, const std::int16_t* const* weights, std::size_t count,
                          std::size_t runtime_pairs, std::size_t outputs, std::size_t first, std::uint32_t* sums) {
  const std::size_t pairs = kPairs > 0 ? kPairs : runtime_pairs;
  const hn::ScalableTag<std::int32_t> wide;
  const hn::ScalableTag<std::int16_t> narrow;
  using vector32 = hn::Vec<decltype(wide)>;
  const std::size_t lanes = hn::Lanes(wide);
  vector32 low[kBlock];
  vector32 high[kBlock];
  for (std::size_t v = 0; v < kBlock; ++v) low[v] = high[v] = hn::Zero(wide);
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t p = 0; p < pairs; ++p) {
      std::int32_t pair;
      std::memcpy(&pair, codes[n] + 2 * p, sizeof pair);
      const auto input = hn::BitCast(narrow, hn::Set(wide, pair));
      const std::int16_t* row = weights[n] + (p * outputs + first) * 2;
      for (std::size_t v = 0; v < kBlock; ++v) {
        low[v] = hn::ReorderWidenMulAccumulate(wide, hn::Load(narrow, row + v * lanes * 2), input, low[v], high[v]);
      }
    }
  }
  const lanes32 d;
  for (std::size_t v = 0; v < kBlock; ++v) {
    const auto sum = hn::BitCast(d, hn::RearrangeToOddPlusEven(low[v], high[v]));
    std::uint32_t* to = sums + first + v * lanes;
    hn::Store(hn::Add(hn::Load(d, to), sum), d, to);
  }
}

template <std::size_t kPairs>
HWY_ATTR void dense_outputs(const std::uint16_t* const* codes, const std::int16_t* const* weights, std::size_t count,
                            std::size_t pairs, std::size_t outputs, std::uint32_t* sums) {
  const std::size_t lanes = hn::Lanes(lanes32());
  for (std::size_t o = 0; o < outputs;) {
    const std::size_t left = std::min<std::size_t>((outputs - o) / lanes, 4);
    switch (left) {
      case 1:
        dense_block<1, kPairs>(codes, weights, count, pairs, outputs, o, sums);
        break;
      case 2:
        dense_block<2, kPairs>(codes, weights, count, pairs, outputs, o, sums);
        break;
      case 3:
        dense_block<3, kPairs>(codes, weights, count, pairs, outputs, o, sums);
        break;
      default:
        dense_block<4, kPairs>(codes, weights, count, pairs, outputs, o, sums);
        break;
    }
    o += left * lanes;
  }
}

HWY_ATTR void dense(const std::uint16_t* const* codes, const std::int16_t* const* weights, std::size_t count,
                    std::size_t pairs, std::size_t outputs, std::uint32_t* sums) {
  if (pairs == word_rows / 2) {
    dense_outputs<word_rows / 2>(codes, weights, count, pairs, outputs, sums);
  } else {
    dense_outputs<0>(codes, weights, count, pairs, outputs, sums);
  }
}
#endif

HWY_ATTR void digits(const std::uint16_t* all, std::size_t rows, const std::uint32_t* vectors, std::size_t stride,
                     std::size_t pixels, std::uint32_t largest, std::uint64_t* totals) {
  const hn::CappedTag<std::uint16_t, 16> d;
  const std::size_t chunk = 65535U / std::max(largest, 1U);
  HWY_ALIGN std::uint16_t buffer[16];
  for (std::size_t begin = 0; begin < pixels; begin += chunk) {
    const std::size_t end = std::min(pixels, begin + chunk);
    for (std::size_t r = 0; r < rows; r += hn::Lanes(d)) {
      auto sum = hn::Zero(d);
      for (std::size_t p = begin; p < end; ++p) sum = hn::Add(sum, hn::LoadU(d, all + vectors[p * stride] * rows + r));
      hn::Store(sum, d, buffer);
      for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) totals[r + lane] += buffer[lane];
    }
  }
}

// The rest is plain loops that the compiler turns into vectors of the target.

HWY_ATTR void add_row(std::int64_t digit, const std::int32_t* cells, std::size_t columns, std::int64_t* sums) {
  for (std::size_t c = 0; c < columns; ++c) sums[c] += digit * cells[c];
}

HWY_ATTR void disturb(const noise_arithmetic::column_error& error, const std::int64_t* gains,
                      const std::int64_t* offsets, std::size_t columns, std::int64_t* sums) {
  for (std::size_t c = 0; c < columns; ++c) {
    sums[c] = noise_arithmetic::disturbed(error, gains[c], offsets[c], sums[c]);
  }
}

template <bool kBowed, bool kNoisy, bool kUnitStep>
HWY_ATTR void levels_of(const noise_arithmetic::converter& adc, std::uint64_t key, const std::uint64_t* first_columns,
                        const std::int64_t* bows, const std::int64_t* sums, std::size_t count, std::int64_t* levels) {
  const noise_arithmetic::converter local = adc;  // no store of ours can change it
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint64_t bits = noise_arithmetic::combine(key, first_columns[n]);
    levels[n] = noise_arithmetic::level<kBowed, kNoisy, kUnitStep>(local, bows[n], bits, sums[n]);
  }
}

void noisy_levels(const noise_arithmetic::converter& adc, std::uint64_t key, const std::uint64_t* first_columns,
                  const std::int64_t* bows, const std::int64_t* sums, std::size_t count, std::int64_t* levels) {
  noise_arithmetic::specialised(adc, [&](auto bowed, auto noisy, auto unit) {
    levels_of<bowed, noisy, unit>(adc, key, first_columns, bows, sums, count, levels);
  });
}

kernel_set set(const char* name) {
  return {name, &column_codes, &column_sums, &fold, &dense, &digits, &add_row, &disturb, &noisy_levels};
}

}  // namespace HWY_NAMESPACE
}  // namespace cimbalom::arithmetic::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <atomic>
#include <stdexcept>

#include "models/arithmetic/dispatch.hpp"

namespace cimbalom::arithmetic {
namespace kernels {
namespace {

struct compiled_set {
  std::int64_t target;
  kernel_set set;
};

// Slowest first.
const std::vector<compiled_set>& compiled_sets() {
  static const std::vector<compiled_set> sets = {
#if HWY_TARGETS & HWY_EMU128
    {HWY_EMU128, N_EMU128::set("scalar")},
#endif
#if HWY_TARGETS & HWY_SCALAR
    {HWY_SCALAR, N_SCALAR::set("scalar")},
#endif
#if HWY_TARGETS & HWY_NEON
    {HWY_NEON, N_NEON::set("neon")},
#endif
#if HWY_TARGETS & HWY_SSE4
    {HWY_SSE4, N_SSE4::set("sse4")},
#endif
#if HWY_TARGETS & HWY_AVX2
    {HWY_AVX2, N_AVX2::set("avx2")},
#endif
#if HWY_TARGETS & HWY_AVX3
    {HWY_AVX3, N_AVX3::set("avx512bw")},
#endif
#if HWY_TARGETS & HWY_AVX3_DL
    {HWY_AVX3_DL, N_AVX3_DL::set("avx512")},
#endif
  };
  return sets;
}

bool runs_here(const compiled_set& candidate) {
  constexpr std::int64_t portable = HWY_SCALAR | HWY_EMU128;
  return (candidate.target & (portable | hwy::SupportedTargets())) != 0;
}

const kernel_set& find(const std::string& name) {
  const kernel_set* found = nullptr;
  std::string known;
  for (const compiled_set& candidate : compiled_sets()) {
    if (!runs_here(candidate)) continue;
    const bool any_avx512 = name == "avx512" && candidate.target == HWY_AVX3;
    if (name == "auto" || name == candidate.set.name || any_avx512) found = &candidate.set;
    known += std::string(", ") + candidate.set.name;
  }
  if (found == nullptr) throw std::invalid_argument("CIMBALOM_SIMD = " + name + ": auto" + known + " on this machine");
  return *found;
}

std::atomic<const kernel_set*>& chosen() {
  static std::atomic<const kernel_set*> set{nullptr};
  return set;
}

}  // namespace

const kernel_set& current() {
  const kernel_set* set = chosen().load(std::memory_order_acquire);
  if (set == nullptr) {
    const char* wanted = std::getenv("CIMBALOM_SIMD");
    set = &find(wanted == nullptr || *wanted == '\0' ? "auto" : wanted);
    chosen().store(set, std::memory_order_release);
  }
  return *set;
}

}  // namespace kernels

void force_target(const std::string& name) {
  kernels::chosen().store(&kernels::find(name), std::memory_order_release);
}

std::string current_target() {
  return kernels::current().name;
}

std::vector<std::string> available_targets() {
  std::vector<std::string> names;
  for (const auto& candidate : kernels::compiled_sets()) {
    if (kernels::runs_here(candidate)) names.emplace_back(candidate.set.name);
  }
  return names;
}

}  // namespace cimbalom::arithmetic
#endif  // HWY_ONCE
