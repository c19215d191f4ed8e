#include "models/arithmetic/simd_targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "benchmarks/arithmetic_bare_loop.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <string>

#include "benchmarks/arithmetic_bare_loop.hpp"

HWY_BEFORE_NAMESPACE();
namespace cimbalom::benchmarks {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <std::size_t kDac, std::size_t kWords>
HWY_ATTR std::uint64_t count_and_clip(const std::uint16_t* cells, const std::uint32_t* inputs, std::size_t operations,
                                      std::size_t planes, unsigned top_code) {
  constexpr std::size_t columns = 96;
  const hn::ScalableTag<std::uint16_t> d;
  const hn::Repartition<std::uint32_t, decltype(d)> wide;
  const auto top = hn::Set(d, static_cast<std::uint16_t>(top_code));
  const std::size_t lanes = hn::Lanes(d);
  std::uint64_t total = 0;
  for (std::size_t c = 0; c < columns; c += 3 * lanes) {
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    const std::uint32_t* end = inputs + operations * planes * kWords;
    for (const std::uint32_t* input = inputs; input != end; input += kDac * kWords) {
      auto s0 = hn::Zero(d);
      auto s1 = hn::Zero(d);
      auto s2 = hn::Zero(d);
      for (std::size_t w = 0; w < kWords; ++w) {
        const std::uint16_t* word = cells + w * columns + c;
        for (std::size_t b = 0; b < kDac; ++b) {
          const auto u = hn::BitCast(d, hn::Set(wide, input[b * kWords + w]));
          const int shift = static_cast<int>(b);
          s0 = hn::Add(s0, hn::ShiftLeftSame(hn::PopulationCount(hn::And(u, hn::Load(d, word))), shift));
          s1 = hn::Add(s1, hn::ShiftLeftSame(hn::PopulationCount(hn::And(u, hn::Load(d, word + lanes))), shift));
          s2 = hn::Add(s2, hn::ShiftLeftSame(hn::PopulationCount(hn::And(u, hn::Load(d, word + 2 * lanes))), shift));
        }
      }
      sum0 = hn::Add(sum0, hn::Min(s0, top));
      sum1 = hn::Add(sum1, hn::Min(s1, top));
      sum2 = hn::Add(sum2, hn::Min(s2, top));
    }
    total += hn::GetLane(hn::Add(hn::Add(sum0, sum1), sum2));
  }
  return total;
}

// The baseline target may have one lane a vector: too slow to be a floor of anything, but defined.
HWY_ATTR std::uint64_t bare_loop(const std::uint16_t* cells, const std::uint32_t* inputs, std::size_t operations,
                                 std::size_t planes, std::size_t words, std::size_t dac_bits, unsigned top) {
#if HWY_TARGET == HWY_SCALAR
  (void)cells, (void)inputs, (void)operations, (void)planes, (void)words, (void)dac_bits, (void)top;
  return 0;
#else
  if (words == 1 && dac_bits == 2) return count_and_clip<2, 1>(cells, inputs, operations, planes, top);
  if (words == 4 && dac_bits == 1) return count_and_clip<1, 4>(cells, inputs, operations, planes, top);
  return 0;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace cimbalom::benchmarks
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cimbalom::benchmarks {

HWY_EXPORT(bare_loop);

void limit_bare_loop(const char* target) {
  const std::string name = target;
  std::int64_t beyond = 0;
  if (name != "avx512") beyond |= HWY_AVX3_DL;
  if (name == "avx2" || name == "sse4" || name == "scalar") beyond |= HWY_AVX3;
  if (name == "sse4" || name == "scalar") beyond |= HWY_AVX2;
  hwy::DisableTargets(beyond);
}

std::uint64_t bare_loop(const std::uint16_t* cells, const std::uint32_t* inputs, std::size_t operations,
                        std::size_t planes, std::size_t words, std::size_t dac_bits, unsigned top) {
  return HWY_DYNAMIC_DISPATCH(bare_loop)(cells, inputs, operations, planes, words, dac_bits, top);
}

}  // namespace cimbalom::benchmarks
#endif
