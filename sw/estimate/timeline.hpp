#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/configuration/platform_config.hpp"
#include "sw/estimate/host_time.hpp"
#include "sw/estimate/memory_model.hpp"
#include "sw/estimate/program_costs.hpp"

namespace cimbalom::estimate {

/// When a layer's computation ran, and what it waited for.
struct layer_time {
  std::uint64_t start_ps = 0, end_ps = 0;  ///< of the first image
  std::uint64_t elapsed_ps = 0;            ///< computing and waiting, all images
  std::map<std::string, std::uint64_t> stall_ps;
  bool seen = false;
};

/// A few images back to back, from the moment at which their first commands lie in memory.
struct timeline_result {
  std::uint64_t doorbell_ps = 0;            ///< the first one: a single image's fence is written before it
  std::uint64_t end_ps = 0;                 ///< the software has seen the fence
  std::uint64_t fence_ps = 0;               ///< the accelerator has reached it
  std::vector<std::uint64_t> image_end_ps;  ///< the last command of each image is complete
  std::vector<layer_time> layers;
  std::map<std::string, std::uint64_t> stall_ps;  ///< by cause, all layers
  double activates = 0, precharges = 0;           ///< of the memory; precharges: another row was open
  std::uint64_t refreshes = 0;
  std::uint64_t precharged_ps = 0;      ///< no row was open
  std::uint64_t memory_busy_ps = 0;     ///< data on the memory's bus
  std::vector<double> layer_activates;  ///< by layer + 1
};

/// Walks the commands through the engines: order, lags, queues and the banks as the accelerator keeps them, transfers
/// as flows that share the memory. No data, no SystemC. `accelerators` do the same side by side, each with `images` of
/// its own: one is walked, and each of its transfers shares the memory with those of the others.
timeline_result walk(const std::vector<command_cost>& commands, std::uint64_t images, std::size_t layers,
                     const platform::platform_config& platform, const memory_model& memory,
                     const compiler::program& program, std::uint64_t accelerators = 1);

}  // namespace cimbalom::estimate
