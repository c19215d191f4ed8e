#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/registers/accelerator_registers.hpp"
#include "models/registers/command.hpp"
#include "models/registers/host_port.hpp"

namespace cimbalom::driver {

struct accelerator_driver_config {
  int accelerator = 0;             ///< which one
  std::uint64_t ring_address = 0;  ///< DRAM, 64-byte aligned
  std::uint32_t ring_entries = 0;  ///< a power of two, at least 2
};

/// The command ring of one accelerator: host software through registers, memory and interrupts alone. Every call
/// throws run_error where the accelerator reports an error; it names the command.
class accelerator_driver {
 public:
  accelerator_driver(registers::host_port& port, const accelerator_driver_config& config);

  /// Checks identity, resets, sets up the ring and enables. What the arrays and buffers held is lost; after an error,
  /// the way back.
  void start();

  /// Appends commands; waits for room where the ring is full. The accelerator sees them with the next doorbell (or
  /// when the ring is full).
  void append(const std::vector<registers::command>& commands);
  /// Appends a fence and returns its sequence number.
  std::uint32_t append_fence();
  /// Lets the accelerator fetch what was appended.
  void ring_doorbell();
  /// Sleeps until the fence is reached.
  void wait_fence(std::uint32_t sequence);
  /// append_fence, ring_doorbell, wait_fence.
  void drain();

 private:
  std::uint32_t read(std::uint32_t offset);
  void write(std::uint32_t offset, std::uint32_t value);
  void wait_reset();
  void put(const registers::command* first, std::size_t count);
  std::uint32_t free_entries() const;
  void wait_for_room();
  void check_error(std::uint32_t status);
  [[noreturn]] void fail();

  registers::host_port& port_;
  accelerator_driver_config config_;
  std::uint64_t registers_;
  std::uint32_t mask_;
  std::uint32_t tail_ = 0, head_ = 0;  // head_: as last read
  std::uint32_t sequence_ = 0, reached_ = 0;
  std::vector<registers::command> shadow_;  // by ring index, for messages
};

}  // namespace cimbalom::driver
