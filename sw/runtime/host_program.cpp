#include "sw/runtime/host_program.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"
#include "sw/driver/access.hpp"

namespace cimbalom::runtime {

using compiler::step;
using driver::inference_driver;

host_program::host_program(const quantization::network& network, const compiler::program& program,
                           const driver::driver_memory& memory, const image_source& images, std::uint64_t batch,
                           const host_program_events& events)
    : network_(network),
      program_(program),
      memory_(memory),
      images_(images),
      batch_(batch),
      events_(events),
      hosts_(static_cast<std::size_t>(program.accelerators), host_steps(network, program)),
      pixels_(images.values) {
  // Images follow each other back to back where the accelerator has the first word and is asked once.
  one_segment_ =
      program.segments.size() == 1 && !program.steps.empty() && program.steps.front().what == step::kind::accelerator;
}

void host_program::run(registers::host_port& port) {
  access_.read = [&port](std::uint64_t address, void* to, std::size_t length) {
    driver::expect_ok(port.read_memory(address, to, length), "memory read", address);
  };
  access_.write = [&port](std::uint64_t address, const void* from, std::size_t length) {
    driver::expect_ok(port.write_memory(address, from, length), "memory write", address);
  };
  access_.instructions = [&port](std::uint64_t count) { port.instructions(count); };

  inference_driver devices(port, program_, memory_);
  devices.start();
  devices.load();
  enter(phase::other_images, 0);
  infer(devices, 0, 1, pass::warm_up);
  const std::uint64_t from = port.now_ps();
  infer(devices, 0, 1, pass::latency);
  end_to_end_latency_ps_ = port.now_ps() - from;
  // The first batch is always full, so that throughput is that of a batch; images beyond the last start again.
  infer(devices, 0, batch_, pass::counted_batch);
  for (std::uint64_t first = batch_; first < images_.count; first += batch_) {
    infer(devices, first, std::min<std::uint64_t>(batch_, images_.count - first), pass::batch);
  }
  if (events_.ended) events_.ended();
}

void host_program::enter(phase next, std::uint64_t images) const {
  if (events_.entered) events_.entered(next, images);
}

void host_program::fetch(std::uint64_t image) {
  images_.fetch(static_cast<std::size_t>(image_number(image)), pixels_.data());
}

void host_program::push(inference_driver& devices, std::uint64_t first, std::uint64_t count) {
  const compiler::tensor_place* input = hosts_.front().place_of(network_.input);
  if (input == nullptr) return;
  // Staged images lie in order; a batch that starts again takes two copies.
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t number = image_number(first + done);
    const std::uint64_t run = std::min<std::uint64_t>(count - done, images_.count - number);
    compiler::tensor_place slots = *input;
    slots.memory.address += done * input->stride;
    devices.push_images(slots, number, run);
    done += run;
  }
}

void host_program::infer(inference_driver& devices, std::uint64_t first, std::uint64_t count, pass what) {
  const bool counted = what == pass::counted_batch;
  const bool report = counted || what == pass::batch;
  if (counted) enter(phase::load, count);
  push(devices, first, count);
  if (counted) enter(phase::inference, count);
  if (what == pass::latency && events_.before_latency) events_.before_latency();
  std::vector<std::vector<std::vector<float>>> outputs;
  if (one_segment_) {
    infer_together(devices, first, count);
  } else {
    for (std::uint64_t i = 0; i < count; i += devices.accelerators()) {
      const std::uint64_t group = std::min<std::uint64_t>(devices.accelerators(), count - i);
      for (auto& values : infer_group(devices, first + i, i, group)) outputs.push_back(std::move(values));
    }
  }
  if (what == pass::latency && events_.after_latency) events_.after_latency();
  if (counted) enter(phase::readback, count);
  if (one_segment_) collect(devices, first, count, report);
  if (counted) enter(phase::other_images, 0);
  for (std::uint64_t i = 0; report && i < outputs.size() && first + i < images_.count; ++i) {
    events_.finished(first + i, std::move(outputs[i]));
  }
}

void host_program::infer_together(inference_driver& devices, std::uint64_t first, std::uint64_t count) {
  const int segment = program_.steps.front().segment;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (events_.queued) events_.queued(image_number(first + i), i % devices.accelerators());
    devices.queue(segment, i);
    if (i + 1 < count) devices.ring_doorbell(i);
  }
  devices.run_queued();
}

std::vector<std::vector<std::vector<float>>> host_program::infer_group(inference_driver& devices, std::uint64_t first,
                                                                       std::uint64_t slot, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    fetch(first + i);
    hosts_[i].begin(pixels_.data());
    if (events_.queued) events_.queued(image_number(first + i), (slot + i) % devices.accelerators());
  }
  for (const step& one : program_.steps) {
    for (std::uint64_t i = 0; i < count; ++i) {
      if (one.what == step::kind::host) {
        hosts_[i].run(one.layer, slot + i, access_);
      } else {
        devices.queue(one.segment, slot + i);
        if (i + 1 < count) devices.ring_doorbell(slot + i);
      }
    }
    if (one.what == step::kind::accelerator) devices.run_queued();
  }
  std::vector<std::vector<std::vector<float>>> outputs;
  for (std::uint64_t i = 0; i < count; ++i) outputs.push_back(hosts_[i].outputs(slot + i, access_));
  return outputs;
}

// Results of a batch that ran together: worked on by the host's last layers image by image, else copied out by DMA.
void host_program::collect(inference_driver& devices, std::uint64_t first, std::uint64_t count, bool report) {
  const bool ends_on_host = program_.steps.back().what == step::kind::host;
  std::uint64_t offset = 0;
  for (const int tensor : network_.outputs) {
    const compiler::tensor_place* place = hosts_.front().place_of(tensor);
    if (place == nullptr || ends_on_host) continue;
    devices.pull_results(*place, offset, 0, count);
    offset += place->memory.bytes;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    for (const step& one : program_.steps) {
      if (one.what == step::kind::host) hosts_.front().run(one.layer, i, access_);
    }
    std::vector<std::vector<float>> values = ends_on_host ? hosts_.front().outputs(i, access_) : outputs_of(i);
    if (report && first + i < images_.count) events_.finished(first + i, std::move(values));
  }
}

// Outputs of the accelerator are read where DMA has put them, without time: nobody in the system does.
std::vector<std::vector<float>> host_program::outputs_of(std::uint64_t slot) {
  host_access view = access_;
  view.instructions = [](std::uint64_t) {};
  view.read = [&](std::uint64_t address, void* to, std::size_t length) {
    std::uint64_t offset = 0;
    for (const int tensor : network_.outputs) {
      const compiler::tensor_place* place = hosts_.front().place_of(tensor);
      if (place == nullptr) continue;
      if (address == place->memory.address + slot * place->stride) {
        events_.peek(memory_.results + slot * memory_.result_stride + offset, to, length);
        return;
      }
      offset += place->memory.bytes;
    }
  };
  return hosts_.front().outputs(slot, view);
}

}  // namespace cimbalom::runtime
