#pragma once

#include "models/cim/accelerator_config.hpp"
#include "models/cim/buffers.hpp"
#include "models/cim/macro_config.hpp"
#include "models/cim/mvm_layer.hpp"
#include "models/cim/tile_work.hpp"
#include "models/registers/command.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// The hardware that a command is planned for.
struct plan_target {
  const accelerator_config& accelerator;
  const macro_config& macro;
  buffers& memory;
  int banks() const { return accelerator.macros * macro.banks; }
};

/// First output pixel of copy d's run: runs are equal but for one pixel.
inline std::uint64_t run_begin(std::uint64_t pixels, std::uint64_t copies, std::uint64_t d) {
  return pixels * d / copies;
}

// Each checks the command's operands against the buffers, banks and accumulators, and fills in what it will occupy.

registers::error_code plan_compute(const plan_target& on, const registers::command& value, const mvm_layer& layer,
                                   tile_work& work);
registers::error_code plan_vector_op(const plan_target& on, const registers::command& value,
                                     const registers::vector_descriptor& layer, tile_work& work);
registers::error_code plan_program(const plan_target& on, const registers::command& value, tile_work& work);
/// load_vector between buffers.
registers::error_code plan_copy(const plan_target& on, const registers::command& value, tile_work& work);
/// Loads from and stores to DRAM: the buffer side.
registers::error_code plan_transfer(const plan_target& on, const registers::command& value, tile_work& work);

}  // namespace cimbalom::cim
