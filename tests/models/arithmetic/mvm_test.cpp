#include "models/arithmetic/mvm.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "models/arithmetic/dispatch.hpp"
#include "tests/models/arithmetic/random_pass.hpp"

namespace cimbalom::arithmetic {
namespace {

// A shape drawn from everything the kernels promise, kept small enough for the reference.
macro_shape random_shape(std::mt19937& bits) {
  const auto pick = [&bits](int low, int high) { return random_pass::between(bits, low, high); };
  macro_shape shape;
  shape.rows_active = pick(0, 3) == 0 ? pick(1, 100) : pick(0, 1) == 0 ? 16 : pick(1, 40);
  shape.bits_per_cell = pick(0, 1) == 0 ? 1 : pick(1, 4);
  shape.dac_bits = pick(0, 1) == 0 ? 2 : pick(1, 8);
  shape.adc_bits = pick(0, 1) == 0 ? 5 : pick(1, 16);
  shape.combine_columns = pick(0, 2) == 0 ? pick(1, 3) : 1;
  shape.partial_sum_bits = pick(0, 2) == 0 ? pick(8, 20) : 48;
  shape.accumulator_bits = pick(0, 3) == 0 ? pick(10, 24) : 32;
  if (shape.combine_columns * shape.bits_per_cell > 15 || s_max(shape) >= 1 << 24) shape.combine_columns = 1;
  if (pick(0, 5) == 0) shape.kind = macro_kind::digital;
  return shape;
}

int random_step(std::mt19937& bits, const macro_shape& shape) {
  if (shape.kind == macro_kind::digital || bits() % 2 == 0) return unit_step_sixteenths;
  const int full = full_range_step_sixteenths(shape);
  return bits() % 2 == 0 ? full : random_pass::between(bits, unit_step_sixteenths, std::min(full + 8, 16 * 100));
}

random_pass draw(std::mt19937& bits) {
  random_pass pass;
  pass.shape = random_shape(bits);
  pass.input_bits = bits() % 2 == 0 ? 8 : random_pass::between(bits, 1, 16);
  pass.pixels = static_cast<std::size_t>(random_pass::between(bits, 1, 6));
  pass.groups = static_cast<std::size_t>(random_pass::between(bits, 1, 5));
  const int widest = bits() % 2 == 0 ? 8 : 16;
  const int step = random_step(bits, pass.shape);
  const int dac = bits() % 4 == 0 ? random_pass::between(bits, 1, 8) : pass.shape.dac_bits;
  const int density = random_pass::between(bits, 5, 100);
  pass.fill(bits, random_pass::between(bits, 1, 14), 1, widest, step, density, dac);
  return pass;
}

std::string describe(const random_pass& p) {
  const macro_shape& s = p.shape;
  return "rows " + std::to_string(s.rows_active) + " cell " + std::to_string(s.bits_per_cell) + " dac " +
         std::to_string(s.dac_bits) + " adc " + std::to_string(s.adc_bits) + " combine " +
         std::to_string(s.combine_columns) + " partial " + std::to_string(s.partial_sum_bits) + " accumulator " +
         std::to_string(s.accumulator_bits) + " digital " + std::to_string(s.kind == macro_kind::digital) + " inputs " +
         std::to_string(p.input_bits) + " step " + std::to_string(p.adc->step_sixteenths()) + " groups " +
         std::to_string(p.groups) + " columns " + std::to_string(p.columns);
}

void expect_same(const activity& fast, const activity& slow) {
  EXPECT_EQ(fast.operations, slow.operations);
  EXPECT_EQ(fast.column_sums, slow.column_sums);
  EXPECT_EQ(fast.conversions, slow.conversions);
  EXPECT_EQ(fast.clipped, slow.clipped);
  EXPECT_EQ(fast.partial_sum_saturations, slow.partial_sum_saturations);
  EXPECT_EQ(fast.accumulator_saturations, slow.accumulator_saturations);
  EXPECT_EQ(fast.wordline_sum, slow.wordline_sum);
  EXPECT_EQ(fast.wordline_ones, slow.wordline_ones);
  EXPECT_EQ(fast.column_sum, slow.column_sum);
}

// What the cases exercised together, so that a generator that stops reaching a path fails the test.
struct coverage {
  activity counts;
  int columnwise = 0;
  int lookup = 0;
  int word_products = 0;
  int byte_products = 0;
  int table = 0;
};

// The reference once, then every instruction set with every choice of paths.
void compare(random_pass& p, coverage& reached) {
  SCOPED_TRACE(describe(p));
  std::vector<std::int32_t> expected = p.y;
  activity slow;
  run_pass_reference(p.operation(expected), slow);
  reached.counts += slow;
  for (const std::string& target : available_targets()) {
    force_target(target);
    for (const prepare_options& options : {prepare_options{false, false}, {false, true}, {true, false}, {true, true}}) {
      SCOPED_TRACE(target + (options.products ? " products" : "") + (options.lookups ? " lookups" : ""));
      std::vector<std::int32_t> results = p.y;
      pass_operation pass = p.operation(results);
      const prepared_pass prepared(pass, options);
      pass.prepared = &prepared;
      activity fast;
      run_pass(pass, fast);
      ASSERT_EQ(results, expected);
      expect_same(fast, slow);
      reached.columnwise += prepared.columnwise ? 1 : 0;
      reached.lookup += prepared.lookup ? 1 : 0;
      reached.word_products += prepared.products && !prepared.byte_products ? 1 : 0;
      reached.byte_products += prepared.byte_products ? 1 : 0;
      reached.table += p.adc->pure_clip() ? 0 : 1;
    }
  }
}

TEST(mvm, equals_reference_over_random_passes_on_every_target) {
  std::mt19937 bits(1);
  coverage reached;
  for (int n = 0; n < 500 && !::testing::Test::HasFailure(); ++n) {
    random_pass p = draw(bits);
    compare(p, reached);
  }
  EXPECT_GT(reached.counts.clipped, 0U);
  EXPECT_GT(reached.counts.partial_sum_saturations, 0U);
  EXPECT_GT(reached.counts.accumulator_saturations, 0U);
  EXPECT_GT(reached.columnwise, 100);
  EXPECT_GT(reached.lookup, 100);
  EXPECT_GT(reached.word_products, 100);
  EXPECT_TRUE(reached.byte_products > 100 || available_targets().back() != "avx512");
  EXPECT_GT(reached.table, 100);
}

TEST(mvm, equals_reference_with_every_nonideality) {
  std::mt19937 bits(2);
  coverage reached;
  for (int n = 0; n < 60 && !::testing::Test::HasFailure(); ++n) {
    random_pass p = draw(bits);
    nonideality_config config;
    config.seed = bits();
    if (n % 2 == 0) config.column_gain_sigma = 0.05;
    if (n % 3 == 0) config.column_offset_sigma = 0.5;
    if (n % 5 == 0) config.cell_sigma = 0.1;
    if (n % 4 == 0) config.stuck_at_zero = config.stuck_at_one = 0.02;
    if (n % 3 == 1) config.adc_noise_lsb = 0.7;
    if (n % 2 == 1) config.adc_inl_lsb = 0.5;
    if (n % 7 == 0) config.ir_drop = 0.1;
    if (n % 7 == 1) config.drift_exponent = 0.05, config.drift_time_ratio = 1000;
    p.noise = std::make_unique<nonideality>(config);
    compare(p, reached);
  }
}

TEST(mvm, nonideality_with_nothing_on_changes_nothing) {
  std::mt19937 bits(3);
  coverage reached;
  for (int n = 0; n < 40 && !::testing::Test::HasFailure(); ++n) {
    random_pass p = draw(bits);
    std::vector<std::int32_t> ideal = p.y;
    activity counts;
    run_pass(p.operation(ideal), counts);
    p.noise = std::make_unique<nonideality>(nonideality_config());
    compare(p, reached);
    std::vector<std::int32_t> results = p.y;
    run_pass(p.operation(results), counts);
    EXPECT_EQ(results, ideal);
  }
}

TEST(mvm, lossless_equals_plain_dot_product) {
  std::mt19937 bits(4);
  for (int n = 0; n < 100; ++n) {
    random_pass p;
    p.shape = random_shape(bits);
    p.shape.adc_bits = 16;
    p.shape.partial_sum_bits = 48;
    p.shape.accumulator_bits = 32;
    if (s_max(p.shape) > 65535) continue;
    p.input_bits = random_pass::between(bits, 1, 8);
    p.fill(bits, random_pass::between(bits, 1, 12), 1, 10, unit_step_sixteenths, 80, p.shape.dac_bits);
    ASSERT_TRUE(p.adc->lossless());
    std::vector<std::int32_t> expected = p.y;
    for (std::size_t x = 0; x < p.pixels; ++x) {
      for (std::size_t g = 0; g < p.groups; ++g) {
        const auto& u = p.u[p.vectors[x * p.groups + g]];
        for (std::size_t f = 0; f < p.filters.size(); ++f) {
          for (std::size_t r = 0; r < u.size(); ++r) {
            expected[x * (p.filters.size() + 1) + f] += u[r] * p.weights[g][r][f];
          }
        }
      }
    }
    std::vector<std::int32_t> results = p.y;
    activity counts;
    run_pass_reference(p.operation(results), counts);
    EXPECT_EQ(results, expected) << describe(p);
    EXPECT_EQ(counts.clipped, 0U);
    results = p.y;
    run_pass(p.operation(results), counts);
    EXPECT_EQ(results, expected) << describe(p);
  }
}

// Many pixels: enough for run_pass to build its plan itself, and for 16-bit counters to be flushed.
TEST(mvm, long_passes_flush_their_lanes) {
  std::mt19937 bits(5);
  coverage reached;
  for (const int adc_bits : {5, 11, 14}) {
    random_pass p;
    p.shape.adc_bits = adc_bits;
    p.shape.dac_bits = adc_bits == 14 ? 8 : 2;
    p.pixels = 6000;
    p.groups = 1;
    p.fill(bits, 3, 2, 4, unit_step_sixteenths, 100, p.shape.dac_bits);
    compare(p, reached);
    random_pass deep;
    deep.shape = p.shape;
    deep.pixels = 2;
    deep.groups = 3000;
    deep.fill(bits, 2, 2, 3, unit_step_sixteenths, 100, deep.shape.dac_bits);
    compare(deep, reached);
  }
}

TEST(mvm, counts_saturation) {
  std::mt19937 bits(6);
  random_pass p;
  p.shape.partial_sum_bits = 20;
  p.shape.accumulator_bits = 16;
  p.pixels = 1;
  p.groups = 2;
  p.input_bits = 8;
  p.fill(bits, 1, 8, 8, unit_step_sixteenths, 100, 2);
  p.y[0] = 32767;
  for (auto& group : p.packed) {
    std::vector<std::uint8_t> image(16 * row_bytes(p.shape, p.columns), 0);
    for (std::size_t r = 0; r < 16; ++r) {
      store_weight(p.shape, 127, 8, 0, image.data() + r * row_bytes(p.shape, p.columns));
    }
    group = packed_position(p.shape, p.columns, image.data());
  }
  const std::vector<std::uint16_t> ones(16, 1);
  p.inputs->pack(1, ones.data());
  p.vectors = {1, 1};
  std::vector<std::int32_t> results = p.y;
  activity counts;
  run_pass(p.operation(results), counts);
  EXPECT_EQ(results[0], 32767);
  EXPECT_EQ(counts.accumulator_saturations, 2U);
  p.shape.partial_sum_bits = 10;  // holds -512 .. 511; one operation gives 16 * 127
  p.y[0] = -1000;
  results = p.y;
  counts = {};
  run_pass(p.operation(results), counts);
  EXPECT_EQ(results[0], -1000 + 2 * 511);
  EXPECT_EQ(counts.partial_sum_saturations, 2U);
}

// Vectors come with every form, with none, or with those of the large sums alone: the pass makes what it lacks.
TEST(mvm, inputs_with_any_forms_give_the_same) {
  std::mt19937 bits(9);
  for (const int dac_bits : {1, 2, 3}) {
    random_pass p;
    p.shape.dac_bits = dac_bits;
    p.pixels = 64;
    p.fill(bits, 12, 2, 8, unit_step_sixteenths, 80, dac_bits);
    std::vector<std::int32_t> expected = p.y;
    activity slow;
    run_pass_reference(p.operation(expected), slow);
    for (const std::string& target : available_targets()) {
      force_target(target);
      for (const input_form form : {input_form::none, input_form::planes, input_form::tables, input_form::both}) {
        for (const std::uint32_t above : {0U, 20U}) {
          p.inputs->make(form, above);
          for (std::size_t v = 0; v < p.u.size(); ++v) {
            const std::vector<std::uint8_t> bytes(p.u[v].begin(), p.u[v].end());
            p.inputs->pack(v, bytes.data());
          }
          std::vector<std::int32_t> results = p.y;
          activity fast;
          run_pass(p.operation(results), fast);
          EXPECT_EQ(results, expected) << target;
          expect_same(fast, slow);
        }
      }
    }
  }
}

// Inputs of two banks are the same: side by side they compute as one wide bank, and count as two.
TEST(mvm, banks_side_by_side_equal_banks_one_by_one) {
  std::mt19937 bits(8);
  for (const int cell_bits : {1, 2}) {
    random_pass p;
    p.shape.bits_per_cell = cell_bits;
    p.shape.adc_bits = cell_bits == 1 ? 5 : 7;
    p.pixels = 60;
    p.fill(bits, 9, 3, 8, unit_step_sixteenths, 70, 2);
    const std::size_t filters = p.filters.size();
    std::vector<std::int32_t> expected(p.pixels * 2 * filters, 0);
    activity slow;
    pass_operation pass = p.operation(expected);
    pass.y_stride = 2 * filters;
    run_pass_reference(pass, slow);
    pass.y += filters;
    run_pass_reference(pass, slow);

    std::vector<packed_position> wide;
    for (const packed_position* position : p.positions) {
      wide.emplace_back(std::vector<const packed_position*>{position, position});
    }
    std::vector<const packed_position*> pointers;
    for (const packed_position& position : wide) pointers.push_back(&position);
    std::vector<conversion> conversions = p.conversions;
    for (conversion c : p.conversions) {
      c.first_column += p.columns;
      c.output += static_cast<int>(filters);
      conversions.push_back(c);
    }
    std::vector<std::int32_t> results(expected.size(), 0);
    activity fast;
    pass = p.operation(results);
    pass.outputs = static_cast<int>(2 * filters);
    pass.y_stride = 2 * filters;
    pass.positions = pointers.data();
    pass.conversions = conversions.data();
    pass.conversion_count = conversions.size();
    pass.banks = 2;
    run_pass(pass, fast);
    EXPECT_EQ(results, expected);
    expect_same(fast, slow);
  }
}

TEST(mvm, unprepared_and_prepared_agree_and_reuse) {
  std::mt19937 bits(7);
  random_pass p;
  p.pixels = 200;
  p.fill(bits, 12, 8, 8, unit_step_sixteenths, 60, 2);
  std::vector<std::int32_t> one = p.y;
  std::vector<std::int32_t> two = p.y;
  activity counts_one;
  activity counts_two;
  run_pass(p.operation(one), counts_one);
  pass_operation pass = p.operation(two);
  const prepared_pass prepared(pass);
  pass.prepared = &prepared;
  run_pass(pass, counts_two);
  EXPECT_EQ(one, two);
  expect_same(counts_one, counts_two);
}

TEST(mvm, threads_share_inputs_and_plan) {
  std::mt19937 bits(9);
  random_pass p;
  p.pixels = 64;
  p.fill(bits, 12, 2, 8, unit_step_sixteenths, 60, 2);
  std::vector<std::int32_t> expected = p.y;
  activity whole;
  run_pass(p.operation(expected), whole);
  std::vector<std::int32_t> results = p.y;
  const pass_operation pass = p.operation(results);
  const prepared_pass prepared(pass);
  std::vector<activity> counts(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    threads.emplace_back([&, t] {
      pass_operation part = pass;
      part.prepared = &prepared;
      part.pixels = p.pixels / counts.size();
      part.site.first_pixel += t * part.pixels;
      part.vectors += t * part.pixels * p.groups;
      part.y += t * part.pixels * part.y_stride;
      run_pass(part, counts[t]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  activity total;
  for (const activity& part : counts) total += part;
  EXPECT_EQ(results, expected);
  expect_same(total, whole);
}

TEST(mvm, refuses_what_contradicts_itself) {
  std::mt19937 bits(8);
  random_pass p;
  p.fill(bits, 2, 8, 8, unit_step_sixteenths, 60, 2);
  std::vector<std::int32_t> y = p.y;
  activity counts;
  pass_operation pass = p.operation(y);
  pass.outputs = 1;
  EXPECT_THROW(run_pass(pass, counts), std::invalid_argument);
  pass = p.operation(y);
  pass.input_bits = 7;
  EXPECT_THROW(run_pass(pass, counts), std::invalid_argument);
  p.vectors[0] = 1000;
  EXPECT_THROW(run_pass(p.operation(y), counts), std::invalid_argument);
  p.vectors[0] = 0;
  p.conversions[0].first_column = p.columns;
  EXPECT_THROW(run_pass(p.operation(y), counts), std::invalid_argument);
}

TEST(dispatch, refuses_an_unknown_name) {
  EXPECT_THROW(force_target("mmx"), std::invalid_argument);
  force_target("scalar");
  EXPECT_EQ(current_target(), "scalar");
  force_target("auto");
  EXPECT_EQ(current_target(), available_targets().back());
}

}  // namespace
}  // namespace cimbalom::arithmetic
