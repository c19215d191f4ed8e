// Kernels that keep a column, a code or a weight in every byte, compiled once for every instruction set.
#include "models/arithmetic/simd_targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/arithmetic/kernels_bytes.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "models/arithmetic/kernels.hpp"

#if HWY_TARGET == HWY_AVX3_DL
// Highway 1.0.3 asks the machine for AVX-512 VNNI before it takes this target, yet does not tell the compiler.
#undef HWY_TARGET_STR
#define HWY_TARGET_STR \
  HWY_TARGET_STR_AVX3  \
  ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg,avx512vpopcntdq,avx512vnni"
#endif

HWY_BEFORE_NAMESPACE();
namespace cimbalom::arithmetic::kernels {
namespace HWY_NAMESPACE {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
byte_kernels make_byte_kernels() {
  return {};
}
#else
namespace hn = hwy::HWY_NAMESPACE;

using lanes8 = hn::ScalableTag<std::uint8_t>;
using lanes_signed8 = hn::ScalableTag<std::int8_t>;
using lanes16 = hn::ScalableTag<std::uint16_t>;
using lanes_signed16 = hn::ScalableTag<std::int16_t>;
using lanes_signed32 = hn::ScalableTag<std::int32_t>;
using lanes32 = hn::ScalableTag<std::uint32_t>;
using vector8 = hn::Vec<lanes8>;
using vector_signed8 = hn::Vec<lanes_signed8>;
using vector_signed32 = hn::Vec<lanes_signed32>;
// 16 bytes: a word of code bytes.
using word8 = hn::CappedTag<std::uint8_t, 16>;

constexpr std::size_t table_bytes = 16;
constexpr bool multiplies_bytes = HWY_TARGET == HWY_AVX3_DL;

// acc + the sum over the four bytes of every 32-bit lane of code * weight.
HWY_INLINE HWY_ATTR vector_signed32 add_products(vector_signed32 acc, vector8 codes, vector_signed8 weights) {
#if HWY_TARGET == HWY_AVX3_DL
  return vector_signed32{_mm512_dpbusd_epi32(acc.raw, codes.raw, weights.raw)};
#else
  const lanes16 d;
  const lanes_signed16 s;
  const lanes_signed32 wide;
  const auto code = hn::BitCast(d, codes);
  const auto weight = hn::BitCast(s, weights);
  const auto even = hn::BitCast(s, hn::And(code, hn::Set(d, std::uint16_t{0xFF})));
  const auto odd = hn::BitCast(s, hn::ShiftRight<8>(code));
  const auto even_weight = hn::ShiftRight<8>(hn::ShiftLeft<8>(weight));
  auto high = hn::Zero(wide);
  auto low = hn::ReorderWidenMulAccumulate(wide, even, even_weight, hn::Zero(wide), high);
  low = hn::ReorderWidenMulAccumulate(wide, odd, hn::ShiftRight<8>(weight), low, high);
  return hn::Add(acc, hn::RearrangeToOddPlusEven(low, high));
#endif
}

struct converter {
  vector8 top;
  vector8 codes;  // of every sum below 64; with 64 bytes a vector
  hn::Vec<lanes_signed16> multiplier;
};

HWY_INLINE HWY_ATTR converter make_converter(const lookup_plan& plan, bool pure) {
  const lanes8 d;
  const auto top = hn::Set(d, static_cast<std::uint8_t>(plan.top));
  const auto multiplier = hn::Set(lanes_signed16(), static_cast<std::int16_t>(plan.multiplier15));
  return {top, multiplies_bytes && !pure ? hn::LoadU(d, plan.codes) : top, multiplier};
}

template <bool kPure>
HWY_INLINE HWY_ATTR vector8 convert(vector8 sums, const converter& adc) {
  if constexpr (kPure) {
    return hn::Min(sums, adc.top);
  } else {
#if HWY_TARGET == HWY_AVX3_DL
    return vector8{_mm512_permutexvar_epi8(sums.raw, adc.codes.raw)};
#else
    const lanes8 d;
    const lanes16 wide;
    const lanes_signed16 s;
    const auto both = hn::BitCast(wide, sums);
    const auto even =
        hn::MulFixedPoint15(hn::BitCast(s, hn::And(both, hn::Set(wide, std::uint16_t{0xFF}))), adc.multiplier);
    const auto odd = hn::MulFixedPoint15(hn::BitCast(s, hn::ShiftRight<8>(both)), adc.multiplier);
    return hn::Min(hn::BitCast(d, hn::Or(even, hn::ShiftLeft<8>(odd))), adc.top);
#endif
  }
}

// Where the vectors of a block lie in an item's cells: vectors of a unit side by side, tables apart by a unit.
template <std::size_t kBlock>
struct block_place {
  std::size_t tables;
  std::size_t offset[kBlock];
};

template <int kTables, std::size_t kBlock>
HWY_INLINE HWY_ATTR block_place<kBlock> place_of(const lookup_plan& plan, std::size_t first) {
  const std::size_t in_unit = unit_columns / hn::Lanes(lanes8());
  block_place<kBlock> place;
  place.tables = kTables > 0 ? kTables : static_cast<std::size_t>(plan.tables);
  for (std::size_t v = 0; v < kBlock; ++v) {
    const std::size_t vector = first + v;
    place.offset[v] = vector / in_unit * place.tables * unit_columns + vector % in_unit * hn::Lanes(lanes8());
  }
  return place;
}

template <int kTables, std::size_t kBlock>
HWY_INLINE HWY_ATTR void look_up(const block_place<kBlock>& place, const conversion_item& item,
                                 vector8 (&sums)[kBlock]) {
  const lanes8 d;
  const std::size_t tables = kTables > 0 ? kTables : place.tables;
  const auto* table = static_cast<const std::uint8_t*>(item.input);
  const auto* cells = static_cast<const std::uint8_t*>(item.cells);
  for (std::size_t v = 0; v < kBlock; ++v) sums[v] = hn::Zero(d);
  for (std::size_t t = 0; t < tables; ++t) {
    const vector8 entries = hn::LoadDup128(d, table + t * table_bytes);
    for (std::size_t v = 0; v < kBlock; ++v) {
      const vector8 pattern = hn::Load(d, cells + place.offset[v] + t * unit_columns);
      sums[v] = hn::Add(sums[v], hn::TableLookupBytes(entries, pattern));
    }
  }
}

HWY_INLINE HWY_ATTR hn::Mask<lanes8> exceeds(vector8 sums, vector8 limit) {
  const lanes8 d;
  return hn::Ne(hn::SaturatedSub(sums, limit), hn::Zero(d));
}

// Clipped conversions of one slice: the rare second look.
template <int kTables, std::size_t kBlock>
HWY_ATTR HWY_NOINLINE std::uint64_t count_clipped(const block_place<kBlock>& place, const conversion_item* items,
                                                  std::size_t count, vector8 limit) {
  const lanes8 d;
  std::uint64_t clipped = 0;
  for (std::size_t n = 0; n < count; ++n) {
    vector8 sums[kBlock];
    look_up<kTables>(place, items[n], sums);
    for (std::size_t v = 0; v < kBlock; ++v) clipped += hn::CountTrue(d, exceeds(sums[v], limit));
  }
  return clipped;
}

// Adds one slice: acc += weights * codes. Returns bits (a pure clip) or maxima of the sums: what may exceed the limit.
template <int kTables, bool kPure, std::size_t kBlock>
HWY_INLINE HWY_ATTR vector8 add_slice(const block_place<kBlock>& place, const conversion_item* items, std::size_t count,
                                      std::size_t together, const converter& adc,
                                      const vector_signed8 (&weights)[kBlock], vector_signed32 (&acc)[kBlock]) {
  const lanes8 d;
  vector8 any = hn::Zero(d);
  for (std::size_t begin = 0; begin < count; begin += together) {
    const std::size_t end = multiplies_bytes ? count : std::min(count, begin + together);
    vector8 codes[kBlock];
    for (std::size_t v = 0; v < kBlock; ++v) codes[v] = hn::Zero(d);
    for (std::size_t n = begin; n < end; ++n) {
      vector8 sums[kBlock];
      look_up<kTables>(place, items[n], sums);
      for (std::size_t v = 0; v < kBlock; ++v) {
        any = kPure ? hn::Or(any, sums[v]) : hn::Max(any, sums[v]);
        const vector8 code = convert<kPure>(sums[v], adc);
        if constexpr (multiplies_bytes) {
          acc[v] = add_products(acc[v], code, weights[v]);
        } else {
          codes[v] = hn::Add(codes[v], code);
        }
      }
    }
    if constexpr (multiplies_bytes) return any;
    for (std::size_t v = 0; v < kBlock; ++v) acc[v] = add_products(acc[v], codes[v], weights[v]);
  }
  return any;
}

// totals += the sums of kBlock vectors from the vector `first`, at their lanes and scale.
template <std::size_t kBlock>
HWY_INLINE HWY_ATTR void add_to_lanes(const lookup_plan& plan, std::size_t first, const vector_signed32 (&acc)[kBlock],
                                      std::uint32_t* totals) {
  const lanes32 d;
  const std::size_t in_unit = unit_outputs / hn::Lanes(d);
  for (std::size_t v = 0; v < kBlock; ++v) {
    const std::size_t unit = (first + v) / in_unit;
    std::uint32_t* to = totals + plan.lanes[unit] + (first + v) % in_unit * hn::Lanes(d);
    const auto sum = hn::ShiftLeftSame(hn::BitCast(d, acc[v]), static_cast<int>(plan.shifts[unit]));
    hn::Store(hn::Add(hn::Load(d, to), sum), d, to);
  }
}

// All items for kBlock vectors from the vector `first`: highest slice first, each slice scaling what came before.
template <int kTables, bool kPure, std::size_t kBlock>
HWY_ATTR std::uint64_t codes_of_block(const lookup_plan& plan, const slice_items& all, std::size_t first,
                                      std::uint32_t* totals) {
  const lanes8 d;
  const lanes_signed8 s;
  const lanes_signed32 wide;
  const std::size_t lanes = hn::Lanes(d);
  const block_place<kBlock> place = place_of<kTables, kBlock>(plan, first);
  const converter adc = make_converter(plan, kPure);
  const vector8 limit = hn::Set(d, static_cast<std::uint8_t>(std::min(plan.clip_from - 1, 255)));
  const std::size_t together = 255U / static_cast<std::size_t>(plan.top);
  vector_signed8 weights[kBlock];
  vector_signed32 acc[kBlock];
  for (std::size_t v = 0; v < kBlock; ++v) {
    weights[v] = hn::Load(s, plan.weights + (first + v) * lanes);
    acc[v] = hn::Zero(wide);
  }
  std::uint64_t clipped = 0;
  for (int slice = all.slices; slice-- > 0;) {
    const conversion_item* items = all.items + static_cast<std::size_t>(slice) * all.stride;
    const std::size_t count = all.counts[slice];
    for (std::size_t v = 0; v < kBlock; ++v) acc[v] = hn::ShiftLeftSame(acc[v], all.dac_bits);
    if (count == 0) continue;
    const vector8 any = add_slice<kTables, kPure>(place, items, count, together, adc, weights, acc);
    if (!hn::AllFalse(d, exceeds(any, limit))) clipped += count_clipped<kTables>(place, items, count, limit);
  }
  add_to_lanes(plan, first, acc, totals);
  return clipped;
}

template <int kTables, bool kPure>
HWY_ATTR std::uint64_t codes_of_units(const lookup_plan& plan, const slice_items& all, std::uint32_t* totals) {
  const std::size_t vectors = plan.units * (unit_columns / hn::Lanes(lanes8()));
  std::uint64_t clipped = 0;
  for (std::size_t v = 0; v < vectors;) {
    const std::size_t left = vectors - v;
    if (left >= 4) {
      clipped += codes_of_block<kTables, kPure, 4>(plan, all, v, totals);
      v += 4;
    } else if (left >= 2) {
      clipped += codes_of_block<kTables, kPure, 2>(plan, all, v, totals);
      v += 2;
    } else {
      clipped += codes_of_block<kTables, kPure, 1>(plan, all, v, totals);
      v += 1;
    }
  }
  return clipped;
}

HWY_ATTR std::uint64_t lookup_codes(const lookup_plan& plan, const slice_items& all, std::uint32_t* totals) {
  const bool pure = plan.multiplier15 == 0;
  if (plan.tables == word_rows / table_rows) {
    return pure ? codes_of_units<word_rows / table_rows, true>(plan, all, totals)
                : codes_of_units<word_rows / table_rows, false>(plan, all, totals);
  }
  return pure ? codes_of_units<0, true>(plan, all, totals) : codes_of_units<0, false>(plan, all, totals);
}

// Byte i of lane j of control k: the row 4 j + k of a word if pattern i has bit k, else "zero".
struct table_controls {
  HWY_ALIGN std::uint8_t bytes[table_rows][unit_columns];
};

constexpr table_controls make_table_controls() {
  table_controls controls{};
  for (std::size_t k = 0; k < table_rows; ++k) {
    for (std::size_t b = 0; b < unit_columns; ++b) {
      const bool set = ((b % table_bytes) >> k & 1U) != 0;
      controls.bytes[k][b] = static_cast<std::uint8_t>(set ? b / table_bytes * table_rows + k : 0x80);
    }
  }
  return controls;
}

constexpr table_controls controls = make_table_controls();

// The bits of a digit that lie inside a byte from `first_bit` on; the rest of the last digit is not driven.
HWY_INLINE std::uint8_t digit_mask(int first_bit, int dac_bits) {
  return static_cast<std::uint8_t>((1U << std::min(dac_bits, 8 - first_bit)) - 1U);
}

HWY_ATTR void tables(const std::uint8_t* codes, std::size_t words, int first_bit, int dac_bits, std::uint8_t* out) {
  const lanes8 d;
  const lanes16 wide;
  const std::size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, digit_mask(first_bit, dac_bits));
  for (std::size_t w = 0; w < words; ++w) {
    const vector8 word = hn::LoadDup128(d, codes + w * word_rows);
    const auto shifted = hn::BitCast(d, hn::ShiftRightSame(hn::BitCast(wide, word), first_bit));
    const vector8 digits = hn::And(shifted, mask);
    for (std::size_t at = 0; at < unit_columns; at += lanes, out += lanes) {
      vector8 sum = hn::Zero(d);
      for (std::size_t k = 0; k < table_rows; ++k) {
        sum = hn::Add(sum, hn::TableLookupBytesOr0(digits, hn::Load(d, controls.bytes[k] + at)));
      }
      hn::StoreU(sum, d, out);
    }
  }
}

HWY_ATTR void planes(const std::uint8_t* codes, std::size_t words, int count, std::uint32_t* out) {
  const word8 d;
  for (std::size_t w = 0; w < words; ++w) {
    const auto word = hn::LoadU(d, codes + w * word_rows);
    for (int p = 0; p < count; ++p) {
      std::uint8_t bits[8] = {};
      if (p < 8) hn::StoreMaskBits(d, hn::TestBit(word, hn::Set(d, static_cast<std::uint8_t>(1U << p))), bits);
      const std::uint32_t both = bits[0] | static_cast<std::uint32_t>(bits[1]) << 8;
      out[static_cast<std::size_t>(p) * words + w] = both * 0x10001U;
    }
  }
}

HWY_ATTR void derive(const vector_store& to, std::size_t words, int input_bits, int dac_bits) {
  const word8 d;
  const hn::Repartition<std::uint16_t, word8> wide;
  const hn::CappedTag<std::uint16_t, 16> all16;  // 8 or 16 lanes
  const hn::Rebind<std::uint8_t, decltype(all16)> all8;
  const hn::Repartition<std::uint64_t, word8> longest;
  const int slices = (input_bits + dac_bits - 1) / dac_bits;
  HWY_ALIGN std::uint8_t digit_sums[word_rows];
  HWY_ALIGN std::uint64_t halves[2];
  std::uint32_t ones = 0;
  for (std::size_t w = 0; w < words; ++w) {
    const auto word = hn::LoadU(d, to.bytes + w * word_rows);
    auto digits_of_rows = hn::Zero(d);
    for (int i = 0; i < slices; ++i) {
      const auto shifted = hn::BitCast(d, hn::ShiftRightSame(hn::BitCast(wide, word), i * dac_bits));
      const auto digits = hn::And(shifted, hn::Set(d, digit_mask(i * dac_bits, dac_bits)));
      digits_of_rows = hn::Add(digits_of_rows, digits);
      hn::Store(hn::SumsOf8(digits), longest, halves);
      const auto sum = static_cast<std::uint32_t>(halves[0] + halves[1]);
      to.slice_sums[i] = w == 0 ? sum : to.slice_sums[i] + sum;
    }
    hn::Store(digits_of_rows, d, digit_sums);
    for (std::size_t r = 0; r < word_rows; r += hn::Lanes(all16)) {
      const std::size_t at = w * word_rows + r;
      hn::StoreU(hn::PromoteTo(all16, hn::LoadU(all8, to.bytes + at)), all16, to.codes + at);
      hn::StoreU(hn::PromoteTo(all16, hn::Load(all8, digit_sums + r)), all16, to.digit_sums + at);
    }
    std::uint64_t eight[2];
    std::memcpy(eight, to.bytes + w * word_rows, sizeof eight);
    ones += static_cast<std::uint32_t>(__builtin_popcountll(eight[0]) + __builtin_popcountll(eight[1]));
  }
  std::uint32_t largest = 0;
  for (int i = 0; i < slices; ++i) largest = std::max(largest, to.slice_sums[i]);
  *to.summary = {ones, largest};
}

#if HWY_TARGET == HWY_AVX3_DL
// Everything of one pixel for kBlock units: all slices of a group at once, each into sums of its own.
template <int kSlices, bool kPure, std::size_t kBlock>
HWY_INLINE HWY_ATTR std::uint64_t pixel_of_units(const lookup_plan& plan, const lookup_batch& batch,
                                                 const std::uint32_t* vectors, std::size_t first,
                                                 std::uint32_t* totals) {
  constexpr int tables = word_rows / table_rows;
  const lanes8 d;
  const lanes_signed8 s;
  const converter adc = make_converter(plan, kPure);
  const block_place<kBlock> place = place_of<tables, kBlock>(plan, first);
  const std::size_t groups = batch.groups;
  vector_signed8 weights[kBlock];
  vector_signed32 acc[kSlices][kBlock];
  for (std::size_t v = 0; v < kBlock; ++v) {
    weights[v] = hn::Load(s, plan.weights + (first + v) * unit_columns);
    for (auto& of_slice : acc) of_slice[v] = hn::Zero(lanes_signed32());
  }
  vector8 any = hn::Zero(d);
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t vector = vectors[g];
    if (batch.summaries[vector].ones == 0) continue;
    conversion_item item{nullptr, batch.cells + g * batch.cell_stride};
    const std::uint8_t* driven = batch.tables + vector * kSlices * unit_columns;
    for (std::size_t i = 0; i < kSlices; ++i) {
      item.input = driven + i * unit_columns;
      vector8 sums[kBlock];
      look_up<tables>(place, item, sums);
      for (std::size_t v = 0; v < kBlock; ++v) {
        any = kPure ? hn::Or(any, sums[v]) : hn::Max(any, sums[v]);
        acc[i][v] = add_products(acc[i][v], convert<kPure>(sums[v], adc), weights[v]);
      }
    }
  }
  for (std::size_t i = kSlices - 1; i-- > 0;) {
    for (std::size_t v = 0; v < kBlock; ++v) {
      acc[i][v] = hn::Add(acc[i][v], hn::ShiftLeftSame(acc[i + 1][v], batch.dac_bits));
    }
  }
  add_to_lanes(plan, first, acc[0], totals);
  const vector8 limit = hn::Set(d, static_cast<std::uint8_t>(std::min(plan.clip_from - 1, 255)));
  if (hn::AllFalse(d, exceeds(any, limit))) return 0;
  std::uint64_t clipped = 0;
  for (std::size_t n = 0; n < groups * kSlices; ++n) {
    const std::size_t table = vectors[n / kSlices] * std::size_t{kSlices} + n % kSlices;
    const conversion_item item{batch.tables + table * unit_columns, batch.cells + n / kSlices * batch.cell_stride};
    clipped += count_clipped<tables>(place, &item, 1, limit);
  }
  return clipped;
}

template <int kSlices, bool kPure>
HWY_ATTR std::uint64_t lookup_pixels(const lookup_plan& plan, const lookup_batch& batch, std::uint32_t* totals) {
  const lanes32 d;
  const std::size_t lanes = hn::Lanes(d);
  std::uint64_t clipped = 0;
  for (std::size_t p = 0; p < batch.pixels; ++p) {
    const std::uint32_t* vectors = batch.vectors + p * batch.groups;
    for (std::size_t o = 0; o < batch.outputs; o += lanes) hn::Store(hn::Zero(d), d, totals + o);
    for (std::size_t u = 0; u < plan.units; u += 2) {
      clipped += u + 1 < plan.units ? pixel_of_units<kSlices, kPure, 2>(plan, batch, vectors, u, totals)
                                    : pixel_of_units<kSlices, kPure, 1>(plan, batch, vectors, u, totals);
    }
    auto* y = reinterpret_cast<std::uint32_t*>(batch.y + p * batch.y_stride);  // modulo 2^32
    for (std::size_t o = 0; o < batch.outputs; o += lanes) {
      const auto inside = hn::FirstN(d, batch.outputs - o);
      const auto sum = hn::Add(hn::MaskedLoad(inside, d, y + o), hn::Load(d, totals + o));
      hn::BlendedStore(sum, inside, d, y + o);
    }
  }
  return clipped;
}

HWY_ATTR std::uint64_t lookup_pass(const lookup_plan& plan, const lookup_batch& batch, std::uint32_t* totals) {
  const bool pure = plan.multiplier15 == 0;
  if (batch.slices == 2) {
    return pure ? lookup_pixels<2, true>(plan, batch, totals) : lookup_pixels<2, false>(plan, batch, totals);
  }
  return pure ? lookup_pixels<4, true>(plan, batch, totals) : lookup_pixels<4, false>(plan, batch, totals);
}

// kChains: independent sums of an output, to hide the latency of the instruction.
template <std::size_t kBlock, std::size_t kChains>
HWY_ATTR void products_of_block(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                                std::size_t first, std::uint32_t* sums) {
  const lanes8 d;
  const lanes_signed8 s;
  const lanes_signed32 wide;
  const lanes32 out;
  vector_signed32 acc[kChains][kBlock];
  for (auto& chain : acc) {
    for (std::size_t v = 0; v < kBlock; ++v) chain[v] = hn::Zero(wide);
  }
  for (std::size_t n = 0; n < count; ++n) {
    const auto* codes = static_cast<const std::uint8_t*>(items[n].codes);
    const std::int8_t* weights = static_cast<const std::int8_t*>(items[n].weights) + first * 4;
    for (std::size_t r = 0; r < rows; r += word_rows) {
      for (std::size_t q = 0; q < 4; ++q, weights += outputs * 4) {
        std::int32_t four;
        std::memcpy(&four, codes + r + 4 * q, sizeof four);
        const vector8 input = hn::BitCast(d, hn::Set(wide, four));
        for (std::size_t v = 0; v < kBlock; ++v) {
          acc[q % kChains][v] = add_products(acc[q % kChains][v], input, hn::Load(s, weights + v * hn::Lanes(s)));
        }
      }
    }
  }
  for (std::size_t v = 0; v < kBlock; ++v) {
    for (std::size_t c = 1; c < kChains; ++c) acc[0][v] = hn::Add(acc[0][v], acc[c][v]);
    std::uint32_t* to = sums + first + v * hn::Lanes(out);
    hn::Store(hn::Add(hn::Load(out, to), hn::BitCast(out, acc[0][v])), out, to);
  }
}

HWY_ATTR void byte_products(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                            std::uint32_t* sums) {
  constexpr std::size_t lanes = 16;
  for (std::size_t o = 0; o < outputs;) {
    const std::size_t left = (outputs - o) / lanes;
    if (left >= 4) {
      products_of_block<4, 2>(items, count, rows, outputs, o, sums);
      o += 4 * lanes;
    } else if (left >= 2) {
      products_of_block<2, 4>(items, count, rows, outputs, o, sums);
      o += 2 * lanes;
    } else {
      products_of_block<1, 4>(items, count, rows, outputs, o, sums);
      o += lanes;
    }
  }
}
#endif

byte_kernels make_byte_kernels() {
#if HWY_TARGET == HWY_AVX3_DL
  return {&lookup_codes, &tables, &planes, &derive, &byte_products, &lookup_pass};
#else
  return {&lookup_codes, &tables, &planes, &derive, nullptr, nullptr};
#endif
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace cimbalom::arithmetic::kernels
HWY_AFTER_NAMESPACE();
