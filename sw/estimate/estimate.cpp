#include "sw/estimate/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/arithmetic/macro_shape.hpp"
#include "platform/configuration/error.hpp"
#include "sw/estimate/host_time.hpp"
#include "sw/estimate/timeline.hpp"
#include "sw/quantization/host_operators.hpp"

namespace cimbalom::estimate {

namespace {

using compiler::step;
using energy::event;

// Images that are walked; the period of the last ones stands for the rest of a batch.
constexpr std::uint64_t walked_images = 16;
constexpr std::uint64_t settled_after = 8;

const char* kind_name(quantization::layer_kind kind) {
  switch (kind) {
    case quantization::layer_kind::mvm:
      return "mvm";
    case quantization::layer_kind::add:
      return "add";
    case quantization::layer_kind::max_pool:
      return "max_pool";
    case quantization::layer_kind::average_pool:
      return "average_pool";
    case quantization::layer_kind::slice_pad:
      return "slice_pad";
    case quantization::layer_kind::affine:
      return "affine";
    case quantization::layer_kind::host:
      return "host";
  }
  return "";
}

std::uint64_t scaled(double value) {
  return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0)));
}

// A stretch of time and what memory did in it.
struct stretch {
  double elapsed_ps = 0, precharged_ps = 0, activates = 0, precharges = 0, refreshes = 0, memory_busy_ps = 0;
  std::vector<double> layer_elapsed_ps, layer_activates;

  explicit stretch(std::size_t layers) : layer_elapsed_ps(layers, 0), layer_activates(layers + 1, 0) {}

  void add(const timeline_result& of, double elapsed, double times) {
    const double share = times * elapsed / static_cast<double>(std::max<std::uint64_t>(of.end_ps, 1));
    elapsed_ps += elapsed * times;
    precharged_ps += static_cast<double>(of.precharged_ps) * share;
    activates += of.activates * share;
    precharges += of.precharges * share;
    refreshes += static_cast<double>(of.refreshes) * share;
    memory_busy_ps += static_cast<double>(of.memory_busy_ps) * share;
    for (std::size_t l = 0; l < of.layers.size(); ++l) {
      layer_elapsed_ps[l] += static_cast<double>(of.layers[l].elapsed_ps) * share;
    }
    for (std::size_t l = 0; l < of.layer_activates.size(); ++l) layer_activates[l] += of.layer_activates[l] * share;
  }
};

class estimator {
 public:
  estimator(const quantization::network& network, const compiler::program& program,
            const platform::platform_config& platform, const estimate_options& options)
      : network_(network),
        program_(program),
        platform_(platform),
        options_(options),
        memory_(platform),
        host_(platform),
        costs_(cost_of(program, platform, memory_, network.layers.size(), options.layers, options.usual)),
        batch_(network.layers.size()) {}

  estimation run() {
    describe_layers();
    const bool together = program_.segments.size() == 1 && !program_.steps.empty() &&
                          program_.steps.front().what == step::kind::accelerator;
    together ? run_together() : run_one_by_one();
    count_images();
    count_memory();
    phases(together);
    return std::move(made_);
  }

 private:
  double images() const { return static_cast<double>(options_.batch); }

  timeline_result walk_segment(std::size_t segment, std::uint64_t images, std::uint64_t accelerators = 1) const {
    return walk(costs_.segments[segment], images, network_.layers.size(), platform_, memory_, program_, accelerators);
  }

  /// That work on a batch, and the images of the busiest one.
  std::uint64_t accelerators() const {
    return std::min(static_cast<std::uint64_t>(program_.accelerators), options_.batch);
  }
  std::uint64_t rounds() const { return (options_.batch + accelerators() - 1) / accelerators(); }

  void run_together() {
    const timeline_result alone = walk_segment(0, 1);
    take_times(alone, 0, alone.doorbell_ps);
    made_.result.latency_ps = alone.fence_ps - alone.doorbell_ps;
    to_first_doorbell_ps_ = alone.doorbell_ps;
    const std::uint64_t walked = std::min(rounds(), walked_images);
    const bool once = walked == 1 && accelerators() == 1;
    const timeline_result several = once ? alone : walk_segment(0, walked, accelerators());
    double period = 0;
    if (rounds() > walked) {
      period = static_cast<double>(several.image_end_ps[walked - 1] - several.image_end_ps[settled_after - 1]) /
               static_cast<double>(walked - settled_after);
    }
    const double time = static_cast<double>(several.end_ps) + period * static_cast<double>(rounds() - walked);
    made_.result.batch_ps = scaled(time) - (several.end_ps - several.fence_ps) - several.doorbell_ps;
    batch_.add(several, time, 1);
    // The first image's commands are written before its doorbell, but within the batch.
    const double before = write_ps(costs_.segments[0].size());
    batch_.elapsed_ps += before;
    count_ring(costs_.segments[0].size(), options_.batch);
    count_fences(accelerators());
    made_.happened.count(event::processor_memory_access, energy::no_layer,
                         options_.batch + accesses_a_fence * accelerators());
  }

  // A visit to the host between the segments of an image.
  void run_one_by_one() {
    std::uint64_t begun = never, last = 0, now = 0, from_host = 0, together_ps = 0;
    for (const step& one : program_.steps) {
      if (one.what == step::kind::host) {
        const std::uint64_t spent = host_layer(one.layer);
        now += spent;
        from_host += spent;
        continue;
      }
      const auto segment = static_cast<std::size_t>(one.segment);
      const double before = write_ps(costs_.segments[segment].size());
      now += scaled(before);
      from_host += scaled(before);
      const timeline_result part = walk_segment(segment, 1);
      if (begun == never) begun = now + part.doorbell_ps;
      take_times(part, now, begun);
      last = now + part.fence_ps;
      now += part.end_ps;
      const timeline_result group = accelerators() == 1 ? part : walk_segment(segment, 1, accelerators());
      together_ps += group.end_ps;
      batch_.add(group, static_cast<double>(group.end_ps), static_cast<double>(rounds()));
      count_ring(costs_.segments[segment].size(), options_.batch);
      count_fences(options_.batch);
      made_.happened.count(event::processor_memory_access, energy::no_layer, options_.batch * (1 + accesses_a_fence));
    }
    const std::uint64_t after = read_outputs(options_.batch);
    made_.result.latency_ps = begun == never ? now : last - begun;
    // The host works for one image after another, the accelerators for a round of images at a time.
    const std::uint64_t batch = (from_host + after) * options_.batch + together_ps * rounds();
    made_.result.batch_ps = made_.result.latency_ps + batch - std::min(batch, now + after);
    to_first_doorbell_ps_ = begun == never ? 0 : begun;
    outputs_ps_ = after;
    batch_.elapsed_ps += static_cast<double>(from_host + after) * images();
  }

  // Time of an access of the processor to a tensor in memory; counted for `times` images.
  std::uint64_t host_access(int tensor, bool write, std::uint64_t times) {
    for (const compiler::tensor_place& place : program_.places) {
      if (place.tensor != tensor) continue;
      const transfer_cost cost = memory_.plain(path::host, place.memory.address, place.memory.bytes, write);
      count_host(cost, times);
      return scaled(alone_ps(cost));
    }
    return 0;
  }

  std::uint64_t host_layer(int number) {
    const quantization::layer& l = network_.layers[static_cast<std::size_t>(number)];
    std::uint64_t time = 0;
    for (const int tensor : l.inputs) {
      if (!on_host(tensor)) time += host_access(tensor, false, options_.batch);
    }
    const std::uint64_t instructions = quantization::host_instructions(network_, l);
    made_.happened.count(event::processor_instruction, energy::no_layer, instructions * options_.batch);
    time += host_.instructions_ps(instructions);
    if (!on_host(l.output)) time += host_access(l.output, true, options_.batch);
    return time;
  }

  std::uint64_t read_outputs(std::uint64_t times) {
    std::uint64_t time = 0;
    for (const int tensor : network_.outputs) {
      if (on_host(tensor)) continue;
      const std::uint64_t instructions =
          quantization::conversion_instructions(network_.tensors[static_cast<std::size_t>(tensor)]);
      made_.happened.count(event::processor_instruction, energy::no_layer, instructions * times);
      time += host_.instructions_ps(instructions) + host_access(tensor, false, times);
    }
    return time;
  }

  bool on_host(int tensor) const { return network_.tensors[static_cast<std::size_t>(tensor)].on_host; }

  static double alone_ps(const transfer_cost& cost) {
    if (cost.pieces == 0) return 0;
    return cost.latency_ps + static_cast<double>(cost.pieces - 1) * cost.interval_ps;
  }

  transfer_cost ring_write(std::uint64_t commands) const {
    return memory_.plain(path::host, program_.ring_address, commands * registers::command_bytes, true);
  }

  double write_ps(std::uint64_t commands) const {
    return static_cast<double>(host_.instructions_ps(commands * instructions_a_command)) +
           alone_ps(ring_write(commands));
  }

  void count_ring(std::uint64_t commands, std::uint64_t times) {
    made_.happened.count(event::processor_instruction, energy::no_layer, commands * instructions_a_command * times);
    count_host(ring_write(commands), times);
  }

  // Written, fetched and decoded.
  void count_fences(std::uint64_t times) {
    count_ring(1, times);
    made_.happened.count(event::sequencer_command, energy::no_layer, times);
    made_.happened.count(event::access_manager_memory_word, energy::no_layer, times);
    const transfer_cost fetch = memory_.plain(path::command, program_.ring_address, registers::command_bytes, false);
    for (std::uint64_t i = 0; i < times; ++i) {
      count_transfer(fetch, energy::no_layer, platform_.dram.burst_bytes(), made_.happened);
    }
    made_.result.dram.read_bytes += fetch.bytes * times;
    made_.result.dram.commands["read"] += fetch.device_bursts * times;
  }

  void count_host(const transfer_cost& cost, std::uint64_t times) {
    energy::ledger once;
    count_transfer(cost, energy::no_layer, platform_.dram.burst_bytes(), once);
    for (std::uint64_t i = 0; i < times; ++i) made_.happened += once;
    made_.happened.count(event::processor_memory_access, energy::no_layer, cost.transactions * times);
    runtime::dram_result& d = made_.result.dram;
    (cost.write ? d.write_bytes : d.read_bytes) += cost.bytes * times;
    d.commands[cost.write ? "write" : "read"] += cost.device_bursts * times;
  }

  void describe_layers() {
    runtime::run_result& r = made_.result;
    r.banks =
        static_cast<std::uint64_t>(platform_.accelerator.macros) * static_cast<std::uint64_t>(platform_.macro.banks);
    r.batch = r.images = r.timed_images = options_.batch;
    r.weight_storage_bits = program_.weight_storage_bits;
    for (const compiler::layer_mapping& mapped : program_.mapping) r.compute_bound_ps += mapped.operation_bound_ps;
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const quantization::layer& l = network_.layers[i];
      const layer_counts& counts = costs_.layers[i];
      runtime::layer_result one;
      one.name = l.name;
      one.kind = kind_name(l.kind);
      one.macs = l.macs;
      one.sqnr_db = std::numeric_limits<double>::quiet_NaN();
      if (l.kind == quantization::layer_kind::mvm) {
        one.adc_step_sixteenths = l.mvm.adc_step_sixteenths;
        one.group_rows = l.mvm.group_rows;
      }
      one.bank_busy_ps = counts.bank_busy_ps;
      one.used_cell_bits = counts.used_cell_bits;
      one.driven_cell_bits = counts.driven_cell_bits;
      one.executed_macs = counts.executed_macs;
      one.conversions = counts.activity.conversions;
      one.weight_writes_bits = counts.written_bits;
      for (std::uint64_t n = 0; n < options_.batch; ++n) one.activity += counts.activity;
      r.bank_busy_ps += counts.bank_busy_ps;
      r.layers.push_back(std::move(one));
    }
  }

  // Of the timed image. `from`: when the part began.
  // Of a part that begins at `from`, told from `zero` on.
  void take_times(const timeline_result& part, std::uint64_t from, std::uint64_t zero) {
    for (std::size_t i = 0; i < part.layers.size(); ++i) {
      const layer_time& time = part.layers[i];
      if (!time.seen) continue;
      runtime::layer_result& to = made_.result.layers[i];
      to.start_ps = from + time.start_ps - zero;
      to.end_ps = from + time.end_ps - zero;
      to.latency_ps = time.end_ps - time.start_ps;
      to.stall_ps = time.stall_ps;
    }
    for (const auto& [cause, ps] : part.stall_ps) made_.result.stall_ps[cause] += ps;
  }

  void count_images() {
    for (std::uint64_t n = 0; n < options_.batch; ++n) made_.happened += costs_.happened;
    runtime::dram_result& d = made_.result.dram;
    d.read_bytes += costs_.read_bytes * options_.batch;
    d.write_bytes += costs_.write_bytes * options_.batch;
    d.commands["read"] += costs_.read_bursts * options_.batch;
    d.commands["write"] += costs_.write_bursts * options_.batch;
  }

  void count_memory() {
    double booked = 0;
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
      made_.happened.elapse(static_cast<std::int32_t>(l), scaled(batch_.layer_elapsed_ps[l]));
      booked += batch_.layer_elapsed_ps[l];
    }
    made_.happened.elapse(energy::no_layer, scaled(batch_.elapsed_ps - booked));
    runtime::dram_result& d = made_.result.dram;
    const std::uint64_t activates = scaled(batch_.activates);
    d.commands["activate"] = d.row_misses = activates;
    d.commands["precharge"] = scaled(batch_.precharges);
    const std::uint64_t bursts = d.commands["read"] + d.commands["write"];
    d.row_hits = bursts - std::min(bursts, activates);
    if (platform_.dram.ideal) return;
    const double ranks = platform_.dram.organisation.ranks * platform_.dram.channels;
    d.commands["refresh"] = scaled(batch_.refreshes * ranks);
    d.data_bus_busy_ps = scaled(batch_.memory_busy_ps);
    for (std::size_t l = 0; l < batch_.layer_activates.size(); ++l) {
      made_.happened.count(event::dram_activate, static_cast<std::int32_t>(l) - 1, scaled(batch_.layer_activates[l]));
    }
    made_.happened.count(event::dram_refresh, energy::no_layer, d.commands["refresh"]);
    const double clock = platform_.dram.timing.clock_ps;
    // A rank that refreshes counts as active.
    const double refreshing = batch_.refreshes * platform_.dram.timing.rfc * clock;
    const double closed = std::clamp(batch_.precharged_ps - refreshing, 0.0, batch_.elapsed_ps);
    made_.happened.count(event::dram_precharge_standby_clock, energy::no_layer, scaled(closed / clock * ranks));
    made_.happened.count(event::dram_active_standby_clock, energy::no_layer,
                         scaled((batch_.elapsed_ps - closed) / clock * ranks));
  }

  // Loading: the package and the inputs are read and written once each, and the banks are programmed.
  void phases(bool together) {
    runtime::run_result& r = made_.result;
    const auto copy_ps = [&](std::uint64_t address, std::uint64_t bytes) {
      const transfer_cost in = memory_.plain(path::host, address, bytes, false);
      return in.pieces == 0 ? 0 : scaled(in.latency_ps + static_cast<double>(in.pieces) * 2 * in.memory_ps);
    };
    std::uint64_t input_ps = 0, result_ps = 0;
    for (const compiler::tensor_place& place : program_.places) {
      const bool result =
          std::find(network_.outputs.begin(), network_.outputs.end(), place.tensor) != network_.outputs.end();
      if (place.tensor == network_.input) input_ps += copy_ps(place.memory.address, place.memory.bytes);
      if (together && result) result_ps += copy_ps(place.memory.address, place.memory.bytes);
    }
    r[runtime::phase::setup] = copy_ps(program_.image_region.address, program_.image_region.bytes);
    if (!costs_.setup.empty()) {
      r[runtime::phase::setup] += walk(costs_.setup, 1, network_.layers.size(), platform_, memory_, program_).end_ps;
    }
    r.end_to_end_latency_ps = input_ps + to_first_doorbell_ps_ + r.latency_ps + outputs_ps_ + result_ps;
    r[runtime::phase::load] = input_ps * r.batch;
    r[runtime::phase::inference] = r.counted_ps = scaled(batch_.elapsed_ps);
    r[runtime::phase::readback] = result_ps * r.batch;
    r[runtime::phase::other_images] = 2 * r.end_to_end_latency_ps;  // warm-up and timed image
    for (const std::uint64_t ps : r.phase_ps) r.total_ps += ps;
    r.activity_measured = false;
  }

  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  const quantization::network& network_;
  const compiler::program& program_;
  const platform::platform_config& platform_;
  const estimate_options& options_;
  memory_model memory_;
  host_time host_;
  program_costs costs_;
  stretch batch_;
  estimation made_;
  std::uint64_t to_first_doorbell_ps_ = 0, outputs_ps_ = 0;  // of an image with host layers between the others
};

}  // namespace

estimation estimate(const quantization::network& network, const compiler::program& program,
                    const platform::platform_config& platform, const estimate_options& options) {
  if (options.batch < 1 || options.batch > program.image_slots) {
    throw bad_input({}, "batch", std::to_string(options.batch), "1.." + std::to_string(program.image_slots));
  }
  return estimator(network, program, platform, options).run();
}

std::vector<cim::activity_profile> profile_of(const std::vector<arithmetic::activity>& measured,
                                              const std::vector<int>& input_bits, const cim::macro_config& macro) {
  const auto largest = static_cast<double>(arithmetic::s_max(macro.shape()));
  std::vector<cim::activity_profile> profiles(measured.size());
  for (std::size_t i = 0; i < measured.size() && i < input_bits.size(); ++i) {
    const arithmetic::activity& one = measured[i];
    const double bits = static_cast<double>(one.operations) * macro.rows_active * input_bits[i];
    if (bits > 0) profiles[i].wordline_ones = static_cast<double>(one.wordline_ones) / bits;
    if (one.column_sums > 0) {
      profiles[i].column_sum = static_cast<double>(one.column_sum) / static_cast<double>(one.column_sums) / largest;
    }
  }
  return profiles;
}

std::vector<int> input_bits_of(const quantization::network& network) {
  std::vector<int> bits;
  for (const quantization::layer& l : network.layers) {
    const bool matrix = l.kind == quantization::layer_kind::mvm;
    bits.push_back(matrix ? network.tensors[static_cast<std::size_t>(l.inputs.front())].format.bits : 0);
  }
  return bits;
}

}  // namespace cimbalom::estimate
