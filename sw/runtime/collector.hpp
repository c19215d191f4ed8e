#pragma once
// TLM layer: includes SystemC.

#include <cstdint>

#include "models/cim/accelerator_statistics.hpp"
#include "models/dram/dram_statistics.hpp"
#include "models/energy/ledger.hpp"
#include "platform/assembly/system.hpp"
#include "sw/compiler/program.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::runtime {

/// Events reach the ledger while it is open.
class gated_sink final : public energy::event_sink {
 public:
  explicit gated_sink(energy::ledger& to) : to_(to) {}
  void count(energy::event what, std::int32_t layer, std::uint64_t n) override {
    if (open) to_.count(what, layer, n);
  }
  bool open = false;

 private:
  energy::ledger& to_;
};

/// Takes statistics out of the models between the phases of a simulation.
class collector {
 public:
  collector(const quantization::network& network, const compiler::program& program, energy::ledger& happened,
            gated_sink& sink, run_result& result);

  void before_latency(platform::system& s);
  void after_latency(platform::system& s);
  /// What the compute engine does not account for: its time above the bound, and the latency outside its job.
  void complete_stalls(std::uint64_t latency_ps);
  void before_batch(platform::system& s);
  void after_batch(platform::system& s, std::uint64_t images);
  void at_end(platform::system& s, std::uint64_t end_ps);

 private:
  void book_time(const cim::accelerator_statistics& a, std::uint64_t elapsed_ps);

  const quantization::network& network_;
  const compiler::program& program_;
  energy::ledger& happened_;
  gated_sink& sink_;
  run_result& result_;
  dram::dram_statistics dram_before_;
  std::uint64_t batch_from_ps_ = 0;
  std::uint64_t job_ps_ = 0, busy_ps_ = 0;  // of the timed image
};

}  // namespace cimbalom::runtime
