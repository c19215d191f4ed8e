#include "models/arithmetic/nonideality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cimbalom::arithmetic {
namespace {

constexpr int fraction_bits = 16;
constexpr std::int64_t one = std::int64_t{1} << fraction_bits;

// Separate streams: a kind of error never shares its bits with another.
enum class stream : std::uint64_t { cell_variation = 1, cell_stuck, gain, offset, inl, noise };

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::uint64_t combine(std::uint64_t key, std::uint64_t value) {
  return mix(key + 0x9E3779B97F4A7C15ULL * (value + 1));
}

std::uint64_t place_key(std::uint64_t seed, stream kind, const noise_site& site) {
  std::uint64_t key = combine(combine(seed, static_cast<std::uint64_t>(kind)), site.accelerator);
  return combine(combine(key, site.macro), site.bank);
}

std::int64_t to_fixed(double value) {
  return static_cast<std::int64_t>(std::llround(value * static_cast<double>(one)));
}

// a * b / 65536, rounded to nearest, halves up.
std::int64_t scaled(std::int64_t a, std::int64_t b) {
  return (a * b + one / 2) >> fraction_bits;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

void check(const char* key, double value, double low, double high) {
  if (value >= low && value <= high) return;  // a NaN fails both
  const auto text = [](double x) {
    std::string digits = std::to_string(x);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  throw std::invalid_argument(std::string(key) + " = " + text(value) + ": " + text(low) + " to " + text(high));
}

}  // namespace

void validate(const nonideality_config& config) {
  check("column_gain_sigma", config.column_gain_sigma, 0, 1);
  check("column_offset_sigma", config.column_offset_sigma, 0, 1000);
  check("cell_sigma", config.cell_sigma, 0, 1);
  check("stuck_at_zero", config.stuck_at_zero, 0, 1);
  check("stuck_at_one", config.stuck_at_one, 0, 1);
  check("stuck_at_zero + stuck_at_one", config.stuck_at_zero + config.stuck_at_one, 0, 1);
  check("adc_noise_lsb", config.adc_noise_lsb, 0, 1000);
  check("adc_inl_lsb", config.adc_inl_lsb, 0, 1000);
  check("ir_drop", config.ir_drop, 0, 1);
  check("drift_exponent", config.drift_exponent, 0, 1);
  check("drift_time_ratio", config.drift_time_ratio, 1, 1e12);
  check("cols_per_adc", config.cols_per_adc, 1, 65536);
}

std::uint64_t random_bits(std::uint64_t key, std::uint64_t counter) {
  return combine(mix(key ^ 0xD1B54A32D192ED03ULL), counter);
}

std::int64_t random_normal(std::uint64_t key, std::uint64_t counter) {
  // The popcount of 128 fair bits has variance 32; 16 bits of dither fill the gaps between its integers (1/12 more).
  const std::uint64_t a = random_bits(key, 3 * counter);
  const std::uint64_t b = random_bits(key, 3 * counter + 1);
  const std::uint64_t dither = random_bits(key, 3 * counter + 2) >> 48;
  const std::int64_t steps = __builtin_popcountll(a) + __builtin_popcountll(b) - 64;
  constexpr std::int64_t reciprocal_sigma = 11570;  // 65536 / sqrt(32 + 1/12)
  return scaled(steps * one + static_cast<std::int64_t>(dither) - one / 2, reciprocal_sigma);
}

nonideality::nonideality(const nonideality_config& config) : config_(config) {
  validate(config);
  column_gain_ = to_fixed(config.column_gain_sigma);
  column_offset_ = to_fixed(config.column_offset_sigma);
  cell_ = to_fixed(config.cell_sigma);
  adc_noise_ = to_fixed(config.adc_noise_lsb);
  adc_inl_ = to_fixed(config.adc_inl_lsb);
  ir_drop_ = to_fixed(config.ir_drop);
  drift_ = to_fixed(std::pow(config.drift_time_ratio, -config.drift_exponent));
  constexpr double range = 4294967296.0;
  stuck_at_zero_ = static_cast<std::uint64_t>(std::llround(config.stuck_at_zero * range));
  stuck_at_one_ = static_cast<std::uint64_t>(std::llround(config.stuck_at_one * range));
}

bool nonideality::any() const {
  return column_gain_ != 0 || column_offset_ != 0 || cell_ != 0 || adc_noise_ != 0 || adc_inl_ != 0 || ir_drop_ != 0 ||
         drift_ != one || stuck_at_zero_ != 0 || stuck_at_one_ != 0;
}

std::int64_t nonideality::cell(const macro_shape& shape, const noise_site& site, std::uint32_t position, int row,
                               int column, int value) const {
  const std::uint64_t counter =
      ((std::uint64_t{position} * 64 + site.mux) * 1024 + static_cast<std::uint64_t>(row)) * 65536 +
      static_cast<std::uint64_t>(column);
  std::int64_t held = value;
  if (stuck_at_zero_ != 0 || stuck_at_one_ != 0) {
    const std::uint64_t draw = random_bits(place_key(config_.seed, stream::cell_stuck, site), counter) >> 32;
    if (draw < stuck_at_zero_) {
      held = 0;
    } else if (draw < stuck_at_zero_ + stuck_at_one_) {
      held = (1 << shape.bits_per_cell) - 1;
    }
  }
  if (shape.kind == macro_kind::digital) return held * one;
  std::int64_t conductance = drift_;
  if (cell_ != 0) {
    const std::int64_t deviate = random_normal(place_key(config_.seed, stream::cell_variation, site), counter);
    conductance = scaled(conductance, std::max<std::int64_t>(0, one + scaled(cell_, deviate)));
  }
  return held * conductance;
}

std::int64_t nonideality::column(const macro_shape& shape, const noise_site& site, int column, std::int64_t sum) const {
  if (shape.kind == macro_kind::digital) return sum;
  const std::uint64_t counter = std::uint64_t{site.mux} * 65536 + static_cast<std::uint64_t>(column);
  std::int64_t result = sum;
  if (ir_drop_ != 0) {
    const std::int64_t drive = (std::int64_t{1} << shape.dac_bits) - 1;
    const std::int64_t full = shape.rows_active * drive * ((std::int64_t{1} << shape.bits_per_cell) - 1);
    result -= scaled(result, std::min(one, scaled(ir_drop_, result / full)));
  }
  if (column_gain_ != 0) {
    const std::int64_t deviate = random_normal(place_key(config_.seed, stream::gain, site), counter);
    result = scaled(result, std::max<std::int64_t>(0, one + scaled(column_gain_, deviate)));
  }
  if (column_offset_ != 0) {
    result += scaled(column_offset_, random_normal(place_key(config_.seed, stream::offset, site), counter));
  }
  return result;
}

noisy_code nonideality::convert(const adc_transfer& adc, const noise_site& site, const conversion_instant& when,
                                int first_column, std::int64_t sum) const {
  const std::int64_t top = adc.top();
  if (adc.digital()) return {static_cast<std::uint32_t>(sum >> fraction_bits), false};
  std::int64_t error = 0;  // 1/65536 lsb
  if (adc_inl_ != 0) {
    const auto adc_index = static_cast<std::uint64_t>(first_column / config_.cols_per_adc);
    const std::int64_t bow = scaled(adc_inl_, random_normal(place_key(config_.seed, stream::inl, site), adc_index));
    const std::int64_t full = top * adc.step_sixteenths() / unit_step_sixteenths;
    const std::int64_t x = std::clamp<std::int64_t>(sum / full, 0, one);  // position in the range, 0 to 1
    error += scaled(bow, 4 * scaled(x, one - x));
  }
  if (adc_noise_ != 0) {
    std::uint64_t key = place_key(config_.seed, stream::noise, site);
    for (std::uint64_t field : {std::uint64_t{site.mux}, std::uint64_t{site.image}, std::uint64_t{site.layer},
                                std::uint64_t{site.tile}, when.pixel, std::uint64_t{when.position}}) {
      key = combine(key, field);
    }
    const std::uint64_t counter = std::uint64_t{when.slice} * 65536 + static_cast<std::uint64_t>(first_column);
    error += scaled(adc_noise_, random_normal(key, counter));
  }
  // floor(sum / step + error + 1/2) over the common denominator step16 * 65536.
  const std::int64_t step = adc.step_sixteenths();
  const std::int64_t numerator = sum * unit_step_sixteenths + (error + one / 2) * step;
  const std::int64_t level = floor_divide(numerator, step * one);
  return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(level, 0, top)), level < 0 || level > top};
}

}  // namespace cimbalom::arithmetic
