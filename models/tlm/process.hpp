#pragma once
// TLM layer: includes SystemC.

#include <cstddef>
#include <functional>
#include <systemc>

namespace cimbalom::transport {

// Processes made from functions, for modules whose number of processes is configured. Call during construction.

/// An SC_METHOD that runs when `trigger` is notified, not at time 0.
void spawn_method(const char* name, std::function<void()> body, const sc_core::sc_event& trigger);

/// An SC_THREAD that starts at time 0; `stack_bytes` 0: the kernel's default.
void spawn_thread(const char* name, std::function<void()> body, std::size_t stack_bytes = 0);

}  // namespace cimbalom::transport
