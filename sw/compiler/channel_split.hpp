#pragma once

#include "sw/compiler/target.hpp"
#include "sw/compiler/weight_units.hpp"

namespace cimbalom::compiler {

/// The units of a vector layer: one, or, where the window of a single output pixel does not fit the buffers (global
/// pooling of a wide map), several that take a part of the channels each.
layer_units vector_units(work_unit whole, const target& hardware);

}  // namespace cimbalom::compiler
