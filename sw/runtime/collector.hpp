#pragma once
// TLM layer: includes SystemC.

#include <array>
#include <cstdint>
#include <optional>

#include "models/cim/accelerator_statistics.hpp"
#include "models/dram/dram_statistics.hpp"
#include "models/energy/ledger.hpp"
#include "models/interconnect/interconnect_statistics.hpp"
#include "platform/assembly/system.hpp"
#include "sw/compiler/program.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::runtime {

using phase_ledgers = std::array<energy::ledger, phase_count>;

/// Books every event to the phase that is open.
class phase_sink final : public energy::event_sink {
 public:
  explicit phase_sink(phase_ledgers& to) : to_(to) {}
  void count(energy::event what, std::int32_t layer, std::uint64_t n) override { ledger().count(what, layer, n); }
  void enter(phase next) { open_ = next; }
  phase open() const { return open_; }
  energy::ledger& ledger() { return to_[static_cast<std::size_t>(open_)]; }

 private:
  phase_ledgers& to_;
  phase open_ = phase::setup;
};

/// Takes statistics out of the models between the phases of a simulation, and times from its hooks.
class collector {
 public:
  collector(const quantization::network& network, const compiler::program& program, phase_sink& sink,
            run_result& result);

  /// The open phase ends, the next one begins. `images`: of a batch.
  void enter(platform::system& s, phase next, std::uint64_t images);
  /// The last phase ends.
  void finish(platform::system& s);
  /// Around the timed image: after its inputs are in place, before its results are fetched.
  void before_latency(platform::system& s);
  void after_latency(platform::system& s);

  // Hooks of the accelerator.
  void job_begun();
  void job_ended();
  void fence_reached();

 private:
  /// From the first doorbell to the last interrupt of a window, as the accelerator sees them.
  struct span {
    std::optional<std::uint64_t> first_doorbell_ps;
    std::uint64_t job_ended_ps = 0, fence_ps = 0;
    std::uint64_t between_jobs_ps = 0;
    std::uint64_t length_ps() const { return first_doorbell_ps ? fence_ps - *first_doorbell_ps : 0; }
  };

  void close_phase(platform::system& s);
  void begin_inference(platform::system& s);
  void end_inference(platform::system& s);
  void take_layer_counts(const cim::accelerator_statistics& a);
  void take_latency_stalls(const cim::accelerator_statistics& a, std::uint64_t window_ps);
  void take_dram(platform::system& s);
  void take_initiators(platform::system& s);
  void book_time(platform::system& s, std::uint64_t elapsed_ps);
  layer_result* row_of(std::int32_t layer);

  phase_sink& sink_;
  run_result& result_;
  dram::dram_statistics dram_before_;
  interconnect::interconnect_statistics fabric_before_;
  std::uint64_t phase_from_ps_ = 0, latency_from_ps_ = 0;
  span span_;
};

}  // namespace cimbalom::runtime
