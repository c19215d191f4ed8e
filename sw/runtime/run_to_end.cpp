#include "sw/runtime/run_to_end.hpp"

#include <algorithm>
#include <exception>

#include "platform/configuration/error.hpp"

namespace cimbalom::runtime {

void run_to_end(platform::system& system, const std::atomic<bool>* stop) {
  // The kernel runs in slices, so that a request to stop is seen.
  const sc_core::sc_time slice(20, sc_core::SC_US);
  processor::processor& host = system.host();
  while (!host.finished()) {
    if (stop != nullptr && *stop) throw run_error("stopped at " + sc_core::sc_time_stamp().to_string());
    // At least to the next event: the kernel warns of a slice in which nothing happens.
    const bool pending = sc_core::sc_pending_activity();
    const sc_core::sc_time next = pending ? sc_core::sc_time_to_pending_activity() : sc_core::SC_ZERO_TIME;
    sc_core::sc_start(std::max(slice, next), sc_core::SC_EXIT_ON_STARVATION);
    if (!host.finished() && !sc_core::sc_pending_activity()) {
      throw run_error("the system hangs at " + sc_core::sc_time_stamp().to_string() + ":\n" + system.dump_state());
    }
  }
  if (host.failure()) std::rethrow_exception(host.failure());
}

}  // namespace cimbalom::runtime
