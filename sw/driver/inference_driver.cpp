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
    const auto inside = [&one](const compiler::region& where) {
      return one.memory_address >= where.address && one.memory_address - where.address < where.bytes;
    };
    for (const compiler::tensor_place& place : program.places) {
      if (inside(place.memory) && place.stride > 0) moved_.push_back({i, place.stride, 0});
    }
    if (inside(program.spilled) && program.accelerators > 1) moved_.push_back({i, 0, program.spilled.bytes});
  }
}

std::vector<registers::command> segment_patch::for_slot(std::uint64_t slot, int accelerator) const {
  std::vector<registers::command> commands = *commands_;
  for (const moved& one : moved_) {
    commands[one.command].memory_address +=
        slot * one.slot_stride + static_cast<std::uint64_t>(accelerator) * one.accelerator_stride;
  }
  return commands;
}

inference_driver::inference_driver(registers::host_port& port, const compiler::program& program,
                                   const driver_memory& memory)
    : port_(port), program_(program), memory_(memory), dma_(port, memory.descriptors, memory.descriptor_bytes) {
  for (int k = 0; k < program.accelerators; ++k) {
    const std::uint64_t offset = static_cast<std::uint64_t>(k) * program.ring_entries * registers::command_bytes;
    rings_.emplace_back(port, accelerator_driver_config{k, program.ring_address + offset, program.ring_entries});
  }
  queued_.assign(rings_.size(), false);
  for (std::size_t i = 0; i < program.segments.size(); ++i) segments_.emplace_back(program, static_cast<int>(i));
}

void inference_driver::start() {
  dma_.start();
  for (accelerator_driver& ring : rings_) ring.start();
  queued_.assign(rings_.size(), false);
}

void inference_driver::load() {
  std::vector<transfer> list;
  const compiler::region& image = program_.image_region;
  for (std::uint64_t at = 0; at < image.bytes; at += largest_transfer) {
    list.push_back({memory_.package + at, image.address + at,
                    static_cast<std::uint32_t>(std::min(largest_transfer, image.bytes - at))});
  }
  dma_.copy(list);
  for (accelerator_driver& ring : rings_) ring.append(program_.setup);
  queued_.assign(rings_.size(), true);
  run_queued();
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
  const std::size_t accelerator = slot % rings_.size();
  const segment_patch& patch = segments_.at(static_cast<std::size_t>(segment));
  rings_[accelerator].append(patch.for_slot(slot, static_cast<int>(accelerator)));
  queued_[accelerator] = true;
}

std::uint64_t inference_driver::run_queued() {
  std::vector<std::uint32_t> fences(rings_.size(), 0);
  for (std::size_t k = 0; k < rings_.size(); ++k) {
    if (queued_[k]) fences[k] = rings_[k].append_fence();
  }
  const std::uint64_t from = port_.now_ps();
  for (std::size_t k = 0; k < rings_.size(); ++k) {
    if (queued_[k]) rings_[k].ring_doorbell();
  }
  for (std::size_t k = 0; k < rings_.size(); ++k) {
    if (queued_[k]) rings_[k].wait_fence(fences[k]);
    queued_[k] = false;
  }
  return port_.now_ps() - from;
}

void inference_driver::recover() {
  start();
  load();
}

}  // namespace cimbalom::driver
