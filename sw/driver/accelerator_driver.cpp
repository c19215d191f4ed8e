#include "sw/driver/accelerator_driver.hpp"

#include <algorithm>

#include "models/registers/memory_map.hpp"
#include "sw/driver/access.hpp"

namespace cimbalom::driver {

namespace {

namespace reg = registers::accelerator_register;
namespace event = registers::accelerator_event;

// Host instructions: patching and copying 64 bytes; one look at a register while the ring is full, with the pause
// between two looks.
constexpr std::uint64_t instructions_a_command = 24;
constexpr std::uint64_t instructions_a_poll = 500;

}  // namespace

accelerator_driver::accelerator_driver(registers::host_port& port, const accelerator_driver_config& config)
    : port_(port),
      config_(config),
      registers_(registers::accelerator_registers_at(config.accelerator)),
      mask_(config.ring_entries - 1),
      shadow_(config.ring_entries) {}

std::uint32_t accelerator_driver::read(std::uint32_t offset) {
  return read_register(port_, registers_ + offset);
}

void accelerator_driver::write(std::uint32_t offset, std::uint32_t value) {
  write_register(port_, registers_ + offset, value);
}

void accelerator_driver::start() {
  if (read(reg::id) != registers::accelerator_id) {
    throw run_error("driver: no accelerator at " + hex(registers_));
  }
  write(reg::interrupt_enable, event::all);
  write(reg::control, registers::accelerator_control::reset);
  wait_reset();
  write(reg::ring_base_low, low_half(config_.ring_address));
  write(reg::ring_base_high, high_half(config_.ring_address));
  write(reg::ring_size, config_.ring_entries);
  write(reg::control, registers::accelerator_control::enable);
  tail_ = head_ = 0;
  sequence_ = reached_ = 0;
}

void accelerator_driver::wait_reset() {
  for (;;) {
    const std::uint32_t status = read(reg::status);
    if ((status & event::reset_done) != 0) {
      write(reg::status, status & event::all);
      return;
    }
    port_.wait_interrupt(registers::accelerator_interrupt_line(config_.accelerator));
  }
}

std::uint32_t accelerator_driver::free_entries() const {
  return mask_ - ((tail_ - head_) & mask_);
}

// HEAD moves without interrupts: look at it now and then.
void accelerator_driver::wait_for_room() {
  ring_doorbell();
  for (;;) {
    head_ = read(reg::ring_head);
    if (free_entries() > 0) return;
    check_error(read(reg::status));
    port_.instructions(instructions_a_poll);
  }
}

void accelerator_driver::append(const std::vector<registers::command>& commands) {
  std::size_t done = 0;
  while (done < commands.size()) {
    if (free_entries() == 0) wait_for_room();
    const std::size_t to_end = config_.ring_entries - tail_;
    const std::size_t count = std::min({commands.size() - done, static_cast<std::size_t>(free_entries()), to_end});
    put(&commands[done], count);
    done += count;
  }
}

// Entries that lie together in the ring, in one write.
void accelerator_driver::put(const registers::command* first, std::size_t count) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(count * registers::command_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = registers::encode(first[i]);
    bytes.insert(bytes.end(), one.begin(), one.end());
    shadow_[tail_ + i] = first[i];
  }
  port_.instructions(count * instructions_a_command);
  const std::uint64_t address = config_.ring_address + std::uint64_t{tail_} * registers::command_bytes;
  expect_ok(port_.write_memory(address, bytes.data(), bytes.size()), "write of commands", address);
  tail_ = (tail_ + static_cast<std::uint32_t>(count)) & mask_;
}

std::uint32_t accelerator_driver::append_fence() {
  registers::command fence;
  fence.op = registers::opcode::fence;
  fence.sequence = ++sequence_;
  append({fence});
  return sequence_;
}

void accelerator_driver::ring_doorbell() {
  write(reg::ring_tail, tail_);
}

void accelerator_driver::wait_fence(std::uint32_t sequence) {
  // Sequence numbers wrap around: compare their distance.
  while (static_cast<std::int32_t>(reached_ - sequence) < 0) {
    const std::uint32_t status = read(reg::status);
    check_error(status);
    if ((status & event::fence) != 0) {
      write(reg::status, event::fence);
      reached_ = read(reg::fence_sequence);
      continue;
    }
    port_.wait_interrupt(registers::accelerator_interrupt_line(config_.accelerator));
  }
}

void accelerator_driver::drain() {
  const std::uint32_t sequence = append_fence();
  ring_doorbell();
  wait_fence(sequence);
}

void accelerator_driver::check_error(std::uint32_t status) {
  if ((status & event::error) != 0) fail();
}

void accelerator_driver::fail() {
  const auto code = static_cast<registers::error_code>(read(reg::error_code));
  const std::uint32_t index = read(reg::error_index);
  const std::uint64_t address = read(reg::error_address_low) | std::uint64_t{read(reg::error_address_high)} << 32;
  std::string text = "accelerator " + std::to_string(config_.accelerator) + ": ring entry " + std::to_string(index);
  if (index < shadow_.size()) text += " (" + describe(shadow_[index]) + ")";
  throw run_error(text + ": " + to_string(code) + " at " + hex(address));
}

}  // namespace cimbalom::driver
