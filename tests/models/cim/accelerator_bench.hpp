#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/cim/accelerator_module.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/models/cim/port_memory.hpp"
#include "tests/support/counting_sink.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/test_initiator.hpp"

namespace cimbalom::testing_support {

/// Where the four ports of an accelerator lead, in the order parameter, vector, result, command.
class memory_system {
 public:
  virtual ~memory_system() = default;
  virtual ::tlm::tlm_target_socket<32>& port(std::size_t number) = 0;
  virtual void poke(std::uint64_t address, const std::uint8_t* bytes, std::size_t length) = 0;
};

/// An accelerator between a host (registers), a DMA stand-in (aperture) and a memory with a port for each of its own,
/// with a protocol checker on every link of the data fabric. `elsewhere`: used in place of the bench's own memory.
class accelerator_bench : public sc_core::sc_module {
 public:
  static constexpr std::uint64_t memory_base = 0x8000'0000;

  explicit accelerator_bench(const sc_core::sc_module_name& name, const cim::accelerator_config& accelerator_settings,
                             const cim::macro_config& macro_settings = {}, const cim::accelerator_options& options = {},
                             memory_system* elsewhere = nullptr);

  void write(std::uint32_t offset, std::uint32_t value);
  std::uint32_t read(std::uint32_t offset);
  ::tlm::tlm_response_status access(bool is_write, std::uint32_t offset, std::uint32_t& value);

  /// Puts commands in the ring from its tail on; rings the doorbell. The ring must have room.
  void submit(const std::vector<registers::command>& commands);
  void put(const std::vector<registers::command>& commands);
  void set_up_ring(std::uint32_t size);
  /// From a thread: until the line is high.
  void wait_interrupt();
  void clear_interrupt() { write(registers::accelerator_register::status, registers::accelerator_event::all); }

  std::uint8_t* at(std::uint64_t address) { return memory.bytes.data() + (address - memory_base); }

  static constexpr std::uint64_t ring_base = memory_base + 0x80000;

  counting_sink energy;
  cim::accelerator_module accelerator;
  port_memory memory;
  test_initiator host;
  test_initiator dma;
  sc_core::sc_signal<bool> line;
  std::uint32_t ring_size = 0, ring_tail = 0;

 private:
  memory_system* elsewhere_;
  std::vector<std::unique_ptr<transport::protocol_checker>> checkers_;
};

/// A layer of 1x1 filters on a map of rows x columns x 16 channels of bytes, in tiles of rows, and where its parts lie.
struct tiny_layer {
  int rows = 8, columns = 4, filters = 12, tiles = 2, copies = 4;
  std::int16_t layer = 0;
  std::uint64_t descriptor_at = accelerator_bench::memory_base;
  std::uint64_t weights_at = accelerator_bench::memory_base + 0x4000;
  std::uint64_t input_at = accelerator_bench::memory_base + 0x8000;
  std::uint64_t output_at = accelerator_bench::memory_base + 0x10000;
  std::uint16_t first_position = 0;

  static constexpr int channels = 16;
  std::uint64_t input_bytes() const { return static_cast<std::uint64_t>(rows * columns * channels); }
  std::uint64_t output_bytes() const { return static_cast<std::uint64_t>(rows * columns * filters); }
  registers::mvm_descriptor descriptor() const;
  /// Descriptor, weights and input codes into a memory image that starts at memory_base; deterministic in `seed`.
  void place(std::vector<std::uint8_t>& memory, const cim::macro_config& macro, std::uint32_t seed) const;
  /// Load parameters and weights, program, and tile by tile load, compute, store.
  std::vector<registers::command> commands() const;
};

registers::command fence(std::uint32_t sequence);
/// The layer's commands and a fence behind them.
std::vector<registers::command> fenced(const tiny_layer& layer, std::uint32_t sequence = 1);
/// From a thread, on a fresh bench: the layer through a ring of 64, until its fence is told. Its time in ps.
std::uint64_t run_fenced(accelerator_bench& bench, const tiny_layer& layer, std::uint32_t sequence = 1);
/// From a thread: the layer through a ring of 64, and a reset `after` its doorbell; returns with RESET_DONE.
void reset_in_the_middle(accelerator_bench& bench, const tiny_layer& layer, const sc_core::sc_time& after);

/// Runs commands in order without time on a copy of the image; returns the image afterwards.
std::vector<std::uint8_t> run_untimed(const std::vector<registers::command>& commands, std::vector<std::uint8_t> memory,
                                      const cim::accelerator_config& accelerator, const cim::macro_config& macro);

}  // namespace cimbalom::testing_support
