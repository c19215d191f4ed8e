#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "models/registers/accelerator_registers.hpp"
#include "models/registers/dma_registers.hpp"
#include "models/registers/host_port.hpp"
#include "models/registers/memory_map.hpp"

namespace cimbalom::test {

/// Devices without time behind a host_port: memory, a DMA and an accelerator that takes commands when the host sleeps
/// or polls.
class fake_system : public registers::host_port {
 public:
  std::vector<registers::command> executed;
  std::size_t commands_a_step = 1000;  ///< taken each time the host waits or executes instructions
  int fail_at = -1;                    ///< number of the command that fails
  bool fail_dma = false;
  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(1 << 20);
  std::map<std::uint64_t, std::uint32_t> written;

  registers::register_value read_register(std::uint64_t address) override {
    namespace reg = registers::accelerator_register;
    if (address >= registers::accelerator_base) return {accelerator(address - registers::accelerator_base)};
    const std::uint64_t offset = address - registers::dma_base;
    if (offset == registers::dma_register::id) return {registers::dma_id};
    if (offset == registers::dma_register::status) return {dma_status_};
    if (offset == registers::dma_channel_at(0) + registers::dma_register::error_code) return {3};
    return {written[address]};
  }

  registers::access_status write_register(std::uint64_t address, std::uint32_t value) override {
    namespace reg = registers::accelerator_register;
    written[address] = value;
    const std::uint64_t a = registers::accelerator_base;
    if (address == a + reg::status) status_ &= ~value;
    if (address == a + reg::control && (value & registers::accelerator_control::reset) != 0) {
      head_ = 0;
      status_ = registers::accelerator_event::reset_done;
      written[a + reg::ring_tail] = 0;
      failed_ = false;
    }
    if (address == registers::dma_base + registers::dma_register::status) dma_status_ &= ~value;
    if (address == registers::dma_base + registers::dma_channel_at(0) + registers::dma_register::channel_control) {
      if ((value & registers::dma_control::reset) != 0) dma_status_ = registers::dma_event::reset_done;
      if ((value & registers::dma_control::start) != 0) run_dma();
    }
    return registers::access_status::ok;
  }

  registers::access_status read_memory(std::uint64_t address, void* data, std::size_t length) override {
    if (!inside(address, length)) return registers::access_status::address_error;
    std::memcpy(data, &memory[static_cast<std::size_t>(address - registers::dram_base)], length);
    return registers::access_status::ok;
  }
  registers::access_status write_memory(std::uint64_t address, const void* data, std::size_t length) override {
    if (!inside(address, length)) return registers::access_status::address_error;
    std::memcpy(&memory[static_cast<std::size_t>(address - registers::dram_base)], data, length);
    return registers::access_status::ok;
  }
  std::uint32_t wait_interrupt(std::uint32_t line_mask) override {
    ++waits;
    step();
    return line_mask;
  }
  void instructions(std::uint64_t count) override {
    now_ += count * 1000;
    step();
  }
  std::uint64_t now_ps() const override { return now_; }

  int waits = 0;

 private:
  bool inside(std::uint64_t address, std::size_t length) const {
    return address >= registers::dram_base && length <= memory.size() &&
           address - registers::dram_base <= memory.size() - length;
  }

  std::uint32_t accelerator(std::uint64_t offset) {
    namespace reg = registers::accelerator_register;
    if (offset == reg::id) return registers::accelerator_id;
    if (offset == reg::status) return status_;
    if (offset == reg::ring_head) return head_;
    if (offset == reg::fence_sequence) return fence_;
    if (offset == reg::error_code) return static_cast<std::uint32_t>(registers::error_code::position_empty);
    if (offset == reg::error_index) return error_index_;
    if (offset == reg::error_address_low) return 0x1234;
    return written[registers::accelerator_base + offset];
  }

  void step() {
    namespace reg = registers::accelerator_register;
    const std::uint64_t a = registers::accelerator_base;
    const std::uint32_t size = written[a + reg::ring_size];
    for (std::size_t i = 0; i < commands_a_step && !failed_ && head_ != written[a + reg::ring_tail]; ++i) {
      const std::uint64_t at =
          written[a + reg::ring_base_low] - registers::dram_base + head_ * registers::command_bytes;
      registers::command one;
      registers::decode(&memory[static_cast<std::size_t>(at)], one);
      if (static_cast<int>(executed.size()) == fail_at) {
        failed_ = true;
        error_index_ = head_;
        status_ |= registers::accelerator_event::error;
        return;
      }
      executed.push_back(one);
      if (one.op == registers::opcode::fence) {
        fence_ = one.sequence;
        status_ |= registers::accelerator_event::fence;
      }
      head_ = (head_ + 1) % size;
    }
  }

  void run_dma() {
    if (fail_dma) {
      dma_status_ |= registers::dma_event::error;
      return;
    }
    const std::uint64_t channel = registers::dma_base + registers::dma_channel_at(0);
    std::uint64_t at = written[channel + registers::dma_register::descriptor_low];
    for (;;) {
      registers::dma_descriptor d;
      registers::decode(&memory[static_cast<std::size_t>(at - registers::dram_base)], d);
      std::memmove(&memory[static_cast<std::size_t>(d.destination - registers::dram_base)],
                   &memory[static_cast<std::size_t>(d.source - registers::dram_base)], d.length);
      ++chains_walked;
      if ((d.flags & registers::dma_descriptor::flag_last) != 0) break;
      at = d.next;
    }
    dma_status_ |= registers::dma_event::done;
  }

 public:
  int chains_walked = 0;  ///< descriptors

 private:
  std::uint32_t status_ = 0, head_ = 0, fence_ = 0, error_index_ = 0, dma_status_ = 0;
  bool failed_ = false;
  std::uint64_t now_ = 0;
};

}  // namespace cimbalom::test
