#define SC_INCLUDE_DYNAMIC_PROCESSES

#include "models/tlm/process.hpp"

#include <utility>

namespace cimbalom::transport {

void spawn_method(const char* name, std::function<void()> body, const sc_core::sc_event& trigger) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.dont_initialize();
  options.set_sensitivity(&trigger);
  sc_core::sc_spawn(std::move(body), name, &options);
}

void spawn_thread(const char* name, std::function<void()> body, std::size_t stack_bytes) {
  sc_core::sc_spawn_options options;
  if (stack_bytes > 0) options.set_stack_size(static_cast<int>(stack_bytes));
  sc_core::sc_spawn(std::move(body), name, &options);
}

}  // namespace cimbalom::transport
