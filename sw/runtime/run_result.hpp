#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/arithmetic/mvm.hpp"

namespace cimbalom::runtime {

/// What the system does: the phases follow each other without a gap, from power-up until the software returns.
enum class phase : std::uint8_t {
  setup,         ///< reset, package, resident weights: once
  load,          ///< inputs of the counted batch, to their slots
  inference,     ///< the counted batch: from its first command being written to its last interrupt being handled
  readback,      ///< results of the counted batch
  other_images,  ///< whole, with load and readback: warm-up and timed image, batches after the first
};
inline constexpr std::size_t phase_count = 5;
constexpr const char* to_string(phase value) {
  constexpr const char* names[phase_count] = {"setup", "load", "inference", "readback", "other_images"};
  return names[static_cast<std::size_t>(value)];
}

/// Everything the report needs of one run, as plain numbers; filled by runtime, read by report. Times in ps.
/// Of one image, the timed one, where nothing else is said.
struct layer_result {
  std::string name, kind;
  std::uint64_t macs = 0;
  std::uint64_t start_ps = 0, end_ps = 0;                  ///< first computation, last one; from the doorbell
  std::uint64_t latency_ps = 0;                            ///< end - start
  std::uint64_t compute_bound_ps = 0;                      ///< its bank operations spread evenly over all banks
  std::uint64_t bank_busy_ps = 0;                          ///< converting, summed over banks
  std::uint64_t used_cell_bits = 0, driven_cell_bits = 0;  ///< macro_utilization = used / driven
  std::uint64_t executed_macs = 0;
  std::uint64_t conversions = 0;
  std::uint64_t weight_writes_bits = 0;
  std::int32_t adc_step_sixteenths = 0;
  std::int32_t group_rows = 0;    ///< rows of a conversion where the layer has its own; 0: rows_active
  double sqnr_db = 0;             ///< against float; NaN: not measured (then left out)
  arithmetic::activity activity;  ///< of all counted images
  /// By cause. compute_bound_ps and these are the layer's share of the job.
  std::map<std::string, std::uint64_t> stall_ps;
};

struct initiator_result {
  std::string name;
  std::uint64_t requests = 0, bytes = 0;
  double latency_mean_ns = 0, latency_p50_ns = 0, latency_p99_ns = 0, latency_max_ns = 0, mean_outstanding = 0;
  std::uint64_t stall_ps = 0;
};

struct accuracy_result {
  std::uint64_t images = 0, labelled = 0;
  std::uint64_t float_correct = 0, quantized_correct = 0, hardware_correct = 0;
  bool has_float = false, has_quantized = false, has_hardware = false;
};

struct dram_result {
  std::map<std::string, std::uint64_t> commands;  ///< activate, precharge, read, write, refresh
  std::uint64_t read_bytes = 0, write_bytes = 0, row_hits = 0, row_misses = 0, data_bus_busy_ps = 0;
};

struct run_result {
  accuracy_result accuracy;
  std::array<std::uint64_t, phase_count> phase_ps{};
  std::uint64_t latency_ps = 0;  ///< doorbell to interrupt, at the accelerator: one image after one warm-up image
  std::uint64_t end_to_end_latency_ps = 0;  ///< of that image: from its copy-in to its results
  std::uint64_t batch_ps = 0;               ///< doorbell to interrupt of a batch back to back
  std::uint64_t batch = 0, images = 0;
  std::uint64_t total_ps = 0;          ///< simulated time
  std::uint64_t compute_bound_ps = 0;  ///< one image
  std::uint64_t banks = 0;
  std::uint64_t bank_busy_ps = 0;  ///< all banks, timed image
  /// By cause, timed image; with the compute bound the causes sum to the latency.
  std::map<std::string, std::uint64_t> stall_ps;
  bool stalls_complete = false;  ///< the causes say where all of the latency went
  std::vector<layer_result> layers;
  std::vector<initiator_result> initiators;  ///< of the counted images
  dram_result dram;                          ///< of the counted images
  std::uint64_t weight_storage_bits = 0;
  std::uint64_t timed_images = 0;  ///< images that energy and counts cover: the first batch; evaluate: all
  bool activity_measured = true;   ///< false: only time was simulated, data-dependent energy is assumed
  std::uint64_t counted_ps = 0;    ///< time that energy and counts cover: the phase inference

  std::uint64_t& operator[](phase which) { return phase_ps[static_cast<std::size_t>(which)]; }
  std::uint64_t operator[](phase which) const { return phase_ps[static_cast<std::size_t>(which)]; }
};

}  // namespace cimbalom::runtime
