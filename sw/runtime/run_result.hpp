#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/arithmetic/mvm.hpp"

namespace cimbalom::runtime {

/// Everything the report needs of one run, as plain numbers; filled by runtime, read by report. Times in ps.
struct layer_result {
  std::string name, kind;
  std::uint64_t macs = 0;
  std::uint64_t start_ps = 0, end_ps = 0;                  ///< of the timed image
  std::uint64_t latency_ps = 0;                            ///< first command started to last command ended, timed image
  std::uint64_t bank_busy_ps = 0;                          ///< summed over banks, all images
  std::uint64_t used_cell_bits = 0, driven_cell_bits = 0;  ///< macro_utilization = used / driven
  std::uint64_t executed_macs = 0;
  std::uint64_t weight_writes_bits = 0;
  std::int32_t adc_step_sixteenths = 0;
  double sqnr_db = 0;  ///< against float; NaN: not measured (then left out)
  arithmetic::activity activity;
  std::map<std::string, std::uint64_t> stall_ps;  ///< by cause, timed image
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
  std::uint64_t load_ps = 0, inference_ps = 0, readback_ps = 0;  ///< by_phase
  std::uint64_t latency_ps = 0;  ///< doorbell to interrupt, one image after one warm-up image
  std::uint64_t batch_ps = 0;    ///< a batch back to back
  std::uint64_t batch = 0, images = 0;
  std::uint64_t total_ps = 0;          ///< simulated time
  std::uint64_t compute_bound_ps = 0;  ///< one image
  std::uint64_t banks = 0;
  std::uint64_t bank_busy_ps = 0;  ///< all banks, timed image
  /// By cause, timed image; with the compute bound the causes sum to the latency.
  std::map<std::string, std::uint64_t> stall_ps;
  bool stalls_complete = false;  ///< the causes say where all of the latency went
  std::vector<layer_result> layers;
  std::vector<initiator_result> initiators;
  dram_result dram;
  std::uint64_t weight_storage_bits = 0;
  std::uint64_t timed_images = 0;  ///< images that energy and counts cover
  bool activity_measured = true;   ///< false: only time was simulated, data-dependent energy is assumed
  std::uint64_t counted_ps = 0;    ///< time that energy and counts cover: the first batch
};

}  // namespace cimbalom::runtime
