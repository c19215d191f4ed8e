// The parts of network_benchmark that enter the SystemC kernel, each in a process of its own.
#include "benchmarks/network_parts.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "models/dram/dram.hpp"
#include "models/processor/traffic_generator.hpp"
#include "platform/configuration/error.hpp"
#include "sw/cli/kernel.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/runtime/simulate.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace cimbalom::benchmarks {
namespace {

constexpr const char* part_variable = "CIMBALOM_BENCHMARK_PART";

std::filesystem::path shared_data() {
  const char* chosen = std::getenv("CIMBALOM_SHARED");
  return std::filesystem::path(chosen != nullptr ? chosen : CIMBALOM_SHARED_DIR) / "data";
}

cli::source_arguments source_of(const std::vector<std::string>& settings) {
  cli::source_arguments source;
  source.model = network_file();
  if (!source.model.empty()) source.dataset = "cifar10:" + (shared_data() / "cifar10").string();
  source.settings = settings;
  source.images = 256;
  source.out = (std::filesystem::temp_directory_path() / "cimbalom_benchmark").string();
  return source;
}

simulated run_network(std::uint64_t batch, bool timing_only) {
  const prepared_network network;
  const runtime::image_source images = network.made.images->source(static_cast<std::size_t>(batch));
  runtime::simulate_options options;
  options.batch = batch;
  options.timing_only = timing_only;
  runtime::simulation simulation;
  const double from = cpu_seconds();
  cli::run_in_kernel([&] {
    simulation = runtime::simulate(network.made.network, network.program, network.made.platform, images, options);
  });
  simulated result;
  result.cpu_s = cpu_seconds() - from;
  const runtime::dram_result& dram = simulation.result.dram;
  result.bursts = static_cast<double>(dram.commands.at("read") + dram.commands.at("write"));
  for (const runtime::initiator_result& one : simulation.result.initiators) {
    result.transactions += static_cast<double>(one.requests);
  }
  return result;
}

simulated run_memory(const std::string& preset, processor::traffic_pattern pattern, std::uint64_t requests) {
  simulated result;
  cli::run_in_kernel([&] {
    energy::null_sink sink;
    processor::traffic_config traffic;
    traffic.pattern = pattern;
    traffic.base = 0;
    traffic.range_bytes = std::uint64_t{64} << 20;
    traffic.requests = requests;
    processor::traffic_generator generator("generator", traffic, sink);
    dram::dram memory("memory", dram::make_dram_config(preset), sink);
    generator.memory.bind(memory.memory);
    const double from = cpu_seconds();
    while (!generator.finished()) sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_US));
    result.cpu_s = cpu_seconds() - from;
    result.requests = static_cast<double>(requests);
  });
  return result;
}

simulated run_part(const std::string& what, std::uint64_t count) {
  if (what == "run") return run_network(count, false);
  if (what == "timing_only") return run_network(count, true);
  const std::size_t end = what.rfind('_');
  const std::string pattern = end == std::string::npos ? "" : what.substr(end + 1);
  if (pattern == "sequential") return run_memory(what.substr(0, end), processor::traffic_pattern::sequential, count);
  if (pattern == "random") return run_memory(what.substr(0, end), processor::traffic_pattern::random, count);
  throw run_error("no part " + what);
}

}  // namespace

std::string network_file() {
  const std::filesystem::path file = shared_data() / "networks" / "resnet20_bn.onnx";
  const bool there = std::filesystem::exists(file) && std::filesystem::exists(shared_data() / "cifar10");
  return there ? file.string() : std::string();
}

std::string network_name() {
  return network_file().empty() ? "embedded network (the shared data are not there)" : "ResNet-20, CIFAR-10";
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

prepared_network::prepared_network(const std::vector<std::string>& settings)
    : made(cli::prepare(source_of(settings), "evaluate", 256)),
      program(compiler::compile(made.network, made.platform)) {}

simulated in_child(const std::string& part) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw run_error("benchmark: no pipe");
  setenv(part_variable, part.c_str(), 1);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  char name[] = "network_benchmark";
  std::array<char*, 2> arguments = {name, nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  unsetenv(part_variable);
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; failed == 0 && (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  if (failed == 0) waitpid(child, &status, 0);
  simulated result;
  const std::size_t at = text.rfind("result ");
  std::istringstream line(at == std::string::npos ? "" : text.substr(at + 7));
  if (failed != 0 || status != 0 ||
      !(line >> result.cpu_s >> result.bursts >> result.transactions >> result.requests)) {
    throw run_error("benchmark: part " + part + " failed");
  }
  return result;
}

bool run_as_child() {
  const char* part = std::getenv(part_variable);
  if (part == nullptr) return false;
  std::istringstream words(part);
  std::string what;
  std::uint64_t count = 0;
  words >> what >> count;
  const simulated result = run_part(what, count);
  fmt::print("result {} {} {} {}\n", result.cpu_s, result.bursts, result.transactions, result.requests);
  return true;
}

}  // namespace cimbalom::benchmarks
