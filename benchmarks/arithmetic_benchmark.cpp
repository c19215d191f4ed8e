// Throughput of the MVM kernels, beside a bare loop that only counts bits and clips. items = MACs of the layer's own
// widths.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/arithmetic_bare_loop.hpp"
#include "models/arithmetic/dispatch.hpp"
#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {
namespace {

// A pass of 12 filters at 8b/8b, as a layer of a small residual network gives it: 1024 pixels, 9 row groups.
struct bench_pass {
  static constexpr int filters = 12;
  static constexpr std::size_t pixels = 1024;
  static constexpr std::size_t groups = 9;

  macro_shape shape;
  adc_transfer adc;
  std::vector<conversion> conversions;
  std::vector<packed_position> packed;
  std::vector<const packed_position*> positions;
  input_planes inputs;
  std::vector<std::uint32_t> vectors;
  std::vector<std::int32_t> y;
  pass_operation pass;

  static std::uint64_t bits(std::uint64_t n) { return random_bits(2024, n); }

  /// `largest_code`: inputs are uniform up to it; 255 clips now and then, 40 hardly ever at 16 rows.
  bench_pass(const macro_shape& macro, int step, unsigned largest_code)
      : shape(macro), adc(macro, step), inputs(macro.rows_active, 8, macro.dac_bits), y(pixels * filters) {
    for (int f = 0; f < filters; ++f) append_conversions(shape, 8 * f, 8, f, conversions);
    std::uint64_t counter = 0;
    const std::size_t bytes = row_bytes(shape, 8 * filters);
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<std::uint8_t> image(bytes * static_cast<std::size_t>(shape.rows_active));
      for (std::uint8_t& byte : image) byte = static_cast<std::uint8_t>(bits(counter++));
      packed.emplace_back(shape, 8 * filters, image.data());
    }
    for (const packed_position& position : packed) positions.push_back(&position);
    inputs.resize(pixels);
    std::vector<std::uint16_t> u(static_cast<std::size_t>(shape.rows_active));
    for (std::size_t v = 0; v < pixels; ++v) {
      for (std::uint16_t& code : u) code = static_cast<std::uint16_t>(bits(counter++) % (largest_code + 1));
      inputs.pack(v, u.data());
    }
    for (std::size_t n = 0; n < pixels * groups; ++n) {
      vectors.push_back(static_cast<std::uint32_t>((n / groups + n % groups * 37) % pixels));
    }
    pass.shape = &shape;
    pass.adc = &adc;
    pass.conversions = conversions.data();
    pass.conversion_count = conversions.size();
    pass.outputs = filters;
    pass.positions = positions.data();
    pass.groups = groups;
    pass.inputs = &inputs;
    pass.vectors = vectors.data();
    pass.pixels = pixels;
    pass.y = y.data();
    pass.y_stride = filters;
  }

  double macs() const { return static_cast<double>(pixels * groups) * filters * shape.rows_active; }
  double column_sums() const {
    return static_cast<double>(pixels * groups * conversions.size()) * input_slices(shape, 8);
  }
};

macro_shape shape_of(int rows, int dac_bits, int adc_bits) {
  macro_shape shape;
  shape.rows_active = rows;
  shape.dac_bits = dac_bits;
  shape.adc_bits = adc_bits;
  if (rows > 16) shape.partial_sum_bits = 24;
  return shape;
}

void report(benchmark::State& state, const bench_pass& bench, const activity& counts) {
  const auto runs = static_cast<double>(state.iterations());
  state.SetLabel(current_target());
  state.counters["mac/s"] = benchmark::Counter(bench.macs() * runs, benchmark::Counter::kIsRate);
  state.counters["conversion/s"] = benchmark::Counter(bench.column_sums() * runs, benchmark::Counter::kIsRate);
  state.counters["clipped/M"] = 1e6 * static_cast<double>(counts.clipped) / static_cast<double>(counts.column_sums + 1);
}

enum class plan { columns_only, full, none };

// columns_only: every conversion computed. full: as evaluate runs it, operations that cannot clip take the integer dot
// product. none: the plan made anew in every call.
void kernel(benchmark::State& state, const macro_shape& shape, int step, unsigned largest_code, plan kind) {
  bench_pass bench(shape, step, largest_code);
  const prepared_pass prepared(bench.pass, {kind == plan::full, true});
  if (kind != plan::none) bench.pass.prepared = &prepared;
  activity counts;
  for (auto _ : state) {
    std::fill(bench.y.begin(), bench.y.end(), 0);
    run_pass(bench.pass, counts);
    benchmark::DoNotOptimize(bench.y.data());
  }
  report(state, bench, counts);
}

// The general path: every conversion under noise.
void noisy(benchmark::State& state, const macro_shape& shape) {
  bench_pass bench(shape, unit_step_sixteenths, 255);
  nonideality_config config;
  config.adc_noise_lsb = 0.5;
  config.column_gain_sigma = 0.02;
  const nonideality noise(config);
  bench.pass.noise = &noise;
  activity counts;
  for (auto _ : state) {
    std::fill(bench.y.begin(), bench.y.end(), 0);
    run_pass(bench.pass, counts);
    benchmark::DoNotOptimize(bench.y.data());
  }
  report(state, bench, counts);
}

void bare(benchmark::State& state, const macro_shape& shape) {
  bench_pass bench(shape, unit_step_sixteenths, 255);
  for (auto _ : state) {
    for (const packed_position& position : bench.packed) {
      benchmark::DoNotOptimize(benchmarks::bare_loop(position.cell_words(), bench.inputs.planes(0), bench_pass::pixels,
                                                     8, static_cast<std::size_t>(bench.inputs.words()),
                                                     static_cast<std::size_t>(shape.dac_bits),
                                                     static_cast<unsigned>(bench.adc.top())));
    }
  }
  report(state, bench, {});
}

void pack_inputs(benchmark::State& state) {
  input_planes inputs(16, 8, 2);
  inputs.resize(1024);
  std::vector<std::uint16_t> u(1024 * 16);
  for (std::size_t n = 0; n < u.size(); ++n) u[n] = static_cast<std::uint16_t>(random_bits(7, n) & 0xFF);
  for (auto _ : state) {
    for (std::size_t v = 0; v < 1024; ++v) inputs.pack(v, u.data() + v * 16);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(1024 * state.iterations());
}

// The default macro, and 64 rows with one input bit a slice and an ADC that always suffices.
const macro_shape default_macro = shape_of(16, 2, 5);
const macro_shape tall_macro = shape_of(64, 1, 7);

BENCHMARK_CAPTURE(bare, rows16_dac2, default_macro);
BENCHMARK_CAPTURE(kernel, rows16_dac2_columns, default_macro, 16, 255, plan::columns_only);
BENCHMARK_CAPTURE(kernel, rows16_dac2_columns_small_codes, default_macro, 16, 63, plan::columns_only);
BENCHMARK_CAPTURE(kernel, rows16_dac2_full, default_macro, 16, 255, plan::full);
BENCHMARK_CAPTURE(kernel, rows16_dac2_full_small_codes, default_macro, 16, 63, plan::full);
BENCHMARK_CAPTURE(kernel, rows16_dac2_unprepared, default_macro, 16, 255, plan::none);
BENCHMARK_CAPTURE(kernel, rows16_dac2_full_range_step, default_macro, full_range_step_sixteenths(default_macro), 255,
                  plan::full);
BENCHMARK_CAPTURE(noisy, rows16_dac2, default_macro);
BENCHMARK_CAPTURE(bare, rows64_dac1, tall_macro);
BENCHMARK_CAPTURE(kernel, rows64_dac1_columns, tall_macro, 16, 255, plan::columns_only);
BENCHMARK_CAPTURE(kernel, rows64_dac1_full, tall_macro, 16, 255, plan::full);
BENCHMARK_CAPTURE(kernel, rows64_dac1_adc5_columns, shape_of(64, 1, 5), 16, 255, plan::columns_only);
BENCHMARK(pack_inputs);

}  // namespace
}  // namespace cimbalom::arithmetic

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  cimbalom::benchmarks::limit_bare_loop(cimbalom::arithmetic::current_target().c_str());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
