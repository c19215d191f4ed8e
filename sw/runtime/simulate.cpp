#include "sw/runtime/simulate.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "models/registers/memory_map.hpp"
#include "platform/configuration/error.hpp"
#include "sw/quantization/tensor_codes.hpp"
#include "sw/runtime/collector.hpp"
#include "sw/runtime/host_program.hpp"
#include "sw/runtime/run_to_end.hpp"

namespace cimbalom::runtime {

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t descriptor_bytes = 65536;

std::uint64_t align_up(std::uint64_t value) {
  return (value + page - 1) / page * page;
}

std::uint64_t place_bytes(const compiler::program& program, int tensor) {
  for (const compiler::tensor_place& place : program.places) {
    if (place.tensor == tensor) return place.memory.bytes;
  }
  return 0;
}

driver::driver_memory lay_out(const quantization::network& network, const compiler::program& program,
                              const platform::platform_config& platform, std::uint64_t images, std::uint64_t batch) {
  driver::driver_memory memory;
  memory.descriptors = align_up(program.dram_end);
  memory.descriptor_bytes = descriptor_bytes;
  memory.package = memory.descriptors + memory.descriptor_bytes;
  memory.images = align_up(memory.package + program.image_region.bytes);
  memory.image_stride = (place_bytes(program, network.input) + 63) / 64 * 64;
  memory.results = align_up(memory.images + memory.image_stride * images);
  for (const int tensor : network.outputs) memory.result_stride += place_bytes(program, tensor);
  const std::uint64_t end = memory.results + memory.result_stride * batch;
  if (end - registers::dram_base > platform.dram.size_bytes()) {
    throw bad_input({}, "platform.dram size", std::to_string(platform.dram.size_bytes()) + " bytes",
                    "network, staging areas and " + std::to_string(images) + " images need " +
                        std::to_string(end - registers::dram_base));
  }
  return memory;
}

// Noise depends on the number of the image: it changes with the last command of an image.
class image_counter {
 public:
  explicit image_counter(const compiler::program& program) {
    for (const compiler::segment& segment : program.segments) {
      for (const registers::command& one : segment.commands) commands_ += computes(one) ? 1 : 0;
    }
  }
  static bool computes(const registers::command& one) {
    return registers::engine_of(one.op) == registers::engine::compute;
  }
  /// An image was queued; returns true if it is the one at work.
  bool queued(std::uint64_t image) {
    waiting_.push_back(image);
    return waiting_.size() == 1;
  }
  /// A command of the compute engine is done; returns true if another image begins.
  bool done() {
    if (waiting_.empty() || ++done_ < commands_) return false;
    done_ = 0;
    waiting_.pop_front();
    return !waiting_.empty();
  }
  std::uint64_t image() const { return waiting_.front(); }

 private:
  std::uint64_t commands_ = 0, done_ = 0;
  std::deque<std::uint64_t> waiting_;
};

class run_of_simulation {
 public:
  run_of_simulation(const platform::platform_config& platform, const simulate_options& options)
      : platform_(platform), options_(options), sink_(out_.by_phase) {}

  /// `design` gives the workload on the processor's thread where none is known before.
  simulation run(const workload* known, const std::function<workload(registers::host_port&)>& design) {
    platform::system_options how;
    how.check_protocol = options_.check_protocol;
    how.accelerator.timing_only = options_.timing_only;
    how.hooks_of = [this](std::size_t accelerator) { return hooks(accelerator); };
    platform::system system(
        "system", platform_, sink_,
        [&](registers::host_port& port) {
          if (known == nullptr) begin(design(port));
          job_->software.run(port);
        },
        how);
    system_ = &system;
    if (known != nullptr) begin(*known);
    if (options_.elaborated) options_.elaborated(system);
    try {
      run_to_end(system, options_.stop);
    } catch (...) {
      end(system);
      throw;
    }
    end(system);
    if (options_.check_protocol) out_.protocol_findings = system.protocol_findings();
    finish();
    return std::move(out_);
  }

 private:
  /// What follows from the workload.
  struct job {
    job(run_of_simulation& owner, const workload& what)
        : network(*what.network),
          program(*what.program),
          images(*what.images),
          memory(lay_out(network, program, owner.platform_, images.count, owner.options_.batch)),
          observer(network, program, owner.sink_, owner.out_.result),
          counters(static_cast<std::size_t>(program.accelerators), image_counter(program)),
          software(network, program, memory, images, owner.options_.batch, owner.events()) {}

    const quantization::network& network;
    const compiler::program& program;
    const image_source& images;
    driver::driver_memory memory;
    collector observer;
    std::vector<image_counter> counters;  // by accelerator
    host_program software;
  };

  void begin(const workload& what) {
    check(what);
    job_ = std::make_unique<job>(*this, what);
    if (!options_.timing_only) out_.predicted.assign(job_->images.count, -1);
    if (options_.keep_outputs) out_.outputs.resize(job_->images.count);
    preload();
  }

  void check(const workload& what) const {
    if (what.program->accelerators != platform_.accelerator.count) {
      throw bad_input({}, "platform.accelerator.count", std::to_string(platform_.accelerator.count),
                      std::to_string(what.program->accelerators) + ": the program was compiled for so many");
    }
    if (what.images->count == 0) throw bad_input({}, "images", "0", "at least 1");
    if (options_.batch < 1 || options_.batch > what.program->image_slots) {
      throw bad_input({}, "batch", std::to_string(options_.batch), "1.." + std::to_string(what.program->image_slots));
    }
  }

  host_program_events events() {
    host_program_events e;
    e.queued = [this](std::uint64_t image, std::size_t accelerator) {
      if (job_->counters[accelerator].queued(image)) system_->accelerator(accelerator).set_image(image);
    };
    e.before_latency = [this] { job_->observer.before_latency(*system_); };
    e.after_latency = [this] { job_->observer.after_latency(*system_); };
    e.entered = [this](phase next, std::uint64_t images) { job_->observer.enter(*system_, next, images); };
    e.ended = [this] { job_->observer.finish(*system_); };
    e.finished = [this](std::uint64_t image, std::vector<std::vector<float>> values) {
      take(static_cast<std::size_t>(image), std::move(values));
    };
    e.peek = [this](std::uint64_t address, void* to, std::size_t length) {
      system_->memory().storage().read(address - registers::dram_base, to, length);
    };
    return e;
  }

  void end(platform::system& system) const {
    if (options_.ended) options_.ended(system);
  }

  cim::accelerator_hooks hooks(std::size_t accelerator) {
    cim::accelerator_hooks mine;
    mine.command_done = [this, accelerator](const registers::command& one, std::uint64_t start, std::uint64_t end) {
      image_counter& counter = job_->counters[accelerator];
      if (image_counter::computes(one) && counter.done()) system_->accelerator(accelerator).set_image(counter.image());
      if (options_.command_done) options_.command_done(accelerator, one, start, end);
    };
    mine.job_begun = [this] { job_->observer.job_begun(); };
    mine.job_ended = [this] { job_->observer.job_ended(); };
    mine.fence_reached = [this](std::uint32_t) { job_->observer.fence_reached(); };
    return mine;
  }

  void preload() {
    system_->preload(job_->memory.package, job_->program.memory_image.data(), job_->program.memory_image.size());
    if (job_->memory.image_stride == 0) return;
    const host_steps host(job_->network, job_->program);
    std::vector<float> image(job_->images.values);
    for (std::size_t i = 0; i < job_->images.count; ++i) {
      job_->images.fetch(i, image.data());
      const std::vector<std::uint8_t> bytes = host.input_bytes(image.data());
      system_->preload(job_->memory.images + i * job_->memory.image_stride, bytes.data(), bytes.size());
    }
  }

  void take(std::size_t image, std::vector<std::vector<float>> values) {
    ++done_;
    if (options_.progress) options_.progress(done_);
    if (options_.timing_only) return;
    out_.predicted[image] = values.empty() ? 0 : std::max(0, top_class(values.front()));
    if (options_.keep_outputs) out_.outputs[image] = std::move(values);
  }

  void finish() {
    run_result& r = out_.result;
    out_.happened = out_.by_phase[static_cast<std::size_t>(phase::inference)];
    r.activity_measured = !options_.timing_only;
    r.end_to_end_latency_ps = job_->software.end_to_end_latency_ps();
    r.batch = options_.batch;
    r.images = job_->images.count;
    r.accuracy.images = job_->images.count;
    if (options_.timing_only) return;
    r.accuracy.has_hardware = true;
    for (std::size_t i = 0; i < job_->images.count; ++i) {
      const auto label = job_->images.label ? job_->images.label(i) : std::nullopt;
      if (!label) continue;
      ++r.accuracy.labelled;
      if (*label == out_.predicted[i]) ++r.accuracy.hardware_correct;
    }
  }

  const platform::platform_config& platform_;
  const simulate_options& options_;
  simulation out_;
  phase_sink sink_;
  std::unique_ptr<job> job_;
  platform::system* system_ = nullptr;
  std::size_t done_ = 0;
};

}  // namespace

simulation simulate(const quantization::network& network, const compiler::program& program,
                    const platform::platform_config& platform, const image_source& images,
                    const simulate_options& options) {
  const workload known{&network, &program, &images};
  return run_of_simulation(platform, options).run(&known, {});
}

simulation simulate(const platform::platform_config& platform,
                    const std::function<workload(registers::host_port&)>& design, const simulate_options& options) {
  return run_of_simulation(platform, options).run(nullptr, design);
}

}  // namespace cimbalom::runtime
