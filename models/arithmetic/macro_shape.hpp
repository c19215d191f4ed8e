#pragma once

#include <cstdint>

namespace cimbalom::arithmetic {

/// How a macro turns column sums into numbers: through an ADC, or exactly through an adder tree.
enum class macro_kind { analog, digital };

/// The arithmetic of one macro operation; nothing about its time, energy or banks.
struct macro_shape {
  macro_kind kind = macro_kind::analog;
  int rows_active = 16;     ///< wordlines driven at once, 1..1024
  int bits_per_cell = 1;    ///< 1..4
  int dac_bits = 2;         ///< input bits driven per slice, 1..8
  int adc_bits = 5;         ///< 1..16
  int slot_bits = 8;        ///< columns of a slot, 1..16
  int combine_columns = 1;  ///< adjacent columns summed in the analog domain, weighted 2^bits_per_cell, before one ADC
  int partial_sum_bits = 20;  ///< two's complement width that holds one operation, 2..48
  int accumulator_bits = 32;  ///< two's complement width that holds many, 2..32
};

/// Largest input and weight width in bits.
inline constexpr int max_operand_bits = 16;

/// Throws std::invalid_argument (key, value, allowed range) when a field is out of range, combine_columns spans more
/// than the 15 bits below a sign, or s_max exceeds 2^24 - 1.
void validate(const macro_shape& shape);

/// Slices of dac_bits that one input takes: ceil(input_bits / dac_bits). Throws std::invalid_argument outside 1..16.
int input_slices(const macro_shape& shape, int input_bits);

/// Columns of one weight: the sign column and ceil((weight_bits - 1) / bits_per_cell) others. Throws outside 1..16.
int weight_columns(const macro_shape& shape, int weight_bits);

/// Largest sum one conversion can meet: rows_active * (2^dac_bits - 1) * (2^(bits_per_cell * combine_columns) - 1).
std::int64_t s_max(const macro_shape& shape);

/// Largest code of the ADC, 2^adc_bits - 1; s_max for a digital macro.
std::int64_t top_code(const macro_shape& shape);

/// Closed interval of integers.
struct value_range {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// What a two's complement number of `bits` holds.
value_range two_complement_range(int bits);

/// True if every value of `inner` is in `outer`.
bool contains(const value_range& outer, const value_range& inner);

/// `range` taken `count` times: what an accumulator meets over `count` operations.
value_range times(const value_range& range, std::int64_t count);

class adc_transfer;

/// Every value that one operation can give a filter of weight_bits, whatever the bits: the proof that a partial sum
/// fits is contains(two_complement_range(shape.partial_sum_bits), partial_sum_range(...)).
value_range partial_sum_range(const macro_shape& shape, const adc_transfer& adc, int input_bits, int weight_bits);

/// Operations of a filter that an accumulator holds for certain; 0 if not even one, at most 2^31.
std::int64_t safe_operations(const macro_shape& shape, const value_range& partial_sum);

}  // namespace cimbalom::arithmetic
