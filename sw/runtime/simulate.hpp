#pragma once
// TLM layer: includes SystemC.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "platform/assembly/system.hpp"
#include "sw/compiler/program.hpp"
#include "sw/runtime/collector.hpp"
#include "sw/runtime/image_source.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::runtime {

struct simulate_options {
  std::uint64_t batch = 16;     ///< images back to back, at most the program's image slots
  bool timing_only = false;     ///< commands take their time and compute nothing
  bool check_protocol = false;  ///< protocol checkers on every link
  bool keep_outputs = false;    ///< outputs of every image in the result
  /// Any command of an accelerator has finished (for a timeline); start and end in ps.
  std::function<void(std::size_t accelerator, const registers::command&, std::uint64_t start, std::uint64_t end)>
      command_done;
  std::function<void(platform::system&)> elaborated;  ///< before time starts: traces attach, tests disturb
  std::function<void(platform::system&)> ended;       ///< after the last event, or a failure: traces let go
  std::function<void(std::size_t images)> progress;   ///< images done
  const std::atomic<bool>* stop = nullptr;            ///< becomes true (Ctrl-C): end at once
};

struct simulation {
  run_result result;
  energy::ledger happened;                               ///< of result.timed_images images: the phase inference
  phase_ledgers by_phase;                                ///< whole simulation, by phase
  std::vector<int> predicted;                            ///< by image; empty with timing_only
  std::vector<std::vector<std::vector<float>>> outputs;  ///< [image][output][value], with keep_outputs
  std::vector<std::string> protocol_findings;
};

/// Runs a compiled program on the whole platform, once a process: loads it by DMA, runs a warm-up image, one image
/// for the latency, then all images in batches. Counts are those of the first batch, energy is
/// kept by phase. Throws run_error where
/// the driver reports an error, where the system hangs (with every unit's state) and when stopped.
simulation simulate(const quantization::network& network, const compiler::program& program,
                    const platform::platform_config& platform, const image_source& images,
                    const simulate_options& options = {});

/// What is simulated; it outlives the simulation.
struct workload {
  const quantization::network* network = nullptr;
  const compiler::program* program = nullptr;
  const image_source* images = nullptr;
};

/// The same for a network that the software of the processor makes first: `design` runs natively on its thread, at the
/// start of time and without taking any. What it throws ends the simulation and comes out.
simulation simulate(const platform::platform_config& platform,
                    const std::function<workload(registers::host_port&)>& design, const simulate_options& options = {});

}  // namespace cimbalom::runtime
