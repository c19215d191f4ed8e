#include <algorithm>
#include <stdexcept>

#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {
namespace {

struct context {
  const pass_operation& pass;
  conversion_instant when;
  std::uint32_t vector;
  std::size_t group;
};

int digit(const pass_operation& pass, std::uint32_t vector, int slice, int row) {
  const int mask = (1 << pass.shape->dac_bits) - 1;
  return (pass.inputs->codes(vector)[row] >> (slice * pass.shape->dac_bits)) & mask;
}

// The ideal sum of one physical column.
std::int64_t ideal_column(const context& at, int slice, int column) {
  std::int64_t sum = 0;
  for (int r = 0; r < at.pass.shape->rows_active; ++r) {
    sum += std::int64_t{digit(at.pass, at.vector, slice, r)} * at.pass.positions[at.group]->cell(r, column);
  }
  return sum;
}

std::int64_t ideal_sum(const context& at, int slice, const conversion& c) {
  std::int64_t sum = 0;
  for (int j = 0; j < c.columns; ++j) {
    sum += ideal_column(at, slice, c.first_column + j) << (j * at.pass.shape->bits_per_cell);
  }
  return sum;
}

noisy_code noisy_conversion(const context& at, int slice, const conversion& c) {
  const macro_shape& shape = *at.pass.shape;
  const nonideality& noise = *at.pass.noise;
  std::int64_t combined = 0;
  for (int j = 0; j < c.columns; ++j) {
    const int column = c.first_column + j;
    std::int64_t sum = 0;
    for (int r = 0; r < shape.rows_active; ++r) {
      const int value = at.pass.positions[at.group]->cell(r, column);
      sum += digit(at.pass, at.vector, slice, r) * noise.cell(shape, at.pass.site, at.when.position, r, column, value);
    }
    combined += noise.column(shape, at.pass.site, column, sum) * (std::int64_t{1} << (j * shape.bits_per_cell));
  }
  return noise.convert(*at.pass.adc, at.pass.site, at.when, c.first_column, combined);
}

noisy_code convert(const context& at, int slice, const conversion& c) {
  if (at.pass.noise != nullptr) return noisy_conversion(at, slice, c);
  const std::int64_t sum = ideal_sum(at, slice, c);
  return {at.pass.adc->code(sum), at.pass.adc->clips(sum)};
}

std::int64_t saturate(std::int64_t value, int bits, std::uint64_t& count) {
  const value_range range = two_complement_range(bits);
  if (value < range.low || value > range.high) ++count;
  return std::clamp(value, range.low, range.high);
}

void run_operation(context at, std::int32_t* y, activity& counts) {
  const pass_operation& pass = at.pass;
  const macro_shape& shape = *pass.shape;
  const int slices = input_slices(shape, pass.input_bits);
  ++counts.operations;
  for (int i = 0; i < slices; ++i) {
    for (int r = 0; r < shape.rows_active; ++r) {
      const int u = digit(pass, at.vector, i, r);
      counts.wordline_sum += static_cast<std::uint64_t>(u);
      for (int b = 0; b < shape.dac_bits; ++b) counts.wordline_ones += static_cast<std::uint64_t>((u >> b) & 1);
    }
  }
  std::vector<std::int64_t> partial_sums(static_cast<std::size_t>(pass.outputs), 0);
  for (int i = 0; i < slices; ++i) {
    at.when.slice = static_cast<std::uint32_t>(i);
    for (std::size_t n = 0; n < pass.conversion_count; ++n) {
      const conversion& c = pass.conversions[n];
      const noisy_code result = convert(at, i, c);
      const std::int64_t weighted = std::int64_t{result.code} << (i * shape.dac_bits + c.shift);
      partial_sums[static_cast<std::size_t>(c.output)] += c.negative ? -weighted : weighted;
      ++counts.column_sums;
      if (shape.kind == macro_kind::analog) ++counts.conversions;
      if (result.clipped) ++counts.clipped;
      counts.column_sum += static_cast<std::uint64_t>(ideal_sum(at, i, c));
    }
  }
  for (std::size_t o = 0; o < partial_sums.size(); ++o) {
    const std::int64_t partial = saturate(partial_sums[o], shape.partial_sum_bits, counts.partial_sum_saturations);
    y[o] = static_cast<std::int32_t>(saturate(y[o] + partial, shape.accumulator_bits, counts.accumulator_saturations));
  }
}

}  // namespace

void run_pass_reference(const pass_operation& pass, activity& counts) {
  for (std::size_t p = 0; p < pass.pixels; ++p) {
    for (std::size_t g = 0; g < pass.groups; ++g) {
      const conversion_instant when{pass.site.first_pixel + p, pass.site.first_position + static_cast<std::uint32_t>(g),
                                    0};
      run_operation({pass, when, pass.vectors[p * pass.groups + g], g}, pass.y + p * pass.y_stride, counts);
    }
  }
}

}  // namespace cimbalom::arithmetic
