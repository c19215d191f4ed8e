#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/cim/functional_core.hpp"
#include "sw/compiler/program.hpp"
#include "sw/runtime/host_steps.hpp"

namespace cimbalom::runtime {

/// A compiled program on the functional core, command after command, without time: what evaluate runs, one machine a
/// thread. The program's memory image is shared, not copied.
class untimed_machine {
 public:
  /// Runs the program's setup. Throws run_error naming the command if one fails.
  untimed_machine(const quantization::network& network, const compiler::program& program,
                  const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                  const arithmetic::nonideality_config& nonideality = {});

  /// Runs one image (float32, in the order of the input's shape); returns the network's outputs likewise.
  /// `number` is the image's number in the data set: noise depends on it.
  std::vector<std::vector<float>> run(const float* image, std::uint64_t number);

  /// Called after every command.
  std::function<void(const registers::command&)> after_command;

  cim::functional_core& core() { return core_; }
  /// Counts of every layer so far.
  const std::vector<arithmetic::activity>& layer_activity() const { return activity_; }

 private:
  void execute(const std::vector<registers::command>& commands);
  bool read(std::uint64_t address, void* to, std::uint64_t length) const;
  bool write(std::uint64_t address, const void* from, std::uint64_t length);

  const quantization::network& network_;
  const compiler::program& program_;
  cim::functional_core core_;
  host_steps host_;
  cim::memory_view view_;
  host_access access_;
  std::uint64_t base_ = 0;  // of memory_: what lies behind the memory image
  std::vector<std::uint8_t> memory_;
  std::vector<arithmetic::activity> activity_;
  arithmetic::activity no_layer_;
};

}  // namespace cimbalom::runtime
