// What a user waits for: evaluate, run, timing only, import, compile, estimate, and the memory below. Time is CPU time
// of one core; simulations run in a process of their own, as the kernel wants it.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/cifar_resnet18.hpp"
#include "benchmarks/network_parts.hpp"
#include "models/arithmetic/nonideality.hpp"
#include "models/dram/dram_core.hpp"
#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/estimate/estimate.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/adc_calibration.hpp"
#include "sw/runtime/evaluate.hpp"
#include "sw/validate/replay.hpp"
#include "sw/validate/trace_rule.hpp"

namespace cimbalom::benchmarks {
namespace {

constexpr std::size_t images = 128;

// A full range has a step above one: no slice takes the integer product, every conversion is computed.
const std::string every_conversion = "platform.macro.adc_range=full";

std::vector<std::string> with_bits(int bits, bool all_conversions) {
  std::vector<std::string> settings;
  if (all_conversions) settings.push_back(every_conversion);
  if (bits == 8) return settings;
  settings.push_back("quantization.weight_bits=" + std::to_string(bits));
  settings.push_back("quantization.activation_bits=" + std::to_string(bits));
  return settings;
}

const prepared_network& network(int bits = 8, bool all_conversions = false) {
  static std::map<std::pair<int, bool>, prepared_network> made;
  const std::pair<int, bool> key(bits, all_conversions);
  const auto known = made.find(key);
  return known != made.end() ? known->second : made.emplace(key, with_bits(bits, all_conversions)).first->second;
}

double wall_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// CPU time, or with several threads elapsed time, of `count` images.
double evaluate_once(const prepared_network& on, int threads = 1, std::size_t count = images) {
  runtime::evaluate_options options;
  options.threads = threads;
  const auto clock = threads == 1 ? &cpu_seconds : &wall_seconds;
  const double from = clock();
  benchmark::DoNotOptimize(runtime::evaluate(on.made.network, on.program, on.made.platform.accelerator,
                                             on.made.platform.macro, {}, on.made.images->source(count), options));
  return clock() - from;
}

void evaluate(benchmark::State& state, int bits, bool all_conversions) {
  const prepared_network& on = network(bits, all_conversions);
  for (auto _ : state) state.SetIterationTime(evaluate_once(on));
  const double macs = static_cast<double>(on.made.network.macs()) * images * static_cast<double>(state.iterations());
  state.counters["macs"] = benchmark::Counter(macs, benchmark::Counter::kIsRate);
}

// Elapsed time: means something on an idle machine only.
void evaluate_threads(benchmark::State& state) {
  constexpr std::size_t many = 256;
  const prepared_network& on = network();
  for (auto _ : state) state.SetIterationTime(evaluate_once(on, static_cast<int>(state.range(0)), many));
  const double macs = static_cast<double>(on.made.network.macs()) * many * static_cast<double>(state.iterations());
  state.counters["macs"] = benchmark::Counter(macs, benchmark::Counter::kIsRate);
}

// ResNet-18 for CIFAR-10 at 4b/4b, one more image: what 48 cost more than 16. seconds_10000: of one core.
void evaluate_resnet18(benchmark::State& state, cim::adc_range range) {
  constexpr std::size_t few = 16, many = 48;
  const platform::platform_config platform = platform::read_platform("", {});
  quantization::network network18 = cifar_resnet18();
  const runtime::image_source source = random_images(network18, many);
  std::vector<std::vector<float>> sample(2, std::vector<float>(source.values));
  for (std::size_t i = 0; i < sample.size(); ++i) source.fetch(i, sample[i].data());
  quantization::calibrate_adc(network18, platform.macro.shape(), range, 16, sample);
  const compiler::program program = compiler::compile(network18, platform);
  const auto seconds = [&](std::size_t count) {
    runtime::image_source part = source;
    part.count = count;
    const double from = cpu_seconds();
    benchmark::DoNotOptimize(runtime::evaluate(network18, program, platform.accelerator, platform.macro, {}, part, {}));
    return cpu_seconds() - from;
  };
  double image_s = 0;
  for (auto _ : state) {
    image_s = (seconds(many) - seconds(few)) / static_cast<double>(many - few);
    state.SetIterationTime(image_s);
  }
  state.counters["gmacs_image"] = static_cast<double>(network18.macs()) * 1e-9;
  state.counters["macs"] = static_cast<double>(network18.macs()) / image_s;
  state.counters["seconds_10000"] = image_s * 10000;
}

// One more image of a batch: what 17 images cost more than one.
void run(benchmark::State& state, const std::string& part) {
  const double evaluate_s = evaluate_once(network()) / images;
  double image_s = 0, bursts = 0, transactions = 0;
  for (auto _ : state) {
    const simulated one = in_child(part + " 1");
    const simulated many = in_child(part + " 16");
    image_s = (many.cpu_s - one.cpu_s) / 15;
    bursts = many.bursts / 16;
    transactions = (many.transactions - one.transactions) / 15;
    state.SetIterationTime(image_s);
  }
  constexpr double a_burst_s = 1.2e-6, evaluates = 1.5;  // what an image may cost
  state.counters["evaluate_us"] = evaluate_s * 1e6;
  state.counters["run_us"] = image_s * 1e6;
  state.counters["dram_bursts"] = bursts;
  state.counters["transactions"] = transactions;
  state.counters["bound_evaluate_us"] = evaluates * evaluate_s * 1e6;
  state.counters["bound_bursts_us"] = a_burst_s * bursts * 1e6;
  state.counters["of_bound"] = image_s / (evaluates * evaluate_s + a_burst_s * bursts);
  state.counters["ratio_transactions"] = (image_s - a_burst_s * transactions) / evaluate_s;
}

void import(benchmark::State& state) {
  const std::string file = network_file();
  for (auto _ : state) {
    if (file.empty()) {
      benchmark::DoNotOptimize(onnx::import_bytes(std::string(datasets::builtin_onnx()), "builtin.onnx"));
    } else {
      benchmark::DoNotOptimize(onnx::import_file(file));
    }
  }
}

void compile(benchmark::State& state) {
  const prepared_network& on = network();
  for (auto _ : state) benchmark::DoNotOptimize(compiler::compile(on.made.network, on.made.platform));
}

// What exploration pays a design point: compile without words, then estimate.
void compile_and_estimate(benchmark::State& state) {
  const prepared_network& on = network();
  compiler::compile_options how;
  how.words = false;
  estimate::estimate_options options;
  options.batch = 1;
  for (auto _ : state) {
    const compiler::program program = compiler::compile(on.made.network, on.made.platform, how);
    benchmark::DoNotOptimize(estimate::estimate(on.made.network, program, on.made.platform, options));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(on.made.network.layers.size()) * state.iterations());
}

void estimate(benchmark::State& state) {
  const prepared_network& on = network();
  estimate::estimate_options options;
  options.batch = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(estimate::estimate(on.made.network, on.program, on.made.platform, options));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(on.made.network.layers.size()) * state.iterations());
}

void dram_core(benchmark::State& state, const std::string& preset, bool random) {
  constexpr std::uint64_t span = std::uint64_t{64} << 20, bytes = 64, in_flight = 8;
  energy::null_sink sink;
  dram::dram_core core(dram::make_dram_config(preset), sink);
  std::vector<dram::dram_completion> completed;
  std::uint64_t number = 0, cycle = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < in_flight; ++i, ++number) {
      const std::uint64_t block = random ? arithmetic::random_bits(1, number) : number;
      core.enqueue({number, block * bytes % span, bytes, false, energy::no_layer}, cycle);
    }
    completed.clear();
    while (const auto due = core.next_decision()) core.advance(cycle = std::max(cycle, *due), completed);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(in_flight) * state.iterations());
}

// A queue that is always full, as `cimbalom validate dram` plays it.
void dram_replay(benchmark::State& state, const std::string& preset, bool random) {
  const validate::trace_rule rule = {"", random, 200000, std::uint64_t{64} << 20, 0, 0};
  const std::vector<traces::memory_access> trace = validate::make_trace(rule);
  const dram::dram_config config = dram::make_dram_config(preset);
  for (auto _ : state) benchmark::DoNotOptimize(validate::replay(config, trace));
  state.SetItemsProcessed(static_cast<std::int64_t>(rule.requests) * state.iterations());
}

void dram_socket(benchmark::State& state, const std::string& part) {
  double requests = 0;
  for (auto _ : state) {
    const simulated result = in_child(part + " 200000");
    state.SetIterationTime(result.cpu_s);
    requests += result.requests;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
}

BENCHMARK_CAPTURE(evaluate, shortcuts, 8, false)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluate, every_conversion, 8, true)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluate, w4a4_shortcuts, 4, false)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluate, w4a4_every_conversion, 4, true)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluate_resnet18, shortcuts, cim::adc_range::calibrated)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluate_resnet18, every_conversion, cim::adc_range::full)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(evaluate_threads)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, image, "run")->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, timing_only, "timing_only")->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(import)->Unit(benchmark::kMillisecond);
BENCHMARK(compile)->Unit(benchmark::kMillisecond);
BENCHMARK(compile_and_estimate)->Unit(benchmark::kMillisecond);
BENCHMARK(estimate)->Arg(1)->Arg(16)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(dram_core, lpddr4_sequential, "lpddr4-3200", false);
BENCHMARK_CAPTURE(dram_core, lpddr4_random, "lpddr4-3200", true);
BENCHMARK_CAPTURE(dram_core, ddr4_sequential, "ddr4-2400", false);
BENCHMARK_CAPTURE(dram_core, ddr4_random, "ddr4-2400", true);
BENCHMARK_CAPTURE(dram_replay, ddr4_sequential, "ddr4-2400", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dram_replay, ddr4_random, "ddr4-2400", true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dram_socket, lpddr4_sequential, "lpddr4-3200_sequential")->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(dram_socket, lpddr4_random, "lpddr4-3200_random")->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(dram_socket, ddr4_sequential, "ddr4-2400_sequential")->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(dram_socket, ddr4_random, "ddr4-2400_random")->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace cimbalom::benchmarks

int main(int argc, char** argv) {
  try {
    if (cimbalom::benchmarks::run_as_child()) return 0;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("network", cimbalom::benchmarks::network_name());
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
