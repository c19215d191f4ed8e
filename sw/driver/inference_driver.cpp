#include "sw/driver/inference_driver.hpp"

#include <algorithm>

#include "platform/configuration/error.hpp"

namespace cimbalom::driver {

namespace {

// One descriptor moves at most this much, so that other masters get their turn of its channel.
constexpr std::uint64_t largest_transfer = 1U << 20;

bool uses_memory(registers::opcode op) {
  return op == registers::opcode::load_vector || op == registers::opcode::store;
}

}  // namespace

segment_patch::segment_patch(const compiler::program& program, int segment)
    : commands_(&program.segments[static_cast<std::size_t>(segment)].commands) {
  for (std::size_t i = 0; i < commands_->size(); ++i) {
    const registers::command& one = (*commands_)[i];
    if (!uses_memory(one.op) || one.from_buffer) continue;
    for (const compiler::tensor_place& place : program.places) {
      const bool inside =
          one.memory_address >= place.memory.address && one.memory_address < place.memory.address + place.memory.bytes;
      if (inside && place.stride > 0) moved_.push_back({i, place.stride});
    }
  }
}

std::vector<registers::command> segment_patch::for_slot(std::uint64_t slot) const {
  std::vector<registers::command> commands = *commands_;
  for (const moved& one : moved_) commands[one.command].memory_address += slot * one.stride;
  return commands;
}

inference_driver::inference_driver(registers::host_port& port, const compiler::program& program,
                                   const driver_memory& memory, int accelerator)
    : port_(port),
      program_(program),
      memory_(memory),
      ring_(port, {accelerator, program.ring_address, program.ring_entries}),
      dma_(port, memory.descriptors, memory.descriptor_bytes) {
  for (std::size_t i = 0; i < program.segments.size(); ++i) segments_.emplace_back(program, static_cast<int>(i));
}

void inference_driver::start() {
  dma_.start();
  ring_.start();
}

void inference_driver::load() {
  std::vector<transfer> list;
  const compiler::region& image = program_.image_region;
  for (std::uint64_t at = 0; at < image.bytes; at += largest_transfer) {
    list.push_back({memory_.package + at, image.address + at,
                    static_cast<std::uint32_t>(std::min(largest_transfer, image.bytes - at))});
  }
  dma_.copy(list);
  ring_.append(program_.setup);
  ring_.drain();
}

void inference_driver::push_images(const compiler::tensor_place& input, std::uint64_t first, std::uint64_t count) {
  std::vector<transfer> list;
  for (std::uint64_t i = 0; i < count; ++i) {
    list.push_back({memory_.images + (first + i) * memory_.image_stride, input.memory.address + i * input.stride,
                    static_cast<std::uint32_t>(input.memory.bytes)});
  }
  dma_.copy(list);
}

void inference_driver::pull_results(const compiler::tensor_place& output, std::uint64_t offset, std::uint64_t first,
                                    std::uint64_t count) {
  std::vector<transfer> list;
  for (std::uint64_t i = 0; i < count; ++i) {
    list.push_back({output.memory.address + i * output.stride,
                    memory_.results + (first + i) * memory_.result_stride + offset,
                    static_cast<std::uint32_t>(output.memory.bytes)});
  }
  dma_.copy(list);
}

void inference_driver::queue(int segment, std::uint64_t slot) {
  ring_.append(segments_.at(static_cast<std::size_t>(segment)).for_slot(slot));
}

std::uint64_t inference_driver::run_queued() {
  const std::uint32_t sequence = ring_.append_fence();
  const std::uint64_t from = port_.now_ps();
  ring_.ring_doorbell();
  ring_.wait_fence(sequence);
  return port_.now_ps() - from;
}

void inference_driver::recover() {
  start();
  load();
}

}  // namespace cimbalom::driver
