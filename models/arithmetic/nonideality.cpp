#include "models/arithmetic/nonideality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cimbalom::arithmetic {
namespace {

using namespace noise_arithmetic;

// Separate streams: a kind of error never shares its bits with another.
enum class stream : std::uint64_t { cell_variation = 1, cell_stuck, gain, offset, inl, noise };

std::uint64_t place_key(std::uint64_t seed, stream kind, const noise_site& site) {
  std::uint64_t key = combine(combine(seed, static_cast<std::uint64_t>(kind)), site.accelerator);
  return combine(combine(key, site.macro), site.bank);
}

std::int64_t to_fixed(double value) {
  return static_cast<std::int64_t>(std::llround(value * static_cast<double>(one)));
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
  return combine(key, counter);
}

std::int64_t random_normal(std::uint64_t key, std::uint64_t counter) {
  return normal(combine(key, counter));
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

bool nonideality::disturbs_cells() const {
  return cell_ != 0 || drift_ != one || stuck_at_zero_ != 0 || stuck_at_one_ != 0;
}

noise_arithmetic::column_error nonideality::column_terms(const macro_shape& shape) const {
  const std::int64_t drive = (std::int64_t{1} << shape.dac_bits) - 1;
  return {ir_drop_, shape.rows_active * drive * ((std::int64_t{1} << shape.bits_per_cell) - 1)};
}

noise_arithmetic::converter nonideality::converter_terms(const adc_transfer& adc) const {
  return {adc.top(), adc.step_sixteenths(), adc_noise_, adc_inl_ != 0};
}

std::int64_t nonideality::gain(const noise_site& site, int column) const {
  if (column_gain_ == 0) return one;
  const std::uint64_t counter = std::uint64_t{site.mux} * 65536 + static_cast<std::uint64_t>(column);
  const std::int64_t deviate = random_normal(place_key(config_.seed, stream::gain, site), counter);
  return std::max<std::int64_t>(0, one + scaled(column_gain_, deviate));
}

std::int64_t nonideality::offset(const noise_site& site, int column) const {
  if (column_offset_ == 0) return 0;
  const std::uint64_t counter = std::uint64_t{site.mux} * 65536 + static_cast<std::uint64_t>(column);
  return scaled(column_offset_, random_normal(place_key(config_.seed, stream::offset, site), counter));
}

std::int64_t nonideality::bow(const noise_site& site, int first_column) const {
  if (adc_inl_ == 0) return 0;
  const auto adc_index = static_cast<std::uint64_t>(first_column / config_.cols_per_adc);
  return scaled(adc_inl_, random_normal(place_key(config_.seed, stream::inl, site), adc_index));
}

std::uint64_t nonideality::noise_key(const noise_site& site) const {
  std::uint64_t key = place_key(config_.seed, stream::noise, site);
  for (const std::uint32_t field : {site.mux, site.image, site.layer, site.tile}) key = combine(key, field);
  return key;
}

std::uint64_t nonideality::noise_key(std::uint64_t site_key, const conversion_instant& when) {
  return combine(combine(combine(site_key, when.pixel), when.position), when.slice);
}

std::int64_t nonideality::column(const macro_shape& shape, const noise_site& site, int column, std::int64_t sum) const {
  if (shape.kind == macro_kind::digital) return sum;
  return disturbed(column_terms(shape), gain(site, column), offset(site, column), sum);
}

noisy_code nonideality::convert(const adc_transfer& adc, const noise_site& site, const conversion_instant& when,
                                int first_column, std::int64_t sum) const {
  if (adc.digital()) return {static_cast<std::uint32_t>(sum >> fraction_bits), false};
  const std::uint64_t key = noise_key(noise_key(site), when);
  const std::uint64_t bits = combine(key, static_cast<std::uint64_t>(first_column));
  const converter terms = converter_terms(adc);
  const std::int64_t reached = specialised(terms, [&](auto bowed, auto noisy, auto unit) {
    return level<bowed, noisy, unit>(terms, bow(site, first_column), bits, sum);
  });
  const std::int64_t top = adc.top();
  return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(reached, 0, top)), reached < 0 || reached > top};
}

}  // namespace cimbalom::arithmetic
