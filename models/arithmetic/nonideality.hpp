#pragma once

#include <cstdint>

#include "models/arithmetic/adc.hpp"
#include "models/arithmetic/cells.hpp"
#include "models/arithmetic/macro_shape.hpp"
#include "models/arithmetic/noise_arithmetic.hpp"

namespace cimbalom::arithmetic {

/// What a real macro adds to the ideal function. Everything is off by default. A sum unit is the contribution of one
/// cell of value 1 driven with 1; an lsb is one ADC step.
struct nonideality_config {
  std::uint64_t seed = 1;
  double column_gain_sigma = 0;    ///< relative gain mismatch of a physical column
  double column_offset_sigma = 0;  ///< offset of a physical column, sum units
  double cell_sigma = 0;           ///< relative variation of a cell
  double stuck_at_zero = 0;        ///< probability that a cell is stuck at 0
  double stuck_at_one = 0;         ///< probability that a cell is stuck at its largest value
  double adc_noise_lsb = 0;        ///< standard deviation of the noise of a conversion
  double adc_inl_lsb = 0;          ///< standard deviation of an ADC's bow at mid range
  double ir_drop = 0;              ///< relative loss of a column at its largest sum, proportional to the sum
  double drift_exponent = 0;       ///< cells lose conductance as drift_time_ratio^-drift_exponent
  double drift_time_ratio = 1;     ///< age over the age at programming, >= 1
  int cols_per_adc = 1;            ///< columns that share an ADC's bow
};

/// Throws std::invalid_argument (key, value, allowed range).
void validate(const nonideality_config& config);

/// Where and when an operation happens; with the seed, all that its errors depend on. Fields name hardware and work, so
/// that the order in which a program computes changes nothing. A caller that cuts a layer's pixels in parts gives
/// each part its first_pixel.
struct noise_site {
  std::uint32_t accelerator = 0;
  std::uint32_t macro = 0;
  std::uint32_t bank = 0;
  std::uint32_t mux = 0;             ///< column-mux position
  std::uint32_t first_position = 0;  ///< row-group position in the bank of the pass's first group; the others follow
  std::uint32_t image = 0;
  std::uint32_t layer = 0;
  std::uint32_t tile = 0;
  std::uint64_t first_pixel = 0;
};

/// The instant of one conversion within a site.
struct conversion_instant {
  std::uint64_t pixel = 0;  ///< first_pixel included
  std::uint32_t position = 0;
  std::uint32_t slice = 0;
};

/// A conversion under error.
struct noisy_code {
  std::uint32_t code = 0;
  bool clipped = false;  ///< cut at either end of the ADC's range
};

/// Errors of macros as a pure function of (seed, place, instant): stateless, safe to share between threads, in 48.16
/// fixed-point integers, so the same on every machine. Stuck cells also strike a digital macro; the rest is analog.
class nonideality {
 public:
  explicit nonideality(const nonideality_config& config);

  const nonideality_config& config() const { return config_; }
  /// False if nothing is switched on: the macro is ideal.
  bool any() const;

  /// What a cell that should hold `value` contributes a unit of drive, in 1/65536.
  std::int64_t cell(const macro_shape& shape, const noise_site& site, std::uint32_t position, int row, int column,
                    int value) const;
  /// A physical column's sum after gain, offset and IR drop; in and out 1/65536 of a sum unit.
  std::int64_t column(const macro_shape& shape, const noise_site& site, int column, std::int64_t sum) const;
  /// The conversion of a (combined) sum, 1/65536 of a sum unit. Ideal rounding when ADC errors are off.
  noisy_code convert(const adc_transfer& adc, const noise_site& site, const conversion_instant& when, int first_column,
                     std::int64_t sum) const;

  // The same in parts, so that what stays the same over a pass is computed once.

  /// True if cells do not just hold their value.
  bool disturbs_cells() const;
  noise_arithmetic::column_error column_terms(const macro_shape& shape) const;
  noise_arithmetic::converter converter_terms(const adc_transfer& adc) const;
  std::int64_t gain(const noise_site& site, int column) const;
  std::int64_t offset(const noise_site& site, int column) const;
  std::int64_t bow(const noise_site& site, int first_column) const;
  /// The key of a site's noise, then of one slice of one operation there; combine(key, first_column) are a conversion's
  /// bits.
  std::uint64_t noise_key(const noise_site& site) const;
  static std::uint64_t noise_key(std::uint64_t site_key, const conversion_instant& when);

 private:
  nonideality_config config_;
  std::int64_t column_gain_;
  std::int64_t column_offset_;
  std::int64_t cell_;
  std::int64_t adc_noise_;
  std::int64_t adc_inl_;
  std::int64_t ir_drop_;
  std::int64_t drift_;
  std::uint64_t stuck_at_zero_;  // thresholds against 32 random bits
  std::uint64_t stuck_at_one_;
};

/// Stateless generator: 64 well-mixed bits of (key, counter).
std::uint64_t random_bits(std::uint64_t key, std::uint64_t counter);

/// Standard normal deviate in 1/65536, from random_bits alone: no libm, so the same everywhere. Bounded by 7.1 sigma.
std::int64_t random_normal(std::uint64_t key, std::uint64_t counter);

}  // namespace cimbalom::arithmetic
