// Kernels that keep a column in every 16-bit lane, compiled once for every instruction set.
#include "models/arithmetic/simd_targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/arithmetic/kernels_columns.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "models/arithmetic/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace cimbalom::arithmetic::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using lanes16 = hn::ScalableTag<std::uint16_t>;
using lanes_signed16 = hn::RebindToSigned<lanes16>;
using lanes32 = hn::ScalableTag<std::uint32_t>;
using vector16 = hn::Vec<lanes16>;
using vector32 = hn::Vec<lanes32>;

constexpr std::size_t largest_block = 3;
constexpr int largest_sum = 32767;

// A word of 16 rows in every lane. The word is stored twice, so that 32-bit broadcasts from memory serve.
HWY_INLINE HWY_ATTR vector16 broadcast(const std::uint32_t* word) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(lanes16(), static_cast<std::uint16_t>(*word));
#else
  return hn::BitCast(lanes16(), hn::Set(lanes32(), *word));
#endif
}

// What stays the same over a call, in locals so that no store can change it.
struct block_shape {
  std::size_t words;
  std::size_t cell_bits;
  std::size_t columns;
  std::size_t first_column;
};

// Column sums of one item for kBlock vectors of columns, where `driven` planes make a slice. kWords: compile-time with
// one driven plane and one-bit cells, or 0.
template <std::size_t kWords, std::size_t kBlock>
HWY_INLINE HWY_ATTR void slice_sums(const block_shape& shape, std::size_t driven, const conversion_item& item,
                                    vector16 (&sums)[kBlock]) {
  const lanes16 d;
  const std::size_t lanes = hn::Lanes(d);
  const auto* planes = static_cast<const std::uint32_t*>(item.input);
  const std::uint16_t* cells = static_cast<const std::uint16_t*>(item.cells) + shape.first_column;
  for (std::size_t v = 0; v < kBlock; ++v) sums[v] = hn::Zero(d);
  if constexpr (kWords > 0) {
    for (std::size_t w = 0; w < kWords; ++w, cells += shape.columns) {
      const vector16 input = broadcast(planes + w);
      for (std::size_t v = 0; v < kBlock; ++v) {
        sums[v] = hn::Add(sums[v], hn::PopulationCount(hn::And(hn::Load(d, cells + v * lanes), input)));
      }
    }
    return;
  }
  for (std::size_t k = 0; k < shape.cell_bits; ++k) {
    for (std::size_t w = 0; w < shape.words; ++w, cells += shape.columns) {
      for (std::size_t b = 0; b < driven; ++b) {
        const vector16 input = broadcast(planes + b * shape.words + w);
        for (std::size_t v = 0; v < kBlock; ++v) {
          const vector16 ones = hn::PopulationCount(hn::And(hn::Load(d, cells + v * lanes), input));
          sums[v] = hn::Add(sums[v], hn::ShiftLeftSame(ones, static_cast<int>(b + k)));
        }
      }
    }
  }
}

// What the ADC does to a sum: nothing (no sum exceeds the largest code), cuts it, or scales and cuts it.
enum class transfer { identity, clip, scale };

// The ADC on vectors of sums up to 32767.
template <transfer kAdc>
HWY_INLINE HWY_ATTR vector16 convert(vector16 sums, vector16 top, vector16 multiplier) {
  if constexpr (kAdc != transfer::scale) {
    (void)multiplier;
    return kAdc == transfer::identity ? sums : hn::Min(sums, top);
  } else {
    const lanes_signed16 s;
    const auto scaled = hn::MulFixedPoint15(hn::BitCast(s, sums), hn::BitCast(s, multiplier));
    return hn::Min(hn::BitCast(lanes16(), scaled), top);
  }
}

// Clipped conversions of one item: the rare second look.
template <std::size_t kWords, std::size_t kBlock>
HWY_ATTR HWY_NOINLINE std::uint64_t count_clipped(const block_shape& shape, std::size_t driven,
                                                  const conversion_item& item, int clip_from) {
  const lanes_signed16 s;
  const auto limit = hn::Set(s, static_cast<std::int16_t>(clip_from - 1));
  vector16 sums[kBlock];
  slice_sums<kWords>(shape, driven, item, sums);
  std::uint64_t clipped = 0;
  for (std::size_t v = 0; v < kBlock; ++v) clipped += hn::CountTrue(s, hn::Gt(hn::BitCast(s, sums[v]), limit));
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

// Columns of kBlock vectors summed over slices, highest first: each slice scales what came before.
template <std::size_t kBlock>
class scaled_sums {
 public:
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE void scale(int bits) {
    bits_ += bits;
  }
  HWY_INLINE void add(const vector16 (&codes)[kBlock]) {
    for (std::size_t v = 0; v < kBlock; ++v) sums_[v] = (sums_[v] << bits_) + codes[v].raw;
    bits_ = 0;
  }
  HWY_INLINE void store(std::uint32_t* totals) const {
    for (std::size_t v = 0; v < kBlock; ++v) totals[v] = sums_[v] << bits_;
  }

 private:
  std::uint32_t sums_[kBlock] = {};
  int bits_ = 0;
#else
  HWY_INLINE HWY_ATTR scaled_sums() {
    for (std::size_t v = 0; v < kBlock; ++v) even_[v] = odd_[v] = hn::Zero(lanes32());
  }
  HWY_INLINE HWY_ATTR void scale(int bits) {
    for (std::size_t v = 0; v < kBlock; ++v) {
      even_[v] = hn::ShiftLeftSame(even_[v], bits);
      odd_[v] = hn::ShiftLeftSame(odd_[v], bits);
    }
  }
  HWY_INLINE HWY_ATTR void add(const vector16 (&codes)[kBlock]) {
    const lanes32 wide;
    const auto low = hn::Set(wide, 0xFFFFU);
    for (std::size_t v = 0; v < kBlock; ++v) {
      const vector32 both = hn::BitCast(wide, codes[v]);
      even_[v] = hn::Add(even_[v], hn::And(both, low));
      odd_[v] = hn::Add(odd_[v], hn::ShiftRight<16>(both));
    }
  }
  HWY_INLINE HWY_ATTR void store(std::uint32_t* totals) const {
    const lanes32 wide;
    for (std::size_t v = 0; v < kBlock; ++v) {
      hn::StoreInterleaved2(even_[v], odd_[v], wide, totals + v * hn::Lanes(lanes16()));
    }
  }

 private:
  vector32 even_[kBlock];
  vector32 odd_[kBlock];
#endif
};

// Where items come from: lists, or straight from a pixel's vectors.
class listed {
 public:
  explicit listed(const slice_items& all) : all_(all) {}
  int slices() const { return all_.slices; }
  HWY_INLINE void begin(int slice) {
    items_ = all_.items + static_cast<std::size_t>(slice) * all_.stride;
    count_ = all_.counts[slice];
  }
  std::size_t count() const { return count_; }
  HWY_INLINE conversion_item operator[](std::size_t n) const { return items_[n]; }

 private:
  slice_items all_;
  const conversion_item* items_ = nullptr;
  std::size_t count_ = 0;
};

#if HWY_TARGET == HWY_AVX3_DL
class direct {
 public:
  direct(const pixel_items& all, std::size_t slice_words) : all_(all), slice_words_(slice_words) {}
  int slices() const { return all_.slices; }
  HWY_INLINE void begin(int slice) { planes_ = all_.planes + static_cast<std::size_t>(slice) * slice_words_; }
  std::size_t count() const { return all_.groups; }
  HWY_INLINE conversion_item operator[](std::size_t n) const {
    return {planes_ + all_.vectors[n] * all_.plane_stride, all_.cells[n]};
  }

 private:
  pixel_items all_;
  std::size_t slice_words_;
  const std::uint32_t* planes_ = nullptr;
};
#endif

// All items for kBlock vectors of columns from first_column: codes of a slice are summed in 16-bit lanes.
template <std::size_t kWords, transfer kAdc, std::size_t kBlock, typename Source>
HWY_ATTR std::uint64_t codes_of_block(const column_plan& plan, Source items, std::size_t first_column,
                                      std::uint32_t* totals) {
  const lanes16 d;
  const lanes_signed16 s;
  const block_shape shape{static_cast<std::size_t>(plan.words), static_cast<std::size_t>(plan.bits_per_cell),
                          static_cast<std::size_t>(plan.padded_columns), first_column};
  const vector16 top = hn::Set(d, static_cast<std::uint16_t>(plan.top));
  const vector16 multiplier = hn::Set(d, static_cast<std::uint16_t>(plan.multiplier15));
  const auto limit = hn::Set(s, static_cast<std::int16_t>(plan.clip_from - 1));
  const std::size_t chunk = 65535U / static_cast<std::size_t>(std::min(plan.top, largest_sum));
  scaled_sums<kBlock> scaled;
  std::uint64_t clipped = 0;
  for (int slice = items.slices(); slice-- > 0;) {
    items.begin(slice);
    const auto driven = static_cast<std::size_t>(std::min(plan.dac_bits, plan.input_bits - slice * plan.dac_bits));
    scaled.scale(plan.dac_bits);
    for (std::size_t begin = 0; begin < items.count(); begin += chunk) {
      const std::size_t end = std::min<std::size_t>(items.count(), begin + chunk);
      vector16 codes[kBlock];
      vector16 largest = hn::Zero(d);
      for (std::size_t v = 0; v < kBlock; ++v) codes[v] = hn::Zero(d);
      for (std::size_t n = begin; n < end; ++n) {
        vector16 sums[kBlock];
        slice_sums<kWords>(shape, driven, items[n], sums);
        for (std::size_t v = 0; v < kBlock; ++v) {
          // Sums of a pure clip exceed a limit of all ones if any of their bits does.
          if constexpr (kAdc == transfer::clip) largest = hn::Or(largest, sums[v]);
          if constexpr (kAdc == transfer::scale) largest = hn::Max(largest, sums[v]);
          codes[v] = hn::Add(codes[v], convert<kAdc>(sums[v], top, multiplier));
        }
      }
      scaled.add(codes);
      if (hn::AllFalse(s, hn::Gt(hn::BitCast(s, largest), limit))) continue;
      for (std::size_t n = begin; n < end; ++n) {
        clipped += count_clipped<kWords, kBlock>(shape, driven, items[n], plan.clip_from);
      }
    }
  }
  scaled.store(totals + first_column);
  return clipped;
}

template <std::size_t kWords, transfer kAdc, typename Source>
HWY_ATTR std::uint64_t codes_of_columns(const column_plan& plan, const Source& all, std::uint32_t* totals) {
  const std::size_t lanes = hn::Lanes(lanes16());
  const auto columns = static_cast<std::size_t>(plan.padded_columns);
  std::uint64_t clipped = 0;
  for (std::size_t c = 0; c < columns;) {
    const std::size_t left = (columns - c) / lanes;
    if (left >= largest_block) {
      clipped += codes_of_block<kWords, kAdc, largest_block>(plan, all, c, totals);
      c += largest_block * lanes;
    } else {
      clipped += codes_of_block<kWords, kAdc, 1>(plan, all, c, totals);
      c += lanes;
    }
  }
  return clipped;
}

template <transfer kAdc, typename Source>
HWY_ATTR std::uint64_t codes_of_shape(const column_plan& plan, const Source& all, std::uint32_t* totals) {
  if (plan.bits_per_cell == 1 && plan.dac_bits == 1) {
    if (plan.words == 1) return codes_of_columns<1, kAdc>(plan, all, totals);
    if (plan.words == 4) return codes_of_columns<4, kAdc>(plan, all, totals);
  }
  return codes_of_columns<0, kAdc>(plan, all, totals);
}

template <typename Source>
HWY_ATTR std::uint64_t codes_of_adc(const column_plan& plan, const Source& all, std::uint32_t* totals) {
  if (plan.multiplier15 != 0) return codes_of_shape<transfer::scale>(plan, all, totals);
  return plan.clip_from > largest_sum ? codes_of_shape<transfer::identity>(plan, all, totals)
                                      : codes_of_shape<transfer::clip>(plan, all, totals);
}

HWY_ATTR std::uint64_t column_codes(const column_plan& plan, const slice_items& all, std::uint32_t* totals) {
  return codes_of_adc(plan, listed(all), totals);
}

#if HWY_TARGET == HWY_AVX3_DL
HWY_ATTR std::uint64_t pixel_codes(const column_plan& plan, const pixel_items& all, std::uint32_t* totals) {
  return codes_of_adc(plan, direct(all, static_cast<std::size_t>(plan.dac_bits * plan.words)), totals);
}
#endif

HWY_INLINE bool all_zero(const std::uint32_t* words, std::size_t count) {
  std::uint32_t any = 0;
  for (std::size_t w = 0; w < count; ++w) any |= words[w];
  return any == 0;
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
          const vector16 driven_cells = hn::And(hn::Load(d, bit_cells + w * columns + c), broadcast(input + w));
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
#else
// Sums of neighbouring lanes: those of `a`, then those of `b`.
HWY_INLINE HWY_ATTR vector32 add_pairs(vector32 a, vector32 b) {
  const lanes32 d;
  return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}

HWY_ATTR void fold(const std::uint32_t* totals, const std::uint32_t* weights, std::size_t columns,
                   std::uint32_t* sums) {
  const lanes32 d;
  const std::size_t lanes = hn::Lanes(d);
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
#endif

column_kernels make_column_kernels() {
#if HWY_TARGET == HWY_AVX3_DL
  return {&column_codes, &pixel_codes, &column_sums, &fold, true};
#else
  return {&column_codes, nullptr, &column_sums, &fold, false};
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace cimbalom::arithmetic::kernels
HWY_AFTER_NAMESPACE();
