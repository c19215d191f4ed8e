#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {

activity& activity::operator+=(const activity& other) {
  operations += other.operations;
  column_sums += other.column_sums;
  conversions += other.conversions;
  clipped += other.clipped;
  partial_sum_saturations += other.partial_sum_saturations;
  accumulator_saturations += other.accumulator_saturations;
  wordline_sum += other.wordline_sum;
  wordline_ones += other.wordline_ones;
  column_sum += other.column_sum;
  return *this;
}

bool activity::operator==(const activity& other) const {
  return operations == other.operations && column_sums == other.column_sums && conversions == other.conversions &&
         clipped == other.clipped && partial_sum_saturations == other.partial_sum_saturations &&
         accumulator_saturations == other.accumulator_saturations && wordline_sum == other.wordline_sum &&
         wordline_ones == other.wordline_ones && column_sum == other.column_sum;
}

}  // namespace cimbalom::arithmetic
