// Products, counters and noise, compiled once for every instruction set, and the choice of the set.
#include "models/arithmetic/simd_targets.hpp"
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

column_kernels make_column_kernels();  // kernels_columns.cpp
byte_kernels make_byte_kernels();      // kernels_bytes.cpp
post_kernels make_post_kernels();      // kernels_post.cpp

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
void word_products(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                   std::uint32_t* sums) {
  for (std::size_t n = 0; n < count; ++n) {
    const auto* codes = static_cast<const std::uint16_t*>(items[n].codes);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int32_t code = codes[r];
      if (code == 0) continue;
      const std::int16_t* row = static_cast<const std::int16_t*>(items[n].weights) + r / 2 * outputs * 2 + r % 2;
      for (std::size_t o = 0; o < outputs; ++o) sums[o] += static_cast<std::uint32_t>(code * row[2 * o]);
    }
  }
}
#else
template <std::size_t kBlock>
HWY_ATTR void products_of_block(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                                std::size_t first, std::uint32_t* sums) {
  const hn::ScalableTag<std::int32_t> wide;
  const hn::ScalableTag<std::int16_t> narrow;
  const hn::ScalableTag<std::uint32_t> d;
  using vector32 = hn::Vec<decltype(wide)>;
  const std::size_t lanes = hn::Lanes(wide);
  vector32 low[kBlock];
  vector32 high[kBlock];
  for (std::size_t v = 0; v < kBlock; ++v) low[v] = high[v] = hn::Zero(wide);
  for (std::size_t n = 0; n < count; ++n) {
    const auto* codes = static_cast<const std::uint16_t*>(items[n].codes);
    const std::int16_t* row = static_cast<const std::int16_t*>(items[n].weights) + first * 2;
    for (std::size_t r = 0; r < rows; r += 2, row += outputs * 2) {
      std::int32_t pair;
      std::memcpy(&pair, codes + r, sizeof pair);
      const auto input = hn::BitCast(narrow, hn::Set(wide, pair));
      for (std::size_t v = 0; v < kBlock; ++v) {
        low[v] = hn::ReorderWidenMulAccumulate(wide, hn::Load(narrow, row + v * lanes * 2), input, low[v], high[v]);
      }
    }
  }
  for (std::size_t v = 0; v < kBlock; ++v) {
    const auto sum = hn::BitCast(d, hn::RearrangeToOddPlusEven(low[v], high[v]));
    std::uint32_t* to = sums + first + v * lanes;
    hn::Store(hn::Add(hn::Load(d, to), sum), d, to);
  }
}

HWY_ATTR void word_products(const product_item* items, std::size_t count, std::size_t rows, std::size_t outputs,
                            std::uint32_t* sums) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<std::int32_t>());
  for (std::size_t o = 0; o < outputs;) {
    const std::size_t left = (outputs - o) / lanes;
    if (left >= 4) {
      products_of_block<4>(items, count, rows, outputs, o, sums);
      o += 4 * lanes;
    } else if (left >= 2) {
      products_of_block<2>(items, count, rows, outputs, o, sums);
      o += 2 * lanes;
    } else {
      products_of_block<1>(items, count, rows, outputs, o, sums);
      o += lanes;
    }
  }
}
#endif

template <typename D>
HWY_ATTR void digits_of(D d, const std::uint16_t* all, std::size_t rows, const std::uint32_t* vectors,
                        std::size_t stride, std::size_t pixels, std::uint32_t largest, std::uint64_t* totals) {
  const std::size_t chunk = 65535U / std::max(largest, 1U);
  HWY_ALIGN std::uint16_t buffer[HWY_MAX_BYTES / 2];
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

HWY_ATTR void digits(const std::uint16_t* all, std::size_t rows, const std::uint32_t* vectors, std::size_t stride,
                     std::size_t pixels, std::uint32_t largest, std::uint64_t* totals) {
  const hn::ScalableTag<std::uint16_t> wide;
  const hn::CappedTag<std::uint16_t, word_rows> narrow;
  if (rows % hn::Lanes(wide) == 0) {
    digits_of(wide, all, rows, vectors, stride, pixels, largest, totals);
  } else {
    digits_of(narrow, all, rows, vectors, stride, pixels, largest, totals);
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
  return {name,     make_column_kernels(), make_byte_kernels(), make_post_kernels(), &word_products, &digits, &add_row,
          &disturb, &noisy_levels};
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
