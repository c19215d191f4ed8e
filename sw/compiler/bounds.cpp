#include "sw/compiler/bounds.hpp"

#include <algorithm>
#include <string>

#include "models/arithmetic/adc.hpp"
#include "models/arithmetic/cells.hpp"
#include "models/arithmetic/macro_shape.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::compiler {

namespace {

using arithmetic::value_range;

int bits_for(const value_range& range) {
  int bits = 1;
  while (bits < 62 && !arithmetic::contains(arithmetic::two_complement_range(bits), range)) ++bits;
  return bits;
}

input_error too_narrow(const quantization::layer& layer, const char* key, int value, int needed) {
  return bad_input({}, std::string("platform.macro.") + key, std::to_string(value),
                   "layer " + layer.name + " needs " + std::to_string(needed) +
                       " bits for its sums to fit whatever the input (or fewer weight or input bits)");
}

// What one operation can give, from the weights that are stored: a column's code grows with its sum, and the sum is
// largest where every input is.
class operation_bound {
 public:
  operation_bound(const arithmetic::macro_shape& shape, const arithmetic::adc_transfer& adc, int input_bits)
      : shape_(shape), adc_(adc) {
    const int slices = arithmetic::input_slices(shape, input_bits);
    for (int slice = 0; slice < slices; ++slice) slice_weights_ += std::int64_t{1} << (shape.dac_bits * slice);
  }

  value_range of(const std::uint8_t* words, std::size_t row_bytes,
                 const std::vector<arithmetic::conversion>& conversions) const {
    value_range range;
    for (const arithmetic::conversion& one : conversions) {
      std::int64_t sum = 0;
      for (int row = 0; row < shape_.rows_active; ++row) {
        const std::uint8_t* cells = words + static_cast<std::size_t>(row) * row_bytes;
        for (int c = 0; c < one.columns; ++c) {
          sum += std::int64_t{arithmetic::load_cell(shape_, cells, one.first_column + c)} << (shape_.bits_per_cell * c);
        }
      }
      sum *= (std::int64_t{1} << shape_.dac_bits) - 1;
      const std::int64_t most = (static_cast<std::int64_t>(adc_.code(sum)) << one.shift) * slice_weights_;
      (one.negative ? range.low : range.high) += one.negative ? -most : most;
    }
    return range;
  }

 private:
  const arithmetic::macro_shape& shape_;
  const arithmetic::adc_transfer& adc_;
  std::int64_t slice_weights_ = 0;
};

// Unions over the operations of a filter.
struct filter_bound {
  value_range operation, sum;
};

filter_bound bound_of_filter(const operation_bound& bound, const formed_pass& pass, std::size_t filter,
                             const arithmetic::macro_shape& shape, std::size_t position_bytes) {
  std::vector<arithmetic::conversion> conversions;
  const registers::filter_record& record = pass.record.filters[filter];
  arithmetic::append_conversions(shape, record.first_column, record.bits, 0, conversions);
  const std::size_t row_bytes = position_bytes / static_cast<std::size_t>(shape.rows_active);
  filter_bound result;
  for (std::size_t group = 0; group < pass.record.groups.size(); ++group) {
    const value_range one = bound.of(&pass.words[group * position_bytes], row_bytes, conversions);
    result.operation.low = std::min(result.operation.low, one.low);
    result.operation.high = std::max(result.operation.high, one.high);
    result.sum.low += one.low;
    result.sum.high += one.high;
  }
  return result;
}

}  // namespace

void prove_sums(const quantization::layer& layer, int input_bits, const cim::macro_config& macro,
                const std::vector<formed_pass>& passes) {
  const arithmetic::macro_shape shape = macro.shape();
  const arithmetic::adc_transfer adc(shape, layer.mvm.adc_step_sixteenths);
  const operation_bound bound(shape, adc, input_bits);
  const value_range partial_limit = arithmetic::two_complement_range(shape.partial_sum_bits);
  const value_range accumulator_limit = arithmetic::two_complement_range(shape.accumulator_bits);
  for (const formed_pass& pass : passes) {
    const auto operations = static_cast<std::int64_t>(pass.record.groups.size());
    const std::int64_t driven = operations * shape.rows_active * ((std::int64_t{1} << input_bits) - 1);
    for (std::size_t i = 0; i < pass.record.filters.size(); ++i) {
      const std::int64_t zero = pass.record.filters[i].weight_zero_point;
      const value_range any = arithmetic::partial_sum_range(shape, adc, input_bits, pass.record.filters[i].bits);
      if (zero == 0 && arithmetic::contains(partial_limit, any) &&
          arithmetic::safe_operations(shape, any) >= operations) {
        continue;
      }
      filter_bound exact = bound_of_filter(bound, pass, i, shape, static_cast<std::size_t>(macro.position_bytes()));
      if (!arithmetic::contains(partial_limit, exact.operation)) {
        throw too_narrow(layer, "partial_sum_bits", shape.partial_sum_bits, bits_for(exact.operation));
      }
      // The correction zero * sum(u) is taken off in the accumulator.
      (zero > 0 ? exact.sum.low : exact.sum.high) -= zero * driven;
      if (!arithmetic::contains(accumulator_limit, exact.sum)) {
        throw too_narrow(layer, "accumulator_bits", shape.accumulator_bits, bits_for(exact.sum));
      }
    }
  }
}

}  // namespace cimbalom::compiler
