#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "models/arithmetic/mvm.hpp"
#include "models/arithmetic/nonideality.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/cim/tile_work.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// Function of one accelerator: buffers, array state, and what each command does to them. The sequencer calls it on the
/// bytes that really arrived; evaluate calls it on a memory image. It knows neither time nor bus.
class functional_core {
 public:
  functional_core(const accelerator_config& accelerator, const macro_config& macro,
                  const arithmetic::nonideality_config& nonideality);
  ~functional_core();
  functional_core(const functional_core&) = delete;
  functional_core& operator=(const functional_core&) = delete;

  /// Bytes [offset, offset + length) of the aperture, or null where they leave one buffer.
  std::uint8_t* bytes(std::uint32_t aperture_offset, std::uint64_t length);

  /// What `value` will occupy. Descriptors are read from the parameter buffer.
  registers::error_code plan(const registers::command& value, tile_work& work);
  /// Does program, compute, vector_op, and load_vector from a buffer. Counts what happened in `counted`.
  registers::error_code execute(const registers::command& value, arithmetic::activity& counted);
  /// Number of the image that noise is drawn for; the host sets it by the order of images.
  void set_image(std::uint64_t image);
  /// Reset: buffers and arrays lose their contents.
  void reset();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Memory as commands see it; addresses as on the bus. Both return false where the range is unmapped.
struct memory_view {
  std::function<bool(std::uint64_t address, void* to, std::uint64_t length)> read;
  std::function<bool(std::uint64_t address, const void* from, std::uint64_t length)> write;
};

/// Executes one command of any kind in program order without time (evaluate). fence and nop do nothing.
registers::error_code execute_untimed(functional_core& core, const registers::command& value, const memory_view& memory,
                                      arithmetic::activity& counted);

}  // namespace cimbalom::cim
