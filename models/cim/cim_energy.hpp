#pragma once

#include <cstdint>

#include "models/arithmetic/mvm.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/cim/tile_work.hpp"
#include "models/energy/event_sink.hpp"

namespace cimbalom::cim {

/// How busy the bits of a layer are, where no data says so. The defaults are the conditions under which macros are
/// usually measured: a quarter of the driven bits are 1, half of the cells hold 1.
struct activity_profile {
  double wordline_ones = 0.25;  ///< driven wordline bits that are 1, of all
  double column_sum = 0.125;    ///< mean column sum, of the largest (s_max)
};

/// The activity that `work` has on average under a profile; clips and saturations are 0. Rounded to nearest, the same
/// everywhere.
arithmetic::activity expected_activity(const macro_config& macro, const tile_work& work,
                                       const activity_profile& profile);

/// Books the events of one command that happen inside the accelerator: array, dac, adc or adder_tree, shift_add,
/// accumulator, buffers, post_processing, cell and row writes, and the converter words of program and of copies. Not
/// those of the paths to memory, nor sequencer.command: who moves the bytes books them.
void count_energy_events(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work,
                         const arithmetic::activity& counted, std::int32_t layer, energy::event_sink& sink);

}  // namespace cimbalom::cim
