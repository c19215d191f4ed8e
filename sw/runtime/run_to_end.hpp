#pragma once
// TLM layer: includes SystemC.

#include <atomic>

#include "platform/assembly/system.hpp"

namespace cimbalom::runtime {

/// Lets time pass until the software of the processor has returned; rethrows what it threw. Throws run_error when
/// `stop` becomes true, and when nothing is left to happen while the software still waits: a hang, with the state of
/// every unit.
void run_to_end(platform::system& system, const std::atomic<bool>* stop = nullptr);

}  // namespace cimbalom::runtime
