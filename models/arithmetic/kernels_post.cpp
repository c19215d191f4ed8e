// Post-processing: sums to codes, compiled once for every instruction set. Built without contraction: a product and a
// sum of floats are two roundings on every machine.
#include "models/arithmetic/simd_targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/arithmetic/kernels_post.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <cstring>
#include <limits>

#include "models/arithmetic/kernels.hpp"
#include "models/arithmetic/output_stage.hpp"

HWY_BEFORE_NAMESPACE();
namespace cimbalom::arithmetic::kernels {
namespace HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace hn = hwy::HWY_NAMESPACE;
#endif

// Codes of two bytes may lie at odd addresses.
template <typename Code>
HWY_INLINE void put(Code code, std::uint8_t* to) {
  std::memcpy(to, &code, sizeof code);
}

// `code` is one output at a time: the form of few outputs and of targets without vectors.
struct fixed_form {
  template <bool kSecond>
  static HWY_INLINE std::int32_t code(const post_plan& plan, std::size_t o, std::int32_t sum, std::int32_t second) {
    auto product = static_cast<std::uint64_t>(plan.offsets[o]) + static_cast<std::uint64_t>(sum * plan.multipliers[o]);
    if constexpr (kSecond) product += static_cast<std::uint64_t>(second * plan.second_multipliers[o]);
    const auto value = static_cast<std::int64_t>(product);
    const std::int64_t shift = plan.shifts[o];
    const std::int64_t rounded = (value + plan.below_half[o] + ((value >> shift) & plan.odd[o])) >> shift;
    return output_stage(plan.zero_point, plan.low, plan.high).code(rounded);
  }

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  using lanes = hn::ScalableTag<std::int64_t>;

  template <bool kSecond, typename Code>
  static HWY_INLINE HWY_ATTR void block(const post_plan& plan, const post_pixels& pixels, std::size_t o) {
    const lanes d;
    const hn::Repartition<std::uint64_t, lanes> bits;
    const hn::Repartition<std::int32_t, lanes> halves;
    const hn::Rebind<std::int32_t, lanes> narrow;
    const hn::Rebind<Code, lanes> out;
    const auto multiplier = hn::BitCast(halves, hn::LoadU(d, plan.multipliers + o));
    const auto second_multiplier = hn::BitCast(halves, hn::LoadU(d, plan.second_multipliers + o));
    const auto offset = hn::LoadU(d, plan.offsets + o);
    const auto shift = hn::LoadU(d, plan.shifts + o);
    const auto below_half = hn::LoadU(d, plan.below_half + o);
    const auto odd = hn::LoadU(d, plan.odd + o);
    const auto zero = hn::Set(d, std::int64_t{plan.zero_point});
    const auto low = hn::Set(d, std::int64_t{plan.low});
    const auto high = hn::Set(d, std::int64_t{plan.high});
    const std::int32_t* sums = pixels.sums + o;
    const std::int32_t* second = pixels.second + (kSecond ? o : 0);
    std::uint8_t* to = pixels.codes + o * sizeof(Code);
    for (std::size_t p = 0; p < pixels.count; ++p, sums += plan.outputs, to += pixels.pitch_bytes) {
      const auto sum = hn::PromoteTo(d, hn::LoadU(narrow, sums));
      auto value = hn::Add(offset, hn::MulEven(hn::BitCast(halves, sum), multiplier));
      if constexpr (kSecond) {
        const auto other = hn::PromoteTo(d, hn::LoadU(narrow, second));
        value = hn::Add(value, hn::MulEven(hn::BitCast(halves, other), second_multiplier));
        second += pixels.second_stride;
      }
      const auto up = hn::And(value >> shift, odd);
      const auto rounded = hn::Add(hn::Add(value, below_half), up) >> shift;
      const auto code = hn::Min(hn::Max(hn::Add(rounded, zero), low), high);
      hn::StoreU(hn::TruncateTo(out, hn::BitCast(bits, code)), out, reinterpret_cast<Code*>(to));
    }
  }
#endif
};

struct float_form {
  template <bool kSecond>
  static HWY_INLINE std::int32_t code(const post_plan& plan, std::size_t o, std::int32_t sum, std::int32_t second) {
    float value = static_cast<float>(sum + plan.biases[o]) * plan.factors[o];
    if constexpr (kSecond) {
      const float other = static_cast<float>(second) * plan.second_factors[o];
      value += other;
    }
    return output_stage(plan.zero_point, plan.low, plan.high).code(value);
  }

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  using lanes = hn::ScalableTag<std::int32_t>;

  // The low bits, by a conversion that saturates: TruncateTo of Highway 1.0.3 is wrong where bytes can be permuted.
  template <typename Code>
  static HWY_INLINE HWY_ATTR void store(hn::Vec<lanes> codes, Code* to) {
    const hn::Rebind<Code, lanes> out;
    const auto low_bits = hn::And(codes, hn::Set(lanes(), std::numeric_limits<Code>::max()));
    hn::StoreU(hn::DemoteTo(out, low_bits), out, to);
  }

  // As output_stage::code of a float.
  template <typename Values>
  static HWY_INLINE HWY_ATTR hn::Vec<lanes> codes_of(const post_plan& plan, Values values) {
    const lanes d;
    const hn::Repartition<float, lanes> real;
    const auto low = hn::Set(real, static_cast<float>(plan.low - plan.zero_point) - 1.0F);
    const auto high = hn::Set(real, static_cast<float>(plan.high - plan.zero_point) + 1.0F);
    const auto magic = hn::Set(real, 12582912.0F);
    const auto above = hn::IfThenElse(hn::Gt(values, low), values, low);
    const auto near = hn::IfThenElse(hn::Lt(above, high), above, high);
    const auto rounded = hn::ConvertTo(d, hn::Sub(hn::Add(near, magic), magic));
    const auto shifted = hn::Add(rounded, hn::Set(d, plan.zero_point));
    return hn::Min(hn::Max(shifted, hn::Set(d, plan.low)), hn::Set(d, plan.high));
  }

  template <bool kSecond, typename Code>
  static HWY_INLINE HWY_ATTR void block(const post_plan& plan, const post_pixels& pixels, std::size_t o) {
    const lanes d;
    const hn::Repartition<float, lanes> real;
    const auto factor = hn::LoadU(real, plan.factors + o);
    const auto second_factor = hn::LoadU(real, plan.second_factors + o);
    const auto bias = hn::LoadU(d, plan.near_biases + o);
    const std::int32_t* sums = pixels.sums + o;
    const std::int32_t* second = pixels.second + (kSecond ? o : 0);
    std::uint8_t* to = pixels.codes + o * sizeof(Code);
    for (std::size_t p = 0; p < pixels.count; ++p, sums += plan.outputs, to += pixels.pitch_bytes) {
      const auto sum = hn::LoadU(d, sums);
      const auto biased = hn::Add(sum, bias);
      const auto wrapped = hn::And(hn::Xor(sum, biased), hn::Xor(bias, biased));
      if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Lt(wrapped, hn::Zero(d))))) {
        for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) {
          const std::int32_t other = kSecond ? second[lane] : 0;
          put(static_cast<Code>(code<kSecond>(plan, o + lane, sums[lane], other)), to + lane * sizeof(Code));
        }
      } else {
        auto value = hn::Mul(hn::ConvertTo(real, biased), factor);
        if constexpr (kSecond) {
          value = hn::Add(value, hn::Mul(hn::ConvertTo(real, hn::LoadU(d, second)), second_factor));
        }
        store(codes_of(plan, value), reinterpret_cast<Code*>(to));
      }
      if constexpr (kSecond) second += pixels.second_stride;
    }
  }
#endif
};

template <typename Form, bool kSecond, typename Code>
HWY_ATTR void one_by_one(const post_plan& plan, const post_pixels& pixels) {
  for (std::size_t p = 0; p < pixels.count; ++p) {
    const std::int32_t* sums = pixels.sums + p * plan.outputs;
    const std::int32_t* second = kSecond ? pixels.second + p * pixels.second_stride : nullptr;
    std::uint8_t* to = pixels.codes + p * pixels.pitch_bytes;
    for (std::size_t o = 0; o < plan.outputs; ++o) {
      const std::int32_t other = kSecond ? second[o] : 0;
      put(static_cast<Code>(Form::template code<kSecond>(plan, o, sums[o], other)), to + o * sizeof(Code));
    }
  }
}

// Blocks of outputs, the last one over what came before if that fills it.
template <typename Form, bool kSecond, typename Code>
HWY_ATTR void post_process(const post_plan& plan, const post_pixels& pixels, bool vectors) {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  const std::size_t lanes = hn::Lanes(typename Form::lanes());
  if (vectors && plan.outputs >= lanes) {
    for (std::size_t o = 0; o + lanes <= plan.outputs; o += lanes) {
      Form::template block<kSecond, Code>(plan, pixels, o);
    }
    if (plan.outputs % lanes != 0) Form::template block<kSecond, Code>(plan, pixels, plan.outputs - lanes);
    return;
  }
#else
  static_cast<void>(vectors);
#endif
  one_by_one<Form, kSecond, Code>(plan, pixels);
}

template <typename Form>
HWY_ATTR void post_process_any(const post_plan& plan, const post_pixels& pixels, bool vectors) {
  if (pixels.second != nullptr) {
    pixels.code_bytes == 1 ? post_process<Form, true, std::uint8_t>(plan, pixels, vectors)
                           : post_process<Form, true, std::uint16_t>(plan, pixels, vectors);
  } else {
    pixels.code_bytes == 1 ? post_process<Form, false, std::uint8_t>(plan, pixels, vectors)
                           : post_process<Form, false, std::uint16_t>(plan, pixels, vectors);
  }
}

HWY_ATTR void fixed(const post_plan& plan, const post_pixels& pixels) {
  post_process_any<fixed_form>(plan, pixels, true);
}

HWY_ATTR void floating(const post_plan& plan, const post_pixels& pixels) {
  post_process_any<float_form>(plan, pixels, plan.near_biases != nullptr);
}

post_kernels make_post_kernels() {
  return {&fixed, &floating};
}

}  // namespace HWY_NAMESPACE
}  // namespace cimbalom::arithmetic::kernels
HWY_AFTER_NAMESPACE();
