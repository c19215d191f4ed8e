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
      host_(network, program),
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
  const std::uint64_t from = port.now_ps();
  devices.start();
  devices.load();
  times_.load_ps += port.now_ps() - from;
  if (events_.loaded) events_.loaded();

  infer(devices, 0, 1, phase::warm_up);
  times_.latency_ps = infer(devices, 0, 1, phase::latency);
  // The first batch is always full, so that throughput is that of a batch; images beyond the last start again.
  for (std::uint64_t first = 0; first == 0 || first < images_.count; first += batch_) {
    const std::uint64_t count = first == 0 ? batch_ : std::min<std::uint64_t>(batch_, images_.count - first);
    const std::uint64_t time = infer(devices, first, count, first == 0 ? phase::first_batch : phase::batch);
    if (first == 0) times_.batch_ps = time;
  }
  times_.end_ps = port.now_ps();
}

void host_program::fetch(std::uint64_t image) {
  images_.fetch(static_cast<std::size_t>(image_number(image)), pixels_.data());
}

void host_program::push(inference_driver& devices, std::uint64_t first, std::uint64_t count) {
  const compiler::tensor_place* input = host_.place_of(network_.input);
  if (input == nullptr) return;
  const std::uint64_t from = devices.port().now_ps();
  // Staged images lie in order; a batch that starts again takes two copies.
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t number = image_number(first + done);
    const std::uint64_t run = std::min<std::uint64_t>(count - done, images_.count - number);
    compiler::tensor_place slots = *input;
    slots.memory.address += done * input->stride;
    devices.push_images(slots, number, run);
    done += run;
  }
  times_.load_ps += devices.port().now_ps() - from;
}

std::uint64_t host_program::infer(inference_driver& devices, std::uint64_t first, std::uint64_t count, phase what) {
  const auto call = [](const std::function<void()>& event) {
    if (event) event();
  };
  push(devices, first, count);
  if (what == phase::latency) call(events_.before_latency);
  if (what == phase::first_batch) call(events_.before_batch);
  const bool report = what == phase::first_batch || what == phase::batch;
  std::uint64_t time = 0;
  std::vector<std::vector<std::vector<float>>> outputs;
  if (one_segment_) {
    time = infer_together(devices, first, count);
  } else {
    for (std::uint64_t i = 0; i < count; ++i) {
      time += infer_one(devices, first + i, i);
      if (report) outputs.push_back(host_.outputs(i, access_));
    }
  }
  if (what == phase::latency) call(events_.after_latency);
  if (what == phase::first_batch) call(events_.after_batch);
  times_.inference_ps += time;
  if (one_segment_) collect(devices, first, count, report);
  for (std::uint64_t i = 0; i < outputs.size() && first + i < images_.count; ++i) {
    events_.finished(first + i, std::move(outputs[i]));
  }
  return time;
}

std::uint64_t host_program::infer_together(inference_driver& devices, std::uint64_t first, std::uint64_t count) {
  const int segment = program_.steps.front().segment;
  std::uint64_t from = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (events_.queued) events_.queued(image_number(first + i));
    devices.queue(segment, i);
    if (i == 0) from = devices.port().now_ps();
    if (i + 1 < count) devices.ring().ring_doorbell();
  }
  devices.run_queued();
  return devices.port().now_ps() - from;
}

std::uint64_t host_program::infer_one(inference_driver& devices, std::uint64_t image, std::uint64_t slot) {
  fetch(image);
  host_.begin(pixels_.data());
  bool begun = false;
  std::uint64_t from = devices.port().now_ps(), to = from;
  if (events_.queued) events_.queued(image_number(image));
  for (const step& one : program_.steps) {
    if (one.what == step::kind::host) {
      host_.run(one.layer, slot, access_);
      continue;
    }
    devices.queue(one.segment, slot);
    if (!begun) from = devices.port().now_ps();
    begun = true;
    devices.run_queued();
    to = devices.port().now_ps();
  }
  return begun ? to - from : devices.port().now_ps() - from;
}

// Results of a batch that ran together: worked on by the host's last layers image by image, else copied out by DMA.
void host_program::collect(inference_driver& devices, std::uint64_t first, std::uint64_t count, bool report) {
  const std::uint64_t from = devices.port().now_ps();
  const bool ends_on_host = program_.steps.back().what == step::kind::host;
  std::uint64_t offset = 0;
  for (const int tensor : network_.outputs) {
    const compiler::tensor_place* place = host_.place_of(tensor);
    if (place == nullptr || ends_on_host) continue;
    devices.pull_results(*place, offset, 0, count);
    offset += place->memory.bytes;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    for (const step& one : program_.steps) {
      if (one.what == step::kind::host) host_.run(one.layer, i, access_);
    }
    std::vector<std::vector<float>> values = ends_on_host ? host_.outputs(i, access_) : outputs_of(i);
    if (report && first + i < images_.count) events_.finished(first + i, std::move(values));
  }
  times_.readback_ps += devices.port().now_ps() - from;
}

// Outputs of the accelerator are read where DMA has put them, without time: nobody in the system does.
std::vector<std::vector<float>> host_program::outputs_of(std::uint64_t slot) {
  host_access view = access_;
  view.instructions = [](std::uint64_t) {};
  view.read = [&](std::uint64_t address, void* to, std::size_t length) {
    std::uint64_t offset = 0;
    for (const int tensor : network_.outputs) {
      const compiler::tensor_place* place = host_.place_of(tensor);
      if (place == nullptr) continue;
      if (address == place->memory.address + slot * place->stride) {
        events_.peek(memory_.results + slot * memory_.result_stride + offset, to, length);
        return;
      }
      offset += place->memory.bytes;
    }
  };
  return host_.outputs(slot, view);
}

}  // namespace cimbalom::runtime
